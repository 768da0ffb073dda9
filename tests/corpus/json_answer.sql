-- Title: An answer as JSON in an OUTPUT parameter, read with JSON_VALUE
-- Derived: by hand; the mean of 1 to 5 is 3, the variance with n - 1 is 2.5
DECLARE @summary nvarchar(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import json
column = InputDataSet["x"]
summary = json.dumps({"n": len(column), "label": "x of v", "mean": float(column.mean()), "var": float(column.var()),
                      "quartiles": [float(q) for q in column.quantile([0.25, 0.5, 0.75])]})
',
    @input_data_1 = N'SELECT x FROM (VALUES (1), (2), (3), (4), (5)) AS v (x)',
    @params = N'@summary nvarchar(max) OUTPUT', @summary = @summary OUTPUT;
SELECT ISJSON(@summary) AS valid, JSON_VALUE(@summary, '$.n') AS n, JSON_VALUE(@summary, '$.label') AS label;
SELECT @summary AS summary;
-- expect: set valid, n, label
-- expect: (1, '5', 'x of v')
-- expect: set summary
-- expect: ('{"n": 5, "label": "x of v", "mean": 3.0, "var": 2.5, "quartiles": [2.0, 3.0, 4.0]}',)
GO
