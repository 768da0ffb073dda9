-- Title: A model written with joblib into bytes, compressed, and read again
-- Derived: by hand; the nearest of three known points decides
DECLARE @model varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import joblib
from sklearn.neighbors import KNeighborsClassifier
nearest = KNeighborsClassifier(n_neighbors=1).fit(InputDataSet[["x", "y"]].values, InputDataSet["label"])
file = io.BytesIO()
joblib.dump(nearest, file, compress=3)
model = file.getvalue()
',
    @input_data_1 = N'SELECT x, y, label FROM (VALUES (0E0, 0E0, N''origin''), (10, 0, N''east''), (0, 10, N''north'')) AS v (x, y, label)',
    @params = N'@model varbinary(max) OUTPUT', @model = @model OUTPUT;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import joblib
nearest = joblib.load(io.BytesIO(model))
InputDataSet["label"] = nearest.predict(InputDataSet[["x", "y"]].values)
OutputDataSet = InputDataSet
',
    @input_data_1 = N'SELECT x, y FROM (VALUES (1, 8E0, 1E0), (2, 1, 6), (3, 2, 2)) AS v (n, x, y) ORDER BY n',
    @params = N'@model varbinary(max)', @model = @model
WITH RESULT SETS ((x float, y float, label nvarchar(10)));
-- expect: set x, y, label
-- expect: (8.0, 1.0, 'east')
-- expect: (1.0, 6.0, 'north')
-- expect: (2.0, 2.0, 'origin')
GO
