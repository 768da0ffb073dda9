-- Title: A query without rows: the script has to look before it predicts
-- Derived: by hand
CREATE TABLE dbo.Inbox (id int NOT NULL, x float NOT NULL);
GO
CREATE PROCEDURE dbo.ScoreInbox AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
if len(InputDataSet):
    InputDataSet["score"] = InputDataSet["x"] * 2
else:
    InputDataSet["score"] = InputDataSet["x"]
OutputDataSet = InputDataSet[["id", "score"]]
',
    @input_data_1 = N'SELECT id, x FROM dbo.Inbox'
WITH RESULT SETS ((id int, score float));
GO
EXEC dbo.ScoreInbox;
INSERT INTO dbo.Inbox VALUES (1, 4);
EXEC dbo.ScoreInbox;
-- expect: set id, score
-- expect: set id, score
-- expect: (1, 8.0)
GO
