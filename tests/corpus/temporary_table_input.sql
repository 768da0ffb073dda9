-- Title: A script that reads a temporary table of the session, and a common table expression
-- Derived: by hand
CREATE TABLE #points (x int NOT NULL, y float NOT NULL);
INSERT INTO #points VALUES (1, 2), (2, 4), (3, 9);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"sum": [(InputDataSet["x"] * InputDataSet["y"]).sum()]})
',
    @input_data_1 = N'SELECT x, y FROM #points'
WITH RESULT SETS (([sum] float));
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'OutputDataSet = InputDataSet',
    @input_data_1 = N'WITH ranked AS (SELECT x, ROW_NUMBER() OVER (ORDER BY y DESC) AS place FROM #points)
SELECT x FROM ranked WHERE place = 1'
WITH RESULT SETS ((x int));
-- expect: set sum
-- expect: (37.0,)
-- expect: set x
-- expect: (3,)
GO
