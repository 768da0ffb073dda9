-- Title: A correlation matrix as a table of pairs
-- Derived: by hand; b = 2a and c = -a correlate with 1 and -1, d is symmetric about the middle of a, so 0
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
matrix = InputDataSet.corr()
rows = [(x, y, round(matrix.loc[x, y], 9) + 0.0) for i, x in enumerate(matrix) for y in list(matrix)[i + 1:]]
OutputDataSet = pd.DataFrame(rows)
',
    @input_data_1 = N'SELECT a, 2 * a AS b, -a AS c, SQUARE(a - 3) AS d FROM (VALUES (1), (2), (3), (4), (5)) AS v (a)'
WITH RESULT SETS ((x nvarchar(5), y nvarchar(5), r float));
-- expect: set x, y, r
-- expect: ('a', 'b', 1.0)
-- expect: ('a', 'c', -1.0)
-- expect: ('a', 'd', 0.0)
-- expect: ('b', 'c', -1.0)
-- expect: ('b', 'd', 0.0)
-- expect: ('c', 'd', 0.0)
GO
