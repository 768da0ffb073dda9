-- Title: WITH RESULT SETS UNDEFINED, NONE, and a definition that does not fit
-- Derived: by hand
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
'
WITH RESULT SETS UNDEFINED;
-- expect: set
-- expect: (1, 'x')
-- expect: (2, 'y')
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'total = sum(range(10))' WITH RESULT SETS NONE;
-- silent
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"a": [1, 2]})
' WITH RESULT SETS NONE;
-- expect: error 11535
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
' WITH RESULT SETS ((a int));
-- expect: error 11537
GO
