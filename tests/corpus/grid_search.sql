-- Title: The best depth of a tree by a grid search with cross-validation
-- Derived: in this process, the same folds scored one by one without GridSearchCV
CREATE TABLE dbo.Steps (id int NOT NULL PRIMARY KEY, x float NOT NULL, z float NOT NULL, y float NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Steps SELECT n, n % 40, n % 9, CASE WHEN n % 40 >= 20 THEN 5 ELSE 1 END + CASE WHEN n % 9 >= 4 THEN 2 ELSE 0 END + (n * 31 % 13) / 1E1
FROM numbers WHERE n < 240;
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.tree import DecisionTreeRegressor
search = GridSearchCV(DecisionTreeRegressor(random_state=0), {"max_depth": [1, 2, 6]}, cv=KFold(3),
                      scoring="neg_mean_squared_error")
search.fit(InputDataSet[["x", "z"]], InputDataSet["y"])
OutputDataSet = pd.DataFrame({"depth": search.cv_results_["param_max_depth"].astype(int),
                              "mse": -search.cv_results_["mean_test_score"]})[["depth", "mse"]]
OutputDataSet["best"] = OutputDataSet["depth"] == search.best_params_["max_depth"]
',
    @input_data_1 = N'SELECT x, z, y FROM dbo.Steps ORDER BY id'
WITH RESULT SETS ((depth int, mse float, best bit));
-- expect: derived depth, mse, best
GO
