-- Title: Lags, moving averages and differences of a time series for each machine
-- Derived: by hand
CREATE TABLE dbo.Telemetry (machine int NOT NULL, at datetime NOT NULL, volt float NOT NULL, CONSTRAINT PK_Telemetry PRIMARY KEY (machine, at));
INSERT INTO dbo.Telemetry VALUES
    (1, '2024-01-01T00:00:00', 1), (1, '2024-01-01T01:00:00', 3), (1, '2024-01-01T02:00:00', 8), (1, '2024-01-01T03:00:00', 4),
    (2, '2024-01-01T00:00:00', 10), (2, '2024-01-01T01:00:00', 20);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
frame = InputDataSet.sort_values(["machine", "at"]).reset_index(drop=True)
volts = frame.groupby("machine")["volt"]
frame["lag"] = volts.shift(1)
frame["change"] = volts.diff()
frame["mean3"] = volts.rolling(3, min_periods=1).mean().reset_index(level=0, drop=True)
frame["highest"] = volts.cummax()
OutputDataSet = frame
',
    @input_data_1 = N'SELECT machine, at, volt FROM dbo.Telemetry'
WITH RESULT SETS ((machine int, at datetime, volt float, lag float, change float, mean3 float, highest float));
-- expect: set machine, at, volt, lag, change, mean3, highest
-- expect: (1, '2024-01-01T00:00:00', 1.0, None, None, 1.0, 1.0)
-- expect: (1, '2024-01-01T01:00:00', 3.0, 1.0, 2.0, 2.0, 3.0)
-- expect: (1, '2024-01-01T02:00:00', 8.0, 3.0, 5.0, 4.0, 8.0)
-- expect: (1, '2024-01-01T03:00:00', 4.0, 8.0, -4.0, 5.0, 8.0)
-- expect: (2, '2024-01-01T00:00:00', 10.0, None, None, 10.0, 10.0)
-- expect: (2, '2024-01-01T01:00:00', 20.0, 10.0, 10.0, 15.0, 20.0)
GO
