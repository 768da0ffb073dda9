-- Title: Ski rentals: two models compared by their error, the better one kept
-- Derived: in this process, the same two models over the same days, errors by hand
CREATE TABLE dbo.RentalData (
    day_no int NOT NULL PRIMARY KEY, [year] int NOT NULL, [month] int NOT NULL, [day] int NOT NULL, weekday int NOT NULL,
    holiday int NOT NULL, snow int NOT NULL, rentals int NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    days AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.RentalData (day_no, [year], [month], [day], weekday, holiday, snow, rentals)
SELECT n, 2013 + n / 360, 1 + n / 30 % 12, 1 + n % 30, 1 + n % 7, CASE WHEN n % 19 = 0 THEN 1 ELSE 0 END,
    CASE WHEN n % 5 < 2 THEN 1 ELSE 0 END,
    20 + 8 * ABS(n / 30 % 12 - 6) + CASE WHEN n % 7 >= 5 THEN 60 ELSE 0 END + CASE WHEN n % 19 = 0 THEN 90 ELSE 0 END
        + CASE WHEN n % 5 < 2 THEN 25 ELSE 0 END + n * 7919 % 23
FROM days WHERE n < 900;
GO
DECLARE @best nvarchar(30), @model varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.tree import DecisionTreeRegressor
columns = ["month", "weekday", "snow", "holiday"]
train, test = InputDataSet[InputDataSet["year"] < 2015], InputDataSet[InputDataSet["year"] == 2015]
candidates = {"linear": LinearRegression(), "tree": DecisionTreeRegressor(max_depth=6, random_state=1)}
rows = []
for name in sorted(candidates):
    candidates[name].fit(train[columns], train["rentals"])
    rows.append((name, mean_squared_error(test["rentals"], candidates[name].predict(test[columns]))))
OutputDataSet = pd.DataFrame(rows, columns=["name", "mse"])
best = min(rows, key=lambda row: row[1])[0]
model = pickle.dumps(candidates[best])
',
    @input_data_1 = N'SELECT [year], [month], weekday, snow, holiday, rentals FROM dbo.RentalData ORDER BY day_no',
    @params = N'@best nvarchar(30) OUTPUT, @model varbinary(max) OUTPUT', @best = @best OUTPUT, @model = @model OUTPUT
WITH RESULT SETS ((name nvarchar(30), mse float));
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
import pandas as pd
kept = pickle.loads(model)
day = pd.DataFrame({"month": [month], "weekday": [7], "snow": [1], "holiday": [0]})
OutputDataSet = pd.DataFrame({"best": [best], "rentals": kept.predict(day)})
',
    @params = N'@model varbinary(max), @best nvarchar(30), @month int', @model = @model, @best = @best, @month = 2
WITH RESULT SETS ((best nvarchar(30), rentals float));
-- expect: derived name, mse
-- expect: derived best, rentals
GO
