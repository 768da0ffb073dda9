"""Sessions, execution, constraints, catalog: T-SQL carried out on DuckDB."""
