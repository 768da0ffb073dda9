-- Title: Query results written as CSV files into a zip archive, and read back from it
-- Derived: by hand
DECLARE @archive varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import zipfile
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
    for city, part in InputDataSet.groupby("city"):
        file.writestr(city + ".csv", part.to_csv(index=False))
archive = buffer.getvalue()
',
    @input_data_1 = N'SELECT city, n FROM (VALUES (N''Bonn'', 1), (N''Kiel'', 2), (N''Bonn'', 3)) AS v (city, n) ORDER BY n',
    @params = N'@archive varbinary(max) OUTPUT', @archive = @archive OUTPUT;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import zipfile
import pandas as pd
with zipfile.ZipFile(io.BytesIO(archive)) as file:
    tables = [pd.read_csv(file.open(name)).assign(source=name) for name in sorted(file.namelist())]
OutputDataSet = pd.concat(tables, ignore_index=True)[["source", "city", "n"]]
',
    @params = N'@archive varbinary(max)', @archive = @archive
WITH RESULT SETS ((source nvarchar(20), city nvarchar(20), n int));
-- expect: set source, city, n
-- expect: ('Bonn.csv', 'Bonn', 1)
-- expect: ('Bonn.csv', 'Bonn', 3)
-- expect: ('Kiel.csv', 'Kiel', 2)
GO
