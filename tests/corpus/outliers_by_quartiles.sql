-- Title: Outliers by the interquartile range, marked in the rows they belong to
-- Derived: by hand; of ten values the quartiles lie at 3.25 and 7.75, so the fence is 7.75 + 1.5 * 4.5
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
q1, q3 = InputDataSet["x"].quantile([0.25, 0.75])
fence = q3 + 1.5 * (q3 - q1)
OutputDataSet = InputDataSet[InputDataSet["x"] > fence].assign(fence=fence)
',
    @input_data_1 = N'SELECT x FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (40)) AS v (x)'
WITH RESULT SETS ((x int, fence float));
-- expect: set x, fence
-- expect: (40, 14.5)
GO
