-- Title: A product mix by linear programming
-- Derived: by hand; 40a + 30b under a + b <= 12 and 2a + b <= 16 is best at the corner a = 4, b = 8
CREATE TABLE dbo.Products (name nvarchar(10) NOT NULL, profit float NOT NULL, hours float NOT NULL, steel float NOT NULL);
INSERT INTO dbo.Products VALUES (N'arm', 40, 1, 2), (N'beam', 30, 1, 1);
GO
DECLARE @profit float;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from scipy.optimize import linprog
found = linprog(-InputDataSet["profit"].values, A_ub=InputDataSet[["hours", "steel"]].values.T, b_ub=[hours, steel])
profit = -found.fun
OutputDataSet = pd.DataFrame({"name": InputDataSet["name"], "n": found.x.round(6)})
',
    @input_data_1 = N'SELECT name, profit, hours, steel FROM dbo.Products ORDER BY name',
    @params = N'@hours float, @steel float, @profit float OUTPUT', @hours = 12, @steel = 16, @profit = @profit OUTPUT
WITH RESULT SETS ((name nvarchar(10), n float));
SELECT ROUND(@profit, 6) AS profit;
-- expect: set name, n
-- expect: ('arm', 4.0)
-- expect: ('beam', 8.0)
-- expect: set profit
-- expect: (400.0,)
GO
