-- Title: Scoring with @parallel = 1, the result in no order
-- Derived: by hand; a stump of a tree: 1 above 499.5, else 0
CREATE TABLE dbo.Pile (id int NOT NULL PRIMARY KEY, x float NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Pile SELECT n, n * 7 % 1000 FROM numbers;
CREATE TABLE dbo.PileScores (id int NOT NULL PRIMARY KEY, score float NOT NULL);
GO
DECLARE @model varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
from sklearn.tree import DecisionTreeRegressor
model = pickle.dumps(DecisionTreeRegressor(max_depth=1).fit([[499], [500]], [0, 1]))
',
    @params = N'@model varbinary(max) OUTPUT', @model = @model OUTPUT;
INSERT INTO dbo.PileScores
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
import pandas as pd
stump = pickle.loads(model)
OutputDataSet = pd.DataFrame({"id": InputDataSet["id"], "score": stump.predict(InputDataSet[["x"]].values)})
',
    @input_data_1 = N'SELECT id, x FROM dbo.Pile',
    @parallel = 1,
    @params = N'@model varbinary(max)', @model = @model;
SELECT s.score, COUNT(*) AS n, MIN(b.x) AS lowest, MAX(b.x) AS highest
FROM dbo.PileScores AS s JOIN dbo.Pile AS b ON b.id = s.id GROUP BY s.score ORDER BY s.score;
-- expect: set score, n, lowest, highest
-- expect: (0.0, 500, 0.0, 499.0)
-- expect: (1.0, 500, 500.0, 999.0)
GO
