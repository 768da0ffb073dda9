-- Title: Student's and Welch's t-test of two groups, and a paired one
-- Derived: in this process, the statistics by their textbook formulas, the probabilities by numerical integration
CREATE TABLE dbo.Yields (plot int NOT NULL PRIMARY KEY, treated float NOT NULL, plain float NOT NULL);
INSERT INTO dbo.Yields VALUES (1, 12.1, 10.5), (2, 13.4, 12.9), (3, 11.8, 11.1), (4, 14.2, 11.7), (5, 12.9, 12.2), (6, 13.1, 10.8);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from scipy import stats
a, b = InputDataSet["treated"], InputDataSet["plain"]
rows = [("student",) + tuple(stats.ttest_ind(a, b)), ("welch",) + tuple(stats.ttest_ind(a, b, equal_var=False)),
        ("paired",) + tuple(stats.ttest_rel(a, b))]
OutputDataSet = pd.DataFrame(rows, columns=["test", "t", "p"])
',
    @input_data_1 = N'SELECT treated, plain FROM dbo.Yields ORDER BY plot'
WITH RESULT SETS ((test nvarchar(10), t float, p float));
-- expect: derived test, t, p
GO
