-- Title: NULL in columns: NaN, None and NaT, filled and counted with pandas
-- Derived: by hand
CREATE TABLE dbo.Readings (id int NOT NULL, value float NULL, unit nvarchar(5) NULL, taken datetime NULL);
INSERT INTO dbo.Readings VALUES
    (1, 1.5, N'mm', '2024-01-01T06:00:00'), (2, NULL, N'mm', NULL), (3, 4.5, NULL, '2024-01-03T06:00:00');
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
missing = InputDataSet.isnull().sum()
OutputDataSet = pd.DataFrame({"column": list(missing.index), "missing": [int(n) for n in missing]})
',
    @input_data_1 = N'SELECT id, value, unit, taken FROM dbo.Readings ORDER BY id'
WITH RESULT SETS (([column] nvarchar(20), missing int));
-- expect: set column, missing
-- expect: ('id', 0)
-- expect: ('value', 1)
-- expect: ('unit', 1)
-- expect: ('taken', 1)
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
frame = InputDataSet
frame["value"] = frame["value"].fillna(frame["value"].mean())
frame["unit"] = frame["unit"].fillna("?")
OutputDataSet = frame
',
    @input_data_1 = N'SELECT id, value, unit, taken FROM dbo.Readings ORDER BY id'
WITH RESULT SETS ((id int, value float, unit nvarchar(5), taken datetime));
-- expect: set id, value, unit, taken
-- expect: (1, 1.5, 'mm', '2024-01-01T06:00:00')
-- expect: (2, 3.0, 'mm', None)
-- expect: (3, 4.5, '?', '2024-01-03T06:00:00')
GO
-- A column of nothing but NULL keeps its type.
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'OutputDataSet = InputDataSet',
    @input_data_1 = N'SELECT CAST(NULL AS float) AS value, CAST(NULL AS nvarchar(5)) AS unit, CAST(NULL AS datetime) AS taken'
WITH RESULT SETS ((value float NULL, unit nvarchar(5) NULL, taken datetime NULL));
-- expect: set value, unit, taken
-- expect: (None, None, None)
GO
