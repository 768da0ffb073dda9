-- Title: Iris: a decision tree, its confusion matrix and the importance of its features
-- Derived: in this process, the same tree over the same split, counted without scikit-learn's metrics
EXEC sp_execute_external_script @language = N'Python', @script = N'
import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.metrics import confusion_matrix
from sklearn.tree import DecisionTreeClassifier
iris = load_iris()
held_out = np.arange(150) % 3 == 0
tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(iris.data[~held_out], iris.target[~held_out])
matrix = confusion_matrix(iris.target[held_out], tree.predict(iris.data[held_out]))
OutputDataSet = pd.DataFrame(matrix)
OutputDataSet.insert(0, "species", [str(name) for name in iris.target_names])
print("importances", [round(float(share), 4) for share in tree.feature_importances_])
' WITH RESULT SETS ((species nvarchar(20), setosa int, versicolor int, virginica int));
-- expect: message 39005 'importances [0.0, 0.0,'
-- expect: derived species, setosa, versicolor, virginica
GO
