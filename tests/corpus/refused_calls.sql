-- Title: Calls that are refused before any script runs
-- Derived: by hand, by the list of messages
EXEC sp_execute_external_script @language = N'Fortran', @script = N'x = 1';
-- expect: error 39007
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'x = 1', @input_data_1 = N'UPDATE dbo.Nothing SET a = 1';
-- expect: error 39001
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'x = 1', @input_data_1 = N'SELECT 1 AS a INTO #made';
-- expect: error 39015
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'x = a', @params = N'@a int, @b int', @a = 1;
-- expect: error 39016
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'x = 1', @input_data_1 = N'SELECT a FROM dbo.TableThatIsNotThere';
-- expect: error 208
GO
EXEC sp_execute_external_script @language = N'Python';
-- expect: error 201
GO
