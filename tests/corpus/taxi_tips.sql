-- Title: Taxi tips: features by an inline function, a logistic regression in a table of models, scoring in batch and singly
-- Derived: in this process, the same features and pipeline over the same trips
CREATE TABLE dbo.TaxiTrips (
    trip int NOT NULL PRIMARY KEY, passengers int NOT NULL, seconds int NOT NULL, miles float NOT NULL,
    lat1 float NOT NULL, lon1 float NOT NULL, lat2 float NOT NULL, lon2 float NOT NULL, tip float NOT NULL);
CREATE TABLE dbo.TaxiModels (name nvarchar(30) NOT NULL PRIMARY KEY, model varbinary(max) NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.TaxiTrips
SELECT n, 1 + n % 5, 120 + n * 37 % 1800, (n * 37 % 1800) / 2E2 + n % 4 / 4E0, 4.07E1 + n % 13 / 1E2, -7.4E1 + n % 11 / 1E2,
    4.07E1 + n % 17 / 1E2, -7.4E1 + n % 7 / 1E2, CASE WHEN n * 37 % 1800 > 700 + n % 3 * 200 THEN 1 + n % 5 ELSE 0 END
FROM numbers WHERE n < 600;
GO
-- Miles along a sphere between two places.
CREATE FUNCTION dbo.TaxiFeatures (@passengers int, @seconds int, @miles float, @lat1 float, @lon1 float, @lat2 float, @lon2 float)
RETURNS TABLE AS RETURN
SELECT @passengers AS passengers, @seconds AS seconds, @miles AS miles,
    3958.75E0 * 2 * ASIN(SQRT(SQUARE(SIN(RADIANS(@lat2 - @lat1) / 2))
        + COS(RADIANS(@lat1)) * COS(RADIANS(@lat2)) * SQUARE(SIN(RADIANS(@lon2 - @lon1) / 2)))) AS direct;
GO
CREATE PROCEDURE dbo.TrainTips AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @model varbinary(max);
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pickle
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
columns = ["passengers", "seconds", "miles", "direct"]
pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
model = pickle.dumps(pipeline.fit(trips[columns], trips["tipped"]))
',
        @input_data_1 = N'
SELECT f.passengers, f.seconds, f.miles, f.direct, CASE WHEN t.tip > 0 THEN 1 ELSE 0 END AS tipped
FROM dbo.TaxiTrips AS t
CROSS APPLY dbo.TaxiFeatures(t.passengers, t.seconds, t.miles, t.lat1, t.lon1, t.lat2, t.lon2) AS f
WHERE t.trip % 10 < 7 ORDER BY t.trip',
        @input_data_1_name = N'trips',
        @params = N'@model varbinary(max) OUTPUT', @model = @model OUTPUT;
    INSERT INTO dbo.TaxiModels VALUES (N'logistic', @model);
END;
GO
EXEC dbo.TrainTips;
GO
CREATE PROCEDURE dbo.PredictTips @model nvarchar(30), @query nvarchar(max) AS
BEGIN
    DECLARE @bytes varbinary(max) = (SELECT model FROM dbo.TaxiModels WHERE name = @model);
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pickle
import pandas as pd
pipeline = pickle.loads(bytes_)
mass = pipeline.predict_proba(trips[["passengers", "seconds", "miles", "direct"]])
OutputDataSet = pd.DataFrame({"trip": trips["trip"], "score": mass[:, 1]})
',
        @input_data_1 = @query, @input_data_1_name = N'trips',
        @params = N'@bytes_ varbinary(max)', @bytes_ = @bytes
    WITH RESULT SETS ((trip int, score float));
END;
GO
EXEC dbo.PredictTips N'logistic', N'
SELECT TOP (5) t.trip, f.passengers, f.seconds, f.miles, f.direct FROM dbo.TaxiTrips AS t
CROSS APPLY dbo.TaxiFeatures(t.passengers, t.seconds, t.miles, t.lat1, t.lon1, t.lat2, t.lon2) AS f
WHERE t.trip % 10 >= 7 ORDER BY t.trip';
-- expect: derived trip, score
GO
CREATE PROCEDURE dbo.PredictOneTip
    @passengers int = 1, @seconds int = 600, @miles float = 2, @lat1 float = 40.7, @lon1 float = -74, @lat2 float = 40.75, @lon2 float = -73.95
AS
BEGIN
    DECLARE @bytes varbinary(max) = (SELECT model FROM dbo.TaxiModels WHERE name = N'logistic');
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pickle
import pandas as pd
pipeline = pickle.loads(bytes_)
OutputDataSet = pd.DataFrame(pipeline.predict_proba(one)[:, [1]])
',
        @input_data_1 = N'SELECT passengers, seconds, miles, direct FROM dbo.TaxiFeatures(@passengers, @seconds, @miles, @lat1, @lon1, @lat2, @lon2)',
        @input_data_1_name = N'one',
        @params = N'@bytes_ varbinary(max), @passengers int, @seconds int, @miles float, @lat1 float, @lon1 float, @lat2 float, @lon2 float',
        @bytes_ = @bytes, @passengers = @passengers, @seconds = @seconds, @miles = @miles,
        @lat1 = @lat1, @lon1 = @lon1, @lat2 = @lat2, @lon2 = @lon2
    WITH RESULT SETS ((score float));
END;
GO
EXEC dbo.PredictOneTip @seconds = 1500, @miles = 7.5;
EXEC dbo.PredictOneTip @passengers = 2;
-- expect: derived score
-- expect: derived score
GO
