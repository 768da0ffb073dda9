"""Worker processes that run the Python of sp_execute_external_script."""
