-- Title: Which Python and which packages the server has
-- Derived: by hand; numpy, pandas and scikit-learn are on every server with Python scripts, in whatever versions
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import importlib
import sys
import pandas as pd
rows = [("python", sys.version_info[0])]
for name in InputDataSet["package"]:
    module = importlib.import_module(name)
    rows.append((name, len(module.__version__.split(".")) >= 2))
OutputDataSet = pd.DataFrame([(name, int(found)) for name, found in rows])
',
    @input_data_1 = N'SELECT package FROM (VALUES (1, N''numpy''), (2, N''pandas''), (3, N''sklearn'')) AS v (n, package) ORDER BY n'
WITH RESULT SETS ((package nvarchar(20), version int));
-- expect: set package, version
-- expect: ('python', 3)
-- expect: ('numpy', 1)
-- expect: ('pandas', 1)
-- expect: ('sklearn', 1)
GO
