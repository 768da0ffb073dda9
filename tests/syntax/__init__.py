"""T-SQL's grammar: the embedded server's parser beside Microsoft's, and before texts that are none."""
