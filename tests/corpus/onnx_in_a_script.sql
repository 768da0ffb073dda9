-- Title: A scikit-learn model converted to ONNX, kept in a table, run by onnxruntime inside a script
-- Derived: in this process, the scikit-learn model itself, in float32 as ONNX computes
CREATE TABLE dbo.OnnxModels (name nvarchar(30) NOT NULL PRIMARY KEY, model varbinary(max) NOT NULL);
CREATE TABLE dbo.Flowers (id int NOT NULL PRIMARY KEY, a float NOT NULL, b float NOT NULL, c float NOT NULL, d float NOT NULL);
INSERT INTO dbo.Flowers VALUES (1, 5.1, 3.5, 1.4, 0.2), (2, 6.0, 2.7, 5.1, 1.6), (3, 6.7, 3.0, 5.2, 2.3);
GO
DECLARE @model varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
iris = load_iris()
pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(iris.data, iris.target)
converted = to_onnx(pipeline, iris.data[:1].astype(np.float32), options={"zipmap": False})
model = converted.SerializeToString()
',
    @params = N'@model varbinary(max) OUTPUT', @model = @model OUTPUT;
INSERT INTO dbo.OnnxModels VALUES (N'iris', @model);
SELECT CASE WHEN DATALENGTH(model) BETWEEN 100 AND 5000 THEN 1 ELSE 0 END AS small FROM dbo.OnnxModels;
-- expect: set small
-- expect: (1,)
GO
DECLARE @model varbinary(max) = (SELECT model FROM dbo.OnnxModels WHERE name = N'iris');
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import numpy as np
import onnxruntime
import pandas as pd
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
rows = InputDataSet[["a", "b", "c", "d"]].values.astype(np.float32)
label, mass = session.run(None, {session.get_inputs()[0].name: rows})
OutputDataSet = pd.DataFrame({"id": InputDataSet["id"], "label": label, "mass": mass.max(axis=1).round(4)})[["id", "label", "mass"]]
',
    @input_data_1 = N'SELECT id, a, b, c, d FROM dbo.Flowers ORDER BY id',
    @params = N'@model varbinary(max)', @model = @model
WITH RESULT SETS ((id int, label int, mass float));
-- expect: derived id, label, mass
GO
