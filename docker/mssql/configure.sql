SET QUOTED_IDENTIFIER ON;
SET ANSI_NULLS ON;
GO
EXEC sp_configure 'external scripts enabled', 1;
RECONFIGURE;
GO
IF DB_ID(N'pymlsql') IS NULL
    CREATE DATABASE pymlsql;
GO
