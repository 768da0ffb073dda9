-- Title: A forecast by exponential smoothing, several horizons, written back with INSERT
-- Derived: by hand; with a weight of 0.5 the levels of 10, 20, 30, 20 are 10, 15, 22.5, 21.25
CREATE TABLE dbo.Demand (month datetime NOT NULL PRIMARY KEY, sold float NOT NULL);
CREATE TABLE dbo.Forecast (month datetime NOT NULL PRIMARY KEY, expected float NOT NULL);
INSERT INTO dbo.Demand VALUES ('20231101', 10), ('20231201', 20), ('20240101', 30), ('20240201', 20);
GO
INSERT INTO dbo.Forecast (month, expected)
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
level = InputDataSet["sold"].ewm(alpha=weight, adjust=False).mean().iloc[-1]
months = [InputDataSet["month"].max() + pd.DateOffset(months=ahead) for ahead in range(1, horizon + 1)]
OutputDataSet = pd.DataFrame({"month": months, "expected": level})
',
    @input_data_1 = N'SELECT month, sold FROM dbo.Demand ORDER BY month',
    @params = N'@weight float, @horizon int', @weight = 0.5, @horizon = 2;
SELECT month, expected FROM dbo.Forecast ORDER BY month;
-- expect: set month, expected
-- expect: ('2024-03-01T00:00:00', 21.25)
-- expect: ('2024-04-01T00:00:00', 21.25)
GO
