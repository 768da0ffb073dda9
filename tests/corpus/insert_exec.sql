-- Title: INSERT ... EXEC into a table and a temporary table, by a script and by a procedure around one
-- Derived: by hand
CREATE TABLE dbo.Scores (id int IDENTITY(1, 1) PRIMARY KEY, player nvarchar(10) NOT NULL, points float NOT NULL);
GO
INSERT INTO dbo.Scores (player, points)
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"player": ["Ida", "Jon", "Kai"], "points": [7.5, 3.0, 9.25]})
';
SELECT id, player, points FROM dbo.Scores ORDER BY id;
-- expect: set id, player, points
-- expect: (1, 'Ida', 7.5)
-- expect: (2, 'Jon', 3.0)
-- expect: (3, 'Kai', 9.25)
GO
CREATE PROCEDURE dbo.RankPlayers AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
frame = InputDataSet
frame["place"] = frame["points"].rank(ascending=False).astype("int32")
OutputDataSet = frame[["player", "place"]]
',
    @input_data_1 = N'SELECT player, points FROM dbo.Scores'
WITH RESULT SETS ((player nvarchar(10), place int));
GO
CREATE TABLE #ranking (player nvarchar(10), place int);
INSERT INTO #ranking EXEC dbo.RankPlayers;
SELECT s.player, r.place, s.points FROM #ranking AS r JOIN dbo.Scores AS s ON s.player = r.player ORDER BY r.place;
-- expect: set player, place, points
-- expect: ('Kai', 1, 9.25)
-- expect: ('Ida', 2, 7.5)
-- expect: ('Jon', 3, 3.0)
GO
