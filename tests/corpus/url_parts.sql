-- Title: Addresses taken apart and put together with urllib.parse
-- Derived: by hand
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from urllib.parse import parse_qs, quote, urlsplit

rows = []
for address in InputDataSet["address"]:
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    rows.append((parts.scheme, parts.hostname, float(parts.port) if parts.port else None, parts.path,
                 ", ".join(query.get("q", [])), quote(parts.path + " ä")))
OutputDataSet = pd.DataFrame(rows, columns=["scheme", "host", "port", "path", "q", "quoted"])
',
    @input_data_1 = N'
SELECT address FROM (VALUES (1, N''https://shop.example:8443/a/b?q=red+shoes&q=hat&page=2#top''), (2, N''ftp://files.example/x'')) AS v (n, address)
ORDER BY n'
WITH RESULT SETS ((scheme varchar(10), host nvarchar(50), port float, path nvarchar(50), q nvarchar(50), quoted varchar(50)));
-- expect: set scheme, host, port, path, q, quoted
-- expect: ('https', 'shop.example', 8443.0, '/a/b', 'red shoes, hat', '/a/b%20%C3%A4')
-- expect: ('ftp', 'files.example', None, '/x', '', '/x%20%C3%A4')
GO
