-- Title: Reviews classified by their words: TF-IDF and a logistic regression
-- Derived: in this process, the weights computed by hand with numpy from scikit-learn's documented formula
CREATE TABLE dbo.Reviews (id int NOT NULL PRIMARY KEY, body nvarchar(200) NOT NULL, good bit NULL);
INSERT INTO dbo.Reviews VALUES
    (1, N'great skates, warm and light', 1), (2, N'the zip broke, poor quality', 0), (3, N'great fit and great colour', 1),
    (4, N'poor fit, cold feet', 0), (5, N'warm, light, great value', 1), (6, N'broke after one day, poor value', 0),
    (7, N'light and warm', NULL), (8, N'poor zip', NULL);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
known = InputDataSet["good"] >= 0
model = make_pipeline(TfidfVectorizer(), LogisticRegression())
model.fit(InputDataSet["body"][known], InputDataSet["good"][known] == 1)
new = InputDataSet[~known].copy()
new["score"] = model.predict_proba(new["body"])[:, 1]
OutputDataSet = new[["id", "score"]]
',
    @input_data_1 = N'SELECT id, body, ISNULL(CAST(good AS int), -1) AS good FROM dbo.Reviews ORDER BY id'
WITH RESULT SETS ((id int, score float));
-- expect: derived id, score
GO
