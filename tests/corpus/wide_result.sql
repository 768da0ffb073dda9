-- Title: A result of 60 columns without names, and long text
-- Derived: by hand
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame([[float(n) for n in range(60)]])
';
-- expect: set
-- expect: (0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24., 25., 26., 27., 28., 29., 30., 31., 32., 33., 34., 35., 36., 37., 38., 39., 40., 41., 42., 43., 44., 45., 46., 47., 48., 49., 50., 51., 52., 53., 54., 55., 56., 57., 58., 59.)
GO
DECLARE @text nvarchar(max) = REPLICATE(CAST(N'0123456789' AS nvarchar(max)), 20000);
CREATE TABLE #long (text nvarchar(max) NOT NULL);
INSERT INTO #long
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"text": [text + "end"]})
',
    @params = N'@text nvarchar(max)', @text = @text;
SELECT LEN(text) AS length, RIGHT(text, 5) AS tail FROM #long;
-- expect: set length, tail
-- expect: (200003, '89end')
GO
