-- Title: Script and query put together in variables
-- Derived: by hand
CREATE TABLE dbo.Sales (region nvarchar(10) NOT NULL, amount float NOT NULL);
INSERT INTO dbo.Sales VALUES (N'north', 10), (N'south', 20), (N'north', 30), (N'east', 5);
GO
DECLARE @region sysname = N'north', @query nvarchar(max), @script nvarchar(max);
SET @query = N'SELECT amount FROM dbo.Sales WHERE region = N''' + REPLACE(@region, N'''', N'''''') + N'''';
SET @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"total": [InputDataSet["amount"].sum()], "n": [len(InputDataSet)]})[["total", "n"]]
';
EXEC sp_execute_external_script @language = N'Python', @script = @script, @input_data_1 = @query
WITH RESULT SETS ((total float, n int));
-- expect: set total, n
-- expect: (40.0, 2)
GO
