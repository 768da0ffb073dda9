"""Files of the server's machine as rows: OPENROWSET(BULK ...) and BULK INSERT."""
