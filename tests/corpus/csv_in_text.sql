-- Title: A CSV file passed as text, parsed into rows that are inserted into a table
-- Derived: by hand
CREATE TABLE dbo.Stations (code char(3) NOT NULL PRIMARY KEY, height float NULL, opened datetime NOT NULL);
GO
DECLARE @csv nvarchar(max) = N'code;height;opened
AAA;12,5;01.02.1990
BBB;;28.02.2001
';
INSERT INTO dbo.Stations (code, height, opened)
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import pandas as pd
frame = pd.read_csv(io.StringIO(csv), sep=";", decimal=",")
frame["opened"] = pd.to_datetime(frame["opened"], format="%d.%m.%Y")
OutputDataSet = frame
',
    @params = N'@csv nvarchar(max)', @csv = @csv;
SELECT code, height, opened FROM dbo.Stations ORDER BY code;
-- expect: set code, height, opened
-- expect: ('AAA', 12.5, '1990-02-01T00:00:00')
-- expect: ('BBB', None, '2001-02-28T00:00:00')
GO
