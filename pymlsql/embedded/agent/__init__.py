"""SQL Server Agent, the part without a clock, a thread or a store: when jobs are due, and what comes after a step."""
