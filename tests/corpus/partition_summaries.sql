-- Title: One run of the script for each partition, its rows in order, results together
-- Derived: by hand
CREATE TABLE dbo.Measured (site nvarchar(10) NOT NULL, step int NOT NULL, value float NOT NULL);
INSERT INTO dbo.Measured VALUES
    (N'b', 3, 30), (N'a', 2, 5), (N'b', 1, 10), (N'a', 1, 1), (N'c', 1, 7), (N'b', 2, 20), (N'a', 3, 9);
GO
CREATE TABLE #summaries (site nvarchar(10), n int, first_value float, last_value float, sites int);
INSERT INTO #summaries
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
frame = InputDataSet
OutputDataSet = pd.DataFrame(
    [(frame["site"].iloc[0], len(frame), frame["value"].iloc[0], frame["value"].iloc[-1], frame["site"].nunique())])
',
    @input_data_1 = N'SELECT site, step, value FROM dbo.Measured',
    @input_data_1_partition_by_columns = N'site',
    @input_data_1_order_by_columns = N'step';
SELECT site, n, first_value, last_value, sites FROM #summaries ORDER BY site;
-- expect: set site, n, first_value, last_value, sites
-- expect: ('a', 3, 1.0, 9.0, 1)
-- expect: ('b', 3, 10.0, 30.0, 1)
-- expect: ('c', 1, 7.0, 7.0, 1)
GO
