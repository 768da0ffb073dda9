-- Title: NaN and the infinities become NULL
-- Derived: by hand
EXEC sp_execute_external_script @language = N'Python', @script = N'
import numpy as np
import pandas as pd
values = np.array([1.0, 0.0, -1.0, np.nan])
with np.errstate(divide="ignore", invalid="ignore"):
    OutputDataSet = pd.DataFrame({"value": values, "inverse": 1 / values, "root": np.sqrt(values)})
' WITH RESULT SETS ((value float, inverse float, root float));
-- expect: set value, inverse, root
-- expect: (1.0, 1.0, 1.0)
-- expect: (0.0, None, 0.0)
-- expect: (-1.0, -1.0, None)
-- expect: (None, None, None)
GO
