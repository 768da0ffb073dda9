-- Title: bigint keys passed as text, because bigint arrives as float64
-- Derived: by hand; 2^53 + 1 has no float64 of its own
CREATE TABLE dbo.Big (id bigint NOT NULL PRIMARY KEY, x float NOT NULL);
INSERT INTO dbo.Big VALUES (9007199254740993, 1), (9007199254740995, 2);
GO
CREATE TABLE #doubled (id bigint NOT NULL, y float NOT NULL);
INSERT INTO #doubled
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
frame = InputDataSet
frame["x"] = frame["x"] * 2
OutputDataSet = frame
',
    @input_data_1 = N'SELECT CAST(id AS varchar(20)) AS id, x FROM dbo.Big';
SELECT b.id, b.x, d.y FROM dbo.Big AS b JOIN #doubled AS d ON d.id = b.id ORDER BY b.id;
-- expect: set id, x, y
-- expect: (9007199254740993, 1.0, 2.0)
-- expect: (9007199254740995, 2.0, 4.0)
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"lost": [int(InputDataSet["id"].iloc[0] == 2.0 ** 53)]})
',
    @input_data_1 = N'SELECT id FROM dbo.Big WHERE x = 1'
WITH RESULT SETS ((lost int));
-- expect: set lost
-- expect: (1,)
GO
