-- Title: A parameter that goes in and comes back changed, beside a data set
-- Derived: by hand
DECLARE @counter int = 41, @ignored int = 5;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
counter = counter + len(InputDataSet)
ignored = 99
OutputDataSet = InputDataSet
',
    @input_data_1 = N'SELECT 1 AS n',
    @params = N'@counter int OUTPUT, @ignored int OUTPUT',
    @counter = @counter OUTPUT,
    @ignored = @ignored
WITH RESULT SETS ((n int));
SELECT @counter AS counter, @ignored AS ignored;
-- expect: set n
-- expect: (1,)
-- expect: set counter, ignored
-- expect: (42, 5)
GO
