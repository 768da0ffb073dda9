-- Title: A random forest, the importance of its features in order, and its error
-- Derived: in this process, the same forest; by construction "load" matters most and "noise" least
CREATE TABLE dbo.Motors (id int NOT NULL PRIMARY KEY, load_pct float NOT NULL, age float NOT NULL, noise float NOT NULL, heat float NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Motors SELECT n, n * 37 % 101, n % 12, n * 53 % 17, 3E0 * (n * 37 % 101) + 10 * (n % 12) FROM numbers WHERE n < 300;
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
columns = ["load_pct", "age", "noise"]
forest = RandomForestRegressor(n_estimators=20, max_depth=8, random_state=3).fit(InputDataSet[columns].values, InputDataSet["heat"])
OutputDataSet = pd.DataFrame({"feature": columns, "share": forest.feature_importances_}).sort_values("share", ascending=False)
score = forest.score(InputDataSet[columns].values, InputDataSet["heat"])
print("R2 above 0.95:", score > 0.95)
',
    @input_data_1 = N'SELECT load_pct, age, noise, heat FROM dbo.Motors ORDER BY id'
WITH RESULT SETS ((feature nvarchar(20), share float));
-- expect: message 39005 'R2 above 0.95: True'
-- expect: derived feature, share
GO
