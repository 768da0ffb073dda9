"""What SQL Server's documentation says a construct gives, a row each, run through a real client."""
