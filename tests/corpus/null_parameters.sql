-- Title: NULL in parameters: None in the script, NULL again where None comes back
-- Derived: by hand
DECLARE @nothing nvarchar(10), @back nvarchar(10) = N'before', @none float = 1, @missing datetime = '20240101';
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"is_none": [int(nothing is None), int(number is None)]})
back = None
none = float("nan")
missing = pd.NaT
',
    @params = N'@nothing nvarchar(10), @number float, @back nvarchar(10) OUTPUT, @none float OUTPUT, @missing datetime OUTPUT',
    @nothing = @nothing, @number = NULL, @back = @back OUTPUT, @none = @none OUTPUT, @missing = @missing OUTPUT
WITH RESULT SETS ((is_none int));
SELECT @back AS back, @none AS none, @missing AS missing;
-- expect: set is_none
-- expect: (1,)
-- expect: (1,)
-- expect: set back, none, missing
-- expect: (None, None, None)
GO
