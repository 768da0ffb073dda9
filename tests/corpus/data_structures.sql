-- Title: A series, a list, a dictionary and a scalar made into data frames
-- Derived: by hand
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
squares = pd.Series([n ** 2 for n in range(4)], index=["zero", "one", "two", "three"])
OutputDataSet = pd.DataFrame(squares)
' WITH RESULT SETS ((square int));
-- expect: set square
-- expect: (0,)
-- expect: (1,)
-- expect: (4,)
-- expect: (9,)
GO
-- An index is not part of what is returned; reset_index makes it a column.
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
ages = pd.Series({"Ada": 36, "Max": 41})
OutputDataSet = ages.reset_index()
' WITH RESULT SETS ((name nvarchar(10), age int));
-- expect: set name, age
-- expect: ('Ada', 36)
-- expect: ('Max', 41)
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
ratio = 3 / 8
OutputDataSet = pd.DataFrame([ratio])
' WITH RESULT SETS ((ratio float));
-- expect: set ratio
-- expect: (0.375,)
GO
