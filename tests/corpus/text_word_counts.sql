-- Title: Words counted across documents, without the most common ones
-- Derived: by hand
CREATE TABLE dbo.Notes (id int NOT NULL, body nvarchar(max) NOT NULL);
INSERT INTO dbo.Notes VALUES (1, N'The pump leaks. Pump replaced!'), (2, N'the seal of the pump is worn'), (3, N'Seal replaced');
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import re
from collections import Counter
import pandas as pd
skipped = {"the", "of", "is", "a"}
words, documents = Counter(), Counter()
for body in InputDataSet["body"]:
    found = [word for word in re.findall(r"[a-z]+", body.lower()) if word not in skipped]
    words.update(found)
    documents.update(set(found))
rows = sorted(((word, n, documents[word]) for word, n in words.items()), key=lambda row: (-row[1], row[0]))
OutputDataSet = pd.DataFrame(rows[:4], columns=["word", "n", "documents"])
',
    @input_data_1 = N'SELECT body FROM dbo.Notes'
WITH RESULT SETS ((word nvarchar(20), n int, documents int));
-- expect: set word, n, documents
-- expect: ('pump', 3, 2)
-- expect: ('replaced', 2, 2)
-- expect: ('seal', 2, 2)
-- expect: ('leaks', 1, 1)
GO
