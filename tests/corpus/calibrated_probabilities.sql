-- Title: Calibrated probabilities of a naive Bayes classifier, by bins
-- Derived: in this process, the same calibration over the same rows, bins counted by hand
CREATE TABLE dbo.Claims (id int NOT NULL PRIMARY KEY, u float NOT NULL, v float NOT NULL, fraud bit NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Claims
SELECT n, n % 20, n % 20 + n % 3, CASE WHEN n % 20 > 12 AND n % 4 <> 0 OR n % 11 = 0 THEN 1 ELSE 0 END FROM numbers WHERE n < 400;
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.naive_bayes import GaussianNB
model = CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3)
model.fit(InputDataSet[["u", "v"]].values, InputDataSet["fraud"])
mass = model.predict_proba(InputDataSet[["u", "v"]].values)[:, 1]
bins = pd.cut(mass, [-1, 0.2, 0.5, 1.0], labels=["low", "middle", "high"])
table = pd.DataFrame({"bin": bins.astype(str), "mass": mass, "fraud": InputDataSet["fraud"].astype(float)})
groups = table.groupby("bin")
OutputDataSet = pd.DataFrame({"n": groups.size().astype("int32"), "mean": groups["mass"].mean(), "share": groups["fraud"].mean()}).reset_index()
',
    @input_data_1 = N'SELECT u, v, fraud FROM dbo.Claims ORDER BY id'
WITH RESULT SETS ((bin nvarchar(10), n int, predicted float, observed float));
-- expect: derived bin, n, predicted, observed
GO
