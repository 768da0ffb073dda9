-- Title: Scores written in a transaction that is rolled back, and once more for good
-- Derived: by hand
CREATE TABLE dbo.Kept (id int NOT NULL PRIMARY KEY, score float NOT NULL);
GO
CREATE PROCEDURE dbo.KeepScores @factor float AS
BEGIN
    SET XACT_ABORT ON;
    BEGIN TRANSACTION;
    INSERT INTO dbo.Kept
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
InputDataSet["id"] = InputDataSet["id"] * factor
OutputDataSet = InputDataSet
',
        @input_data_1 = N'SELECT CAST(id AS float) AS id FROM (VALUES (1), (2)) AS v (id)',
        @params = N'@factor float', @factor = @factor;
    COMMIT TRANSACTION;
END;
GO
EXEC dbo.KeepScores 2;
-- expect: error 213
GO
SELECT @@TRANCOUNT AS open_transactions, (SELECT COUNT(*) FROM dbo.Kept) AS n;
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
-- expect: set open_transactions, n
-- expect: (0, 0)
GO
BEGIN TRANSACTION;
INSERT INTO dbo.Kept
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"id": [7, 8], "score": [0.5, 0.25]})
';
SELECT COUNT(*) AS inside FROM dbo.Kept;
ROLLBACK TRANSACTION;
SELECT COUNT(*) AS after FROM dbo.Kept;
-- expect: set inside
-- expect: (2,)
-- expect: set after
-- expect: (0,)
GO
