-- Title: Histogram gradient boosting on columns with NULL, scores inserted beside the version of the model
-- Derived: in this process, the same model over the same rows
CREATE TABLE dbo.Assets (id int NOT NULL PRIMARY KEY, hours float NULL, vibration float NULL, failed bit NOT NULL);
CREATE TABLE dbo.AssetModels (version int NOT NULL IDENTITY(1, 1) PRIMARY KEY, model varbinary(max) NOT NULL, n_rows int NOT NULL);
CREATE TABLE dbo.AssetScores (id int NOT NULL, version int NOT NULL, score float NOT NULL, CONSTRAINT PK_AssetScores PRIMARY KEY (id, version));
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Assets
SELECT n, CASE WHEN n % 6 = 0 THEN NULL ELSE n * 7 % 90 END, CASE WHEN n % 8 = 1 THEN NULL ELSE n * 13 % 31 END,
    CASE WHEN n * 7 % 90 > 60 OR n * 13 % 31 > 25 THEN 1 ELSE 0 END
FROM numbers WHERE n < 500;
GO
DECLARE @model varbinary(max), @n int;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
from sklearn.ensemble import HistGradientBoostingClassifier
classifier = HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=0)
classifier.fit(InputDataSet[["hours", "vibration"]], InputDataSet["failed"])
model, n = pickle.dumps(classifier), len(InputDataSet)
',
    @input_data_1 = N'SELECT hours, vibration, failed FROM dbo.Assets WHERE id >= 50 ORDER BY id',
    @params = N'@model varbinary(max) OUTPUT, @n int OUTPUT', @model = @model OUTPUT, @n = @n OUTPUT;
INSERT INTO dbo.AssetModels (model, n_rows) VALUES (@model, @n);
SELECT version, n_rows FROM dbo.AssetModels;
-- expect: set version, n_rows
-- expect: (1, 450)
GO
CREATE PROCEDURE dbo.ScoreAssets @below int AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @version int = (SELECT MAX(version) FROM dbo.AssetModels);
    DECLARE @model varbinary(max) = (SELECT model FROM dbo.AssetModels WHERE version = @version);
    CREATE TABLE #scores (id int NOT NULL PRIMARY KEY, score float NOT NULL);
    DECLARE @query nvarchar(max) = N'SELECT id, hours, vibration FROM dbo.Assets WHERE id < ' + CAST(@below AS nvarchar(20));
    INSERT INTO #scores
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pickle
import pandas as pd
classifier = pickle.loads(model)
score = classifier.predict_proba(InputDataSet[["hours", "vibration"]])[:, 1]
OutputDataSet = pd.DataFrame({"id": InputDataSet["id"], "score": score})
',
        @input_data_1 = @query,
        @params = N'@model varbinary(max)', @model = @model;
    INSERT INTO dbo.AssetScores (id, version, score) SELECT id, @version, score FROM #scores;
END;
GO
EXEC dbo.ScoreAssets @below = 6;
SELECT a.id, a.hours, s.version, s.score FROM dbo.AssetScores AS s JOIN dbo.Assets AS a ON a.id = s.id ORDER BY a.id;
-- expect: derived id, hours, version, score
GO
