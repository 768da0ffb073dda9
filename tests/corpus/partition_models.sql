-- Title: A model for each partition, trained in one call, kept in a table, each used for its own rows
-- Derived: by hand; each region's rows lie on a line of its own, y = a + b x
CREATE TABLE dbo.Lines (region nvarchar(10) NOT NULL, year_no smallint NOT NULL, x float NOT NULL, y float NOT NULL);
INSERT INTO dbo.Lines
SELECT r.region, r.year_no, v.x, r.a + r.b * v.x
FROM (VALUES (N'east', 2023, 1E0, 2E0), (N'west', 2023, 10E0, -1E0), (N'east', 2024, 0E0, 4E0)) AS r (region, year_no, a, b)
CROSS JOIN (VALUES (0E0), (1E0), (2E0), (3E0)) AS v (x);
CREATE TABLE dbo.LineModels (
    region nvarchar(10) NOT NULL, year_no int NOT NULL, n int NOT NULL, model varbinary(max) NOT NULL,
    CONSTRAINT PK_LineModels PRIMARY KEY (region, year_no));
GO
CREATE PROCEDURE dbo.TrainLines AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
import pandas as pd
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit(rows[["x"]].values, rows["y"])
OutputDataSet = pd.DataFrame({"region": [rows["region"].iloc[0]], "year": [rows["year_no"].iloc[0]], "n": [len(rows)],
                              "model": [pickle.dumps(model)]})
',
    @input_data_1 = N'SELECT region, year_no, x, y FROM dbo.Lines',
    @input_data_1_name = N'rows',
    @input_data_1_partition_by_columns = N'region, year_no',
    @input_data_1_order_by_columns = N'x',
    @parallel = 1
WITH RESULT SETS ((region nvarchar(10), year_no int, n int, model varbinary(max)));
GO
INSERT INTO dbo.LineModels EXEC dbo.TrainLines;
SELECT region, year_no, n FROM dbo.LineModels ORDER BY region, year_no;
-- expect: set region, year_no, n
-- expect: ('east', 2023, 4)
-- expect: ('east', 2024, 4)
-- expect: ('west', 2023, 4)
GO
DECLARE @model varbinary(max) = (SELECT model FROM dbo.LineModels WHERE region = N'west' AND year_no = 2023);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
line = pickle.loads(model)
InputDataSet["y"] = line.predict(InputDataSet[["x"]].values).round(9)
OutputDataSet = InputDataSet
',
    @input_data_1 = N'SELECT x FROM (VALUES (4E0), (10E0)) AS v (x) ORDER BY x',
    @params = N'@model varbinary(max)', @model = @model
WITH RESULT SETS ((x float, y float));
-- expect: set x, y
-- expect: (4.0, 6.0)
-- expect: (10.0, 0.0)
GO
