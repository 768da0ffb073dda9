-- Title: Rows streamed in chunks of @r_rowsPerRead, each scored by a run of the script
-- Derived: by hand; a script that works row by row answers the same whatever the chunks: y = 2x + 1 for x of 0 to 999
CREATE TABLE dbo.Stream (x int NOT NULL PRIMARY KEY);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.Stream SELECT n FROM numbers;
CREATE TABLE dbo.Streamed (x int NOT NULL, y float NOT NULL, rows_seen int NOT NULL);
GO
INSERT INTO dbo.Streamed
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
OutputDataSet = InputDataSet.assign(y=InputDataSet["x"] * 2.0 + 1, rows_seen=len(InputDataSet))
',
    @input_data_1 = N'SELECT x FROM dbo.Stream ORDER BY x',
    @params = N'@r_rowsPerRead int', @r_rowsPerRead = 300;
SELECT COUNT(*) AS n, SUM(CASE WHEN y = 2 * x + 1 THEN 1 ELSE 0 END) AS good, MIN(x) AS lowest, MAX(x) AS highest,
    MAX(rows_seen) AS largest_chunk FROM dbo.Streamed;
-- expect: set n, good, lowest, highest, largest_chunk
-- expect: (1000, 1000, 0, 999, 300)
GO
