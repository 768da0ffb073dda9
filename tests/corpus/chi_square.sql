-- Title: A chi-square test of independence over a table of counts
-- Derived: by hand; rows sum to 50, columns to 40 and 60, so 20 and 30 are expected and 25/20 + 25/30 + 25/20 + 25/30 is 4.1667
CREATE TABLE dbo.Survey (town nvarchar(10) NOT NULL, answer nvarchar(5) NOT NULL, n int NOT NULL);
INSERT INTO dbo.Survey VALUES (N'Bern', N'yes', 25), (N'Bern', N'no', 25), (N'Linz', N'yes', 15), (N'Linz', N'no', 35);
GO
DECLARE @statistic float, @p float, @df int;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
from scipy.stats import chi2_contingency
table = InputDataSet.pivot(index="town", columns="answer", values="n")
found = chi2_contingency(table, correction=False)
statistic, p, df = float(found[0]), float(found[1]), int(found[2])
',
    @input_data_1 = N'SELECT town, answer, n FROM dbo.Survey',
    @params = N'@statistic float OUTPUT, @p float OUTPUT, @df int OUTPUT',
    @statistic = @statistic OUTPUT, @p = @p OUTPUT, @df = @df OUTPUT;
SELECT @statistic AS statistic, @df AS df, CASE WHEN @p > 0.041 AND @p < 0.042 THEN 1 ELSE 0 END AS p_is_4_percent;
-- expect: set statistic, df, p_is_4_percent
-- expect: (4.166666666666667, 1, 1)
GO
