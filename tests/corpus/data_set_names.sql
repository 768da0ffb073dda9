-- Title: Other names for the input and the output
-- Derived: by hand
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
raised = salaries.copy()
raised["amount"] = raised["amount"] * 1.5
',
    @input_data_1 = N'SELECT CAST(n AS int) AS n, CAST(100 * n AS float) AS amount FROM (VALUES (1), (2)) AS v (n) ORDER BY n',
    @input_data_1_name = N'salaries',
    @output_data_1_name = N'raised'
WITH RESULT SETS ((n int, amount float));
-- expect: set n, amount
-- expect: (1, 150.0)
-- expect: (2, 300.0)
GO
