-- Title: Calendar features of a datetime column
-- Derived: by hand; 2024-02-29 was a Thursday, 2023-12-31 a Sunday
CREATE TABLE dbo.Trips (id int NOT NULL, started datetime NOT NULL, ended datetime NULL);
INSERT INTO dbo.Trips VALUES
    (1, '2024-02-29T23:30:00', '2024-03-01T00:15:30'), (2, '2023-12-31T08:00:00', NULL), (3, '2024-07-01T12:00:00.500', '2024-07-01T12:00:01');
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
frame = InputDataSet
started = frame["started"].dt
frame["weekday"] = [day.weekday() for day in frame["started"]]
frame["weekend"] = frame["weekday"] >= 5
frame["hour"] = started.hour.astype("int32")
frame["seconds"] = (frame["ended"] - frame["started"]).dt.total_seconds()
frame["month_end"] = started.normalize() + pd.offsets.MonthEnd(0)
OutputDataSet = frame[["id", "weekday", "weekend", "hour", "seconds", "month_end"]]
',
    @input_data_1 = N'SELECT id, started, ended FROM dbo.Trips ORDER BY id'
WITH RESULT SETS ((id int, weekday int, weekend bit, hour int, seconds float, month_end datetime));
-- expect: set id, weekday, weekend, hour, seconds, month_end
-- expect: (1, 3, False, 23, 2730.0, '2024-02-29T00:00:00')
-- expect: (2, 6, True, 8, None, '2023-12-31T00:00:00')
-- expect: (3, 0, False, 12, 0.5, '2024-07-31T00:00:00')
GO
