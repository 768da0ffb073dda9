"""T-SQL: text to tree to DuckDB SQL; pure."""
