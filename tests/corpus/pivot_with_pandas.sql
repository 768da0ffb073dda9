-- Title: Rows turned into columns and back with pandas
-- Derived: by hand
CREATE TABLE dbo.Revenue (region nvarchar(10) NOT NULL, quarter tinyint NOT NULL, amount float NOT NULL);
INSERT INTO dbo.Revenue VALUES
    (N'north', 1, 10), (N'north', 2, 20), (N'north', 2, 5), (N'south', 1, 7), (N'south', 3, 9), (N'north', 4, 1);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
wide = InputDataSet.pivot_table(index="region", columns="quarter", values="amount", aggfunc="sum")
OutputDataSet = wide.reindex(columns=[1, 2, 3, 4]).reset_index()
',
    @input_data_1 = N'SELECT region, quarter, amount FROM dbo.Revenue'
WITH RESULT SETS ((region nvarchar(10), q1 float, q2 float, q3 float, q4 float));
-- expect: set region, q1, q2, q3, q4
-- expect: ('north', 10.0, 25.0, None, 1.0)
-- expect: ('south', 7.0, None, 9.0, None)
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
long = InputDataSet.melt(id_vars="region", var_name="quarter", value_name="amount").dropna()
long["quarter"] = long["quarter"].str.slice(1).astype("int32")
OutputDataSet = long.sort_values(["region", "quarter"])
',
    @input_data_1 = N'
SELECT region, q1, q2 FROM (VALUES (N''a'', CAST(1 AS float), CAST(NULL AS float)), (N''b'', 3, 4)) AS v (region, q1, q2)'
WITH RESULT SETS ((region nvarchar(10), quarter int, amount float));
-- expect: set region, quarter, amount
-- expect: ('a', 1, 1.0)
-- expect: ('b', 1, 3.0)
-- expect: ('b', 2, 4.0)
GO
