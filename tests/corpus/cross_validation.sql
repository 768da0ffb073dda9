-- Title: Cross-validated accuracy of two classifiers on the wine data
-- Derived: in this process, by leaving out each fold by hand
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
wine = load_wine()
folds = StratifiedKFold(n_splits=4)
rows = []
for name, model in (("bayes", GaussianNB()), ("neighbours", KNeighborsClassifier(5))):
    scores = cross_val_score(model, wine.data, wine.target, cv=folds)
    rows.append((name, len(scores), scores.mean(), scores.std()))
OutputDataSet = pd.DataFrame(rows)
' WITH RESULT SETS ((model nvarchar(20), folds int, accuracy float, deviation float));
-- expect: derived model, folds, accuracy, deviation
GO
