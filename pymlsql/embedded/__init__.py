"""The embedded server: TDS and T-SQL on DuckDB, with Python satellites, for where no SQL Server is."""
