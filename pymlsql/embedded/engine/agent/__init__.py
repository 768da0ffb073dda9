"""SQL Server Agent: msdb's tables and procedures, which are T-SQL texts beside this file, and what runs the jobs."""
