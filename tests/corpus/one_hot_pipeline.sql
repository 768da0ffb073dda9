-- Title: A pipeline with one-hot encoding and imputation, stored and re-loaded, an unknown category scored
-- Derived: in this process, encoding and imputation by hand, the regression by numpy's least squares
CREATE TABLE dbo.Flats (id int NOT NULL PRIMARY KEY, district nvarchar(10) NOT NULL, area float NULL, rent float NOT NULL);
CREATE TABLE dbo.Pipelines (version int NOT NULL IDENTITY(1, 1) PRIMARY KEY, pipeline varbinary(max) NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Flats
SELECT n, CASE n % 3 WHEN 0 THEN N'centre' WHEN 1 THEN N'north' ELSE N'south' END, CASE WHEN n % 10 = 0 THEN NULL ELSE 30 + n % 41 END,
    CASE n % 3 WHEN 0 THEN 500 WHEN 1 THEN 300 ELSE 350 END + 9 * (30 + n % 41) + n % 4
FROM numbers WHERE n < 120;
GO
DECLARE @pipeline varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
columns = ColumnTransformer([("district", OneHotEncoder(handle_unknown="ignore"), ["district"]),
                             ("area", SimpleImputer(strategy="median"), ["area"])])
model = Pipeline([("columns", columns), ("regression", LinearRegression(fit_intercept=False))])
pipeline = pickle.dumps(model.fit(InputDataSet[["district", "area"]], InputDataSet["rent"]))
',
    @input_data_1 = N'SELECT district, area, rent FROM dbo.Flats ORDER BY id',
    @params = N'@pipeline varbinary(max) OUTPUT', @pipeline = @pipeline OUTPUT;
INSERT INTO dbo.Pipelines (pipeline) VALUES (@pipeline);
-- silent
GO
DECLARE @pipeline varbinary(max) = (SELECT TOP (1) pipeline FROM dbo.Pipelines ORDER BY version DESC);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
model = pickle.loads(pipeline)
InputDataSet["rent"] = model.predict(InputDataSet)
OutputDataSet = InputDataSet
',
    @input_data_1 = N'
SELECT district, area FROM (VALUES (1, N''centre'', 50E0), (2, N''south'', NULL), (3, N''harbour'', 50)) AS v (n, district, area)
ORDER BY n',
    @params = N'@pipeline varbinary(max)', @pipeline = @pipeline
WITH RESULT SETS ((district nvarchar(10), area float, rent float));
-- expect: derived district, area, rent
GO
