-- Title: 20,000 rows in and out, sums compared in T-SQL
-- Derived: by hand; the sum of 0 to 19,999 is 199,990,000
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v))
SELECT a.v + 10 * b.v + 100 * c.v + 1000 * d.v + 10000 * e.v AS id INTO #ids
FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c CROSS JOIN digits AS d
CROSS JOIN (VALUES (0), (1)) AS e (v);
CREATE TABLE #shown (id int NOT NULL PRIMARY KEY, label nvarchar(10) NOT NULL, half float NOT NULL);
INSERT INTO #shown
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
InputDataSet["label"] = ["row %d" % (n % 1000) for n in InputDataSet["id"]]
InputDataSet["half"] = InputDataSet["id"] / 2
OutputDataSet = InputDataSet
',
    @input_data_1 = N'SELECT id FROM #ids';
SELECT COUNT(*) AS n, SUM(id) AS total, SUM(half) AS halves, COUNT(DISTINCT label) AS labels FROM #shown;
-- expect: set n, total, halves, labels
-- expect: (20000, 199990000, 99995000.0, 1000)
GO
