-- Title: JSON in a text column made into columns
-- Derived: by hand
CREATE TABLE dbo.Events (id int NOT NULL PRIMARY KEY, body nvarchar(max) NOT NULL);
INSERT INTO dbo.Events VALUES
    (1, N'{"kind": "start", "machine": {"id": 7, "site": "Graz"}, "tags": ["a", "b"]}'),
    (2, N'{"kind": "stop", "machine": {"id": 8}, "tags": []}');
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import json
import pandas as pd
rows = []
for number, body in zip(InputDataSet["id"], InputDataSet["body"]):
    event = json.loads(body)
    machine = event["machine"]
    rows.append((int(number), event["kind"], machine["id"], machine.get("site"), len(event["tags"])))
OutputDataSet = pd.DataFrame(rows, columns=["id", "kind", "machine", "site", "n_tags"])
',
    @input_data_1 = N'SELECT id, body FROM dbo.Events ORDER BY id'
WITH RESULT SETS ((id int, kind nvarchar(10), machine int, site nvarchar(20), n_tags int));
-- expect: set id, kind, machine, site, n_tags
-- expect: (1, 'start', 7, 'Graz', 2)
-- expect: (2, 'stop', 8, None, 0)
GO
