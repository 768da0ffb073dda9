"""What T-SQL functions do to one value where DuckDB has nothing like it: pure Python, given to DuckDB by the engine."""
