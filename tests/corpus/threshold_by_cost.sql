-- Title: Area under the ROC curve, and the threshold that costs least
-- Derived: by hand; of the 9 pairs of a positive and a negative row, 8 are in order; a miss costs 5, a false alarm 1
CREATE TABLE dbo.Scored (score float NOT NULL, truth int NOT NULL);
INSERT INTO dbo.Scored VALUES (0.1, 0), (0.35, 0), (0.4, 1), (0.6, 0), (0.7, 1), (0.9, 1);
GO
DECLARE @auc float, @threshold float, @cost float;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
from sklearn.metrics import confusion_matrix, roc_auc_score
auc = roc_auc_score(InputDataSet["truth"], InputDataSet["score"])
costs = {}
for limit in sorted(InputDataSet["score"]):
    _, alarms, misses, _ = confusion_matrix(InputDataSet["truth"], InputDataSet["score"] >= limit).ravel()
    costs[limit] = miss_cost * misses + alarms
threshold = min(costs, key=costs.get)
cost = costs[threshold]
',
    @input_data_1 = N'SELECT score, truth FROM dbo.Scored',
    @params = N'@miss_cost float, @auc float OUTPUT, @threshold float OUTPUT, @cost float OUTPUT',
    @miss_cost = 5, @auc = @auc OUTPUT, @threshold = @threshold OUTPUT, @cost = @cost OUTPUT;
SELECT @auc AS auc, @threshold AS threshold, @cost AS cost;
-- expect: set auc, threshold, cost
-- expect: (0.8888888888888888, 0.4, 1.0)
GO
