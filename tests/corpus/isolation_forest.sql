-- Title: Anomalies found with an isolation forest
-- Derived: by hand, by construction: rows 50 and 150 lie far outside of a grid of 198 others
CREATE TABLE dbo.Flow (id int NOT NULL PRIMARY KEY, pressure float NOT NULL, temperature float NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Flow
SELECT n, CASE WHEN n = 50 THEN 90 ELSE 10 + n % 7 END, CASE WHEN n = 150 THEN -300 ELSE 20 + n % 11 END FROM numbers WHERE n < 200;
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
from sklearn.ensemble import IsolationForest
columns = ["pressure", "temperature"]
forest = IsolationForest(n_estimators=25, contamination=0.01, random_state=0).fit(InputDataSet[columns].values)
InputDataSet["outlier"] = forest.predict(InputDataSet[columns].values) == -1
OutputDataSet = InputDataSet[InputDataSet["outlier"]][["id", "pressure", "temperature"]]
',
    @input_data_1 = N'SELECT id, pressure, temperature FROM dbo.Flow ORDER BY id'
WITH RESULT SETS ((id int, pressure float, temperature float));
-- expect: set id, pressure, temperature
-- expect: (50, 90.0, 26.0)
-- expect: (150, 13.0, -300.0)
GO
