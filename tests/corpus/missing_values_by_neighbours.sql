-- Title: Missing values filled from the nearest complete rows
-- Derived: by hand; the two nearest of row 3 by a (10 and 12) have b of 100 and 120, so 110; row 6 likewise 30
CREATE TABLE dbo.Panel (id int NOT NULL PRIMARY KEY, a float NOT NULL, b float NULL);
INSERT INTO dbo.Panel VALUES (1, 10, 100), (2, 12, 120), (3, 11, NULL), (4, 2, 20), (5, 4, 40), (6, 3, NULL);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from sklearn.impute import KNNImputer
filled = KNNImputer(n_neighbors=2).fit_transform(InputDataSet[["a", "b"]])
OutputDataSet = pd.DataFrame({"id": InputDataSet["id"], "b": filled[:, 1], "filled": InputDataSet["b"].isnull()})
',
    @input_data_1 = N'SELECT id, a, b FROM dbo.Panel ORDER BY id'
WITH RESULT SETS ((id int, b float, filled bit));
-- expect: set id, b, filled
-- expect: (1, 100.0, False)
-- expect: (2, 120.0, False)
-- expect: (3, 110.0, True)
-- expect: (4, 20.0, False)
-- expect: (5, 40.0, False)
-- expect: (6, 30.0, True)
GO
