-- Title: A calendar made with pandas, and gaps of a daily series filled
-- Derived: by hand; interpolated between 10 on the 1st and 16 on the 4th
CREATE TABLE dbo.Levels (day date NOT NULL PRIMARY KEY, level float NOT NULL);
INSERT INTO dbo.Levels VALUES ('2024-01-01', 10), ('2024-01-04', 16), ('2024-01-05', 15);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
series = InputDataSet.set_index("day")["level"].resample("D").mean()
filled = series.interpolate()
OutputDataSet = filled.reset_index()
OutputDataSet["measured"] = series.notnull().values
',
    @input_data_1 = N'SELECT day, level FROM dbo.Levels ORDER BY day'
WITH RESULT SETS ((day date, level float, measured bit));
-- expect: set day, level, measured
-- expect: ('2024-01-01', 10.0, True)
-- expect: ('2024-01-02', 12.0, False)
-- expect: ('2024-01-03', 14.0, False)
-- expect: ('2024-01-04', 16.0, True)
-- expect: ('2024-01-05', 15.0, True)
GO
