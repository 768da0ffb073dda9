-- Title: Versions of a model in a table, the best one marked, used by name in a view of predictions
-- Derived: by hand; y is 3x, so the line through the origin is exact and the constant is off
CREATE TABLE dbo.Registry (
    name nvarchar(30) NOT NULL, version int NOT NULL, model varbinary(max) NOT NULL, mae float NOT NULL,
    champion bit NOT NULL CONSTRAINT DF_Registry_champion DEFAULT 0, CONSTRAINT PK_Registry PRIMARY KEY (name, version));
CREATE TABLE dbo.Samples (x float NOT NULL, y float NOT NULL);
INSERT INTO dbo.Samples VALUES (1, 3), (2, 6), (3, 9), (4, 12);
GO
CREATE PROCEDURE dbo.Register @kind nvarchar(30) AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @model varbinary(max), @mae float, @version int;
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pickle
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
estimator = {"constant": DummyRegressor(), "line": LinearRegression(fit_intercept=False)}[kind]
estimator.fit(InputDataSet[["x"]].values, InputDataSet["y"].values)
mae = float(abs(estimator.predict(InputDataSet[["x"]].values) - InputDataSet["y"].values).mean().round(9))
model = pickle.dumps(estimator)
',
        @input_data_1 = N'SELECT x, y FROM dbo.Samples',
        @params = N'@kind nvarchar(30), @model varbinary(max) OUTPUT, @mae float OUTPUT',
        @kind = @kind, @model = @model OUTPUT, @mae = @mae OUTPUT;
    SELECT @version = ISNULL(MAX(version), 0) + 1 FROM dbo.Registry WHERE name = N'trend';
    INSERT INTO dbo.Registry (name, version, model, mae) VALUES (N'trend', @version, @model, @mae);
    UPDATE dbo.Registry SET champion = CASE WHEN mae = (SELECT MIN(mae) FROM dbo.Registry WHERE name = N'trend') THEN 1 ELSE 0 END
    WHERE name = N'trend';
END;
GO
EXEC dbo.Register N'constant';
EXEC dbo.Register N'line';
SELECT name, version, mae, champion FROM dbo.Registry ORDER BY version;
-- expect: set name, version, mae, champion
-- expect: ('trend', 1, 3.0, False)
-- expect: ('trend', 2, 0.0, True)
GO
DECLARE @model varbinary(max);
SELECT @model = model FROM dbo.Registry WHERE name = N'trend' AND champion = 1;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
InputDataSet["y"] = pickle.loads(model).predict(InputDataSet[["x"]].values)
OutputDataSet = InputDataSet
',
    @input_data_1 = N'SELECT 10E0 AS x', @params = N'@model varbinary(max)', @model = @model
WITH RESULT SETS ((x float, y float));
-- expect: set x, y
-- expect: (10.0, 30.0)
GO
