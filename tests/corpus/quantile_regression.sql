-- Title: The 10th, 50th and 90th percentile by gradient boosting with the quantile loss
-- Derived: in this process, the same models; by construction the quantiles of y are those of a spread that grows with x
CREATE TABLE dbo.Deliveries (id int NOT NULL PRIMARY KEY, km float NOT NULL, minutes float NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Deliveries SELECT n, n % 10, 10 + (n % 10) * (n / 10 % 30) FROM numbers WHERE n < 600;
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
asked = pd.DataFrame({"km": [0.0, 5.0, 9.0]})
for part in (10, 50, 90):
    model = GradientBoostingRegressor(loss="quantile", alpha=part / 100, n_estimators=60, max_depth=3, random_state=0)
    model.fit(InputDataSet[["km"]], InputDataSet["minutes"])
    asked["p%d" % part] = model.predict(asked[["km"]])
OutputDataSet = asked
',
    @input_data_1 = N'SELECT km, minutes FROM dbo.Deliveries ORDER BY id'
WITH RESULT SETS ((km float, p10 float, p50 float, p90 float));
-- expect: derived km, p10, p50, p90
GO
