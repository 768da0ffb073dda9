-- Title: Text compressed into varbinary(max), kept in a table, and read back
-- Derived: by hand; the text has 6,000 characters, its compressed form begins with gzip's magic number
CREATE TABLE dbo.Archive (name nvarchar(20) NOT NULL PRIMARY KEY, packed varbinary(max) NOT NULL);
GO
DECLARE @text nvarchar(max) = REPLICATE(CAST(N'ab cd ' AS nvarchar(max)), 1000), @packed varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import gzip
packed = gzip.compress(text.encode("utf-8"))
',
    @params = N'@text nvarchar(max), @packed varbinary(max) OUTPUT', @text = @text, @packed = @packed OUTPUT;
INSERT INTO dbo.Archive VALUES (N'letters', @packed);
SELECT SUBSTRING(packed, 1, 2) AS magic, CASE WHEN DATALENGTH(packed) < 200 THEN 1 ELSE 0 END AS small FROM dbo.Archive;
-- expect: set magic, small
-- expect: (b'\x1f\x8b', 1)
GO
DECLARE @packed varbinary(max) = (SELECT packed FROM dbo.Archive WHERE name = N'letters');
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import gzip
import pandas as pd
text = gzip.decompress(packed).decode("utf-8")
OutputDataSet = pd.DataFrame({"length": [len(text)], "head": [text[:8]]})
',
    @params = N'@packed varbinary(max)', @packed = @packed
WITH RESULT SETS ((length int, head nvarchar(8)));
-- expect: set length, head
-- expect: (6000, 'ab cd ab')
GO
