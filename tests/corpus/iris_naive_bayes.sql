-- Title: Iris: train in one procedure, keep the model in a table, score in another procedure
-- Derived: in this process, the same classifier fitted to scikit-learn's own copy of the flowers
CREATE TABLE dbo.IrisData (
    id int NOT NULL IDENTITY(1, 1) PRIMARY KEY, sepal_length float NOT NULL, sepal_width float NOT NULL,
    petal_length float NOT NULL, petal_width float NOT NULL, species nvarchar(20) NOT NULL, species_id int NOT NULL);
CREATE TABLE dbo.IrisModels (model_name nvarchar(50) NOT NULL PRIMARY KEY, model varbinary(max) NOT NULL);
GO
CREATE PROCEDURE dbo.GetIrisData AS
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
from sklearn.datasets import load_iris
iris = load_iris()
frame = pd.DataFrame(iris.data)
frame["species"] = [str(iris.target_names[number]) for number in iris.target]
frame["species_id"] = iris.target
OutputDataSet = frame
'
WITH RESULT SETS ((sepal_length float, sepal_width float, petal_length float, petal_width float, species nvarchar(20), species_id int));
GO
INSERT INTO dbo.IrisData (sepal_length, sepal_width, petal_length, petal_width, species, species_id) EXEC dbo.GetIrisData;
SELECT species, COUNT(*) AS n, ROUND(AVG(petal_length), 6) AS petal_length FROM dbo.IrisData GROUP BY species ORDER BY species;
-- expect: derived species, n, petal_length
GO
CREATE PROCEDURE dbo.TrainIris @trained varbinary(max) OUTPUT AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pickle
from sklearn.naive_bayes import GaussianNB
columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
trained = pickle.dumps(GaussianNB().fit(flowers[columns].values, flowers["species_id"].values.ravel()))
',
    @input_data_1 = N'SELECT sepal_length, sepal_width, petal_length, petal_width, species_id FROM dbo.IrisData ORDER BY id',
    @input_data_1_name = N'flowers',
    @params = N'@trained varbinary(max) OUTPUT', @trained = @trained OUTPUT;
GO
DECLARE @model varbinary(max);
EXEC dbo.TrainIris @model OUTPUT;
DELETE FROM dbo.IrisModels WHERE model_name = N'naive bayes';
INSERT INTO dbo.IrisModels (model_name, model) VALUES (N'naive bayes', @model);
SELECT model_name, CASE WHEN DATALENGTH(model) > 300 THEN 1 ELSE 0 END AS stored FROM dbo.IrisModels;
-- expect: set model_name, stored
-- expect: ('naive bayes', 1)
GO
CREATE PROCEDURE dbo.PredictIris @name nvarchar(50) AS
BEGIN
    DECLARE @model varbinary(max) = (SELECT model FROM dbo.IrisModels WHERE model_name = @name);
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pickle
classifier = pickle.loads(model)
columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
OutputDataSet = flowers[["id", "species_id"]].copy()
OutputDataSet["predicted"] = classifier.predict(flowers[columns].values)
OutputDataSet["probability"] = classifier.predict_proba(flowers[columns].values).max(axis=1)
OutputDataSet = OutputDataSet[OutputDataSet["species_id"] != OutputDataSet["predicted"]]
',
        @input_data_1 = N'SELECT id, sepal_length, sepal_width, petal_length, petal_width, species_id FROM dbo.IrisData ORDER BY id',
        @input_data_1_name = N'flowers',
        @params = N'@model varbinary(max)', @model = @model
    WITH RESULT SETS ((id int, species int, predicted int, probability float));
END;
GO
EXEC dbo.PredictIris N'naive bayes';
-- expect: derived id, species, predicted, probability
GO
