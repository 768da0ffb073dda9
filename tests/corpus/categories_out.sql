-- Title: Categorical, boolean and unsigned columns returned, and a frame with an index that is left behind
-- Derived: by hand
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import numpy as np
import pandas as pd
frame = pd.DataFrame({"price": InputDataSet["price"].values}, index=["x", "y", "z", "w"])
frame["band"] = pd.cut(frame["price"], [0, 10, 100], labels=["cheap", "dear"])
frame["even"] = frame["price"] % 2 == 0
frame["small"] = np.array([1, 2, 3, 255], dtype="uint8")
OutputDataSet = frame
',
    @input_data_1 = N'SELECT CAST(price AS float) AS price FROM (VALUES (1, 4), (2, 15), (3, 10), (4, 500)) AS v (n, price) ORDER BY n'
WITH RESULT SETS ((price float, band nvarchar(10), even bit, small tinyint));
-- expect: set price, band, even, small
-- expect: (4.0, 'cheap', True, 1)
-- expect: (15.0, 'dear', False, 2)
-- expect: (10.0, 'cheap', True, 3)
-- expect: (500.0, None, True, 255)
GO
