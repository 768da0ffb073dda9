-- Title: Two targets predicted at once
-- Derived: by hand; both targets are lines of a and b: width = 2a + b, weight = 10 - a
CREATE TABLE dbo.Parts (a float NOT NULL, b float NOT NULL, width float NULL, weight float NULL);
INSERT INTO dbo.Parts VALUES (1, 1, 3, 9), (2, 1, 5, 8), (3, 5, 11, 7), (4, 2, 10, 6), (10, 0, NULL, NULL);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
from sklearn.linear_model import LinearRegression
from sklearn.multioutput import MultiOutputRegressor
known = InputDataSet["width"].notnull()
model = MultiOutputRegressor(LinearRegression())
model.fit(InputDataSet[known][["a", "b"]], InputDataSet[known][["width", "weight"]])
rest = InputDataSet[~known].copy()
rest[["width", "weight"]] = model.predict(rest[["a", "b"]]).round(6)
OutputDataSet = rest
',
    @input_data_1 = N'SELECT a, b, width, weight FROM dbo.Parts'
WITH RESULT SETS ((a float, b float, width float, weight float));
-- expect: set a, b, width, weight
-- expect: (10.0, 0.0, 20.0, 0.0)
GO
