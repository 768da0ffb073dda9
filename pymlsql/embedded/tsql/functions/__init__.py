"""T-SQL functions, one table a family, one row a function."""
