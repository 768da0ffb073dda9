-- Title: Fields pulled out of log lines with a regular expression
-- Derived: by hand
CREATE TABLE dbo.WebLog (id int NOT NULL PRIMARY KEY, line nvarchar(200) NOT NULL);
INSERT INTO dbo.WebLog VALUES
    (1, N'10.0.0.7 [2024-05-01 08:15:00] "GET /cart?item=42" 200 512'),
    (2, N'10.0.0.9 [2024-05-01 08:15:02] "POST /pay" 503 -'),
    (3, N'a line of another kind');
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
pattern = r"^(?P<host>\S+) \[(?P<at>[^\]]+)\] \"(?P<verb>[A-Z]+) (?P<path>[^\"?]+)[^\"]*\" (?P<status>\d{3}) (?P<size>\d+|-)$"
fields = InputDataSet["line"].str.extract(pattern)
fields["at"] = pd.to_datetime(fields["at"])
fields["status"] = fields["status"].astype(float)
fields["size"] = pd.to_numeric(fields["size"], errors="coerce")
OutputDataSet = fields[["host", "at", "verb", "path", "status", "size"]]
',
    @input_data_1 = N'SELECT line FROM dbo.WebLog ORDER BY id'
WITH RESULT SETS ((host varchar(20), at datetime, verb varchar(10), path nvarchar(100), status float, size float));
-- expect: set host, at, verb, path, status, size
-- expect: ('10.0.0.7', '2024-05-01T08:15:00', 'GET', '/cart', 200.0, 512.0)
-- expect: ('10.0.0.9', '2024-05-01T08:15:02', 'POST', '/pay', 503.0, None)
-- expect: (None, None, None, None, None, None)
GO
