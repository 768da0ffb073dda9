-- Title: Ski rentals: a linear regression on two years, scored on the third
-- Derived: in this process, least squares by numpy's lstsq instead of scikit-learn
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
CREATE TABLE dbo.RentalModels (name nvarchar(30) NOT NULL PRIMARY KEY, model varbinary(max) NOT NULL, made datetime NOT NULL DEFAULT GETDATE());
GO
CREATE PROCEDURE dbo.TrainRentals @model varbinary(max) OUTPUT AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
from sklearn.linear_model import LinearRegression
columns = ["month", "day", "weekday", "snow", "holiday"]
regression = LinearRegression()
regression.fit(rentals[columns], rentals["rentals"])
model = pickle.dumps(regression)
',
    @input_data_1 = N'SELECT rentals, [month], [day], weekday, snow, holiday FROM dbo.RentalData WHERE [year] < 2015 ORDER BY day_no',
    @input_data_1_name = N'rentals',
    @params = N'@model varbinary(max) OUTPUT', @model = @model OUTPUT;
GO
DECLARE @model varbinary(max);
EXEC dbo.TrainRentals @model OUTPUT;
INSERT INTO dbo.RentalModels (name, model) VALUES (N'linear', @model);
GO
CREATE TABLE dbo.RentalPredictions (day_no int NOT NULL PRIMARY KEY, actual int NOT NULL, predicted float NOT NULL);
GO
DECLARE @model varbinary(max) = (SELECT TOP (1) model FROM dbo.RentalModels WHERE name = N'linear');
INSERT INTO dbo.RentalPredictions
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
regression = pickle.loads(model)
OutputDataSet = days[["day_no", "rentals"]].copy()
OutputDataSet["predicted"] = regression.predict(days[["month", "day", "weekday", "snow", "holiday"]])
',
    @input_data_1 = N'SELECT day_no, rentals, [month], [day], weekday, snow, holiday FROM dbo.RentalData WHERE [year] = 2015',
    @input_data_1_name = N'days',
    @params = N'@model varbinary(max)', @model = @model;
SELECT TOP (5) day_no, actual, predicted FROM dbo.RentalPredictions ORDER BY day_no;
SELECT COUNT(*) AS n, SQRT(AVG(SQUARE(predicted - actual))) AS rmse FROM dbo.RentalPredictions;
-- expect: derived day_no, actual, predicted
-- expect: derived n, rmse
GO
