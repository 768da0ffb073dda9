-- Title: Principal components of three correlated columns
-- Derived: in this process, by the eigenvectors of the covariance matrix instead of scikit-learn
CREATE TABLE dbo.Sensors (id int NOT NULL PRIMARY KEY, a float NOT NULL, b float NOT NULL, c float NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Sensors SELECT n, n % 17, 2 * (n % 17) + n % 3, n % 5 FROM numbers WHERE n < 200;
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
pca = PCA(n_components=2).fit(InputDataSet)
OutputDataSet = pd.DataFrame(np.abs(pca.components_))
OutputDataSet.insert(0, "share", pca.explained_variance_ratio_)
',
    @input_data_1 = N'SELECT a, b, c FROM dbo.Sensors ORDER BY id'
WITH RESULT SETS ((share float, a float, b float, c float));
-- expect: derived share, a, b, c
GO
