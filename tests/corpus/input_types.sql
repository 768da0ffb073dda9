-- Title: The dtype of each type of input column
-- Derived: by hand, by the documented table of types; bigint and real arrive as float64
CREATE TABLE dbo.Typed (
    b bit NOT NULL, t tinyint NOT NULL, s smallint NOT NULL, i int NOT NULL, g bigint NOT NULL, r real NOT NULL,
    f float NOT NULL, d datetime NOT NULL, m smalldatetime NOT NULL, y date NOT NULL);
INSERT INTO dbo.Typed VALUES (1, 2, 3, 4, 5, 6.5, 7.5, '20240101', '20240101', '20240101');
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
kinds = [str(kind).replace("[us]", "[ns]") for kind in InputDataSet.dtypes]
OutputDataSet = pd.DataFrame({"name": list(InputDataSet.columns), "kind": kinds})
',
    @input_data_1 = N'SELECT b, t, s, i, g, r, f, d, m, y FROM dbo.Typed'
WITH RESULT SETS ((name nvarchar(10), kind nvarchar(30)));
-- expect: set name, kind
-- expect: ('b', 'bool')
-- expect: ('t', 'int32')
-- expect: ('s', 'int32')
-- expect: ('i', 'int32')
-- expect: ('g', 'float64')
-- expect: ('r', 'float64')
-- expect: ('f', 'float64')
-- expect: ('d', 'datetime64[ns]')
-- expect: ('m', 'datetime64[ns]')
-- expect: ('y', 'datetime64[ns]')
GO
-- No rows: the columns and their types are there all the same.
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
OutputDataSet = pd.DataFrame({"rows": [len(InputDataSet)], "columns": [InputDataSet.shape[1]],
                              "kind": [str(InputDataSet["f"].dtype)]})[["rows", "columns", "kind"]]
',
    @input_data_1 = N'SELECT b, t, s, i, g, r, f FROM dbo.Typed WHERE i < 0'
WITH RESULT SETS ((n_rows int, n_columns int, kind nvarchar(30)));
-- expect: set n_rows, n_columns, kind
-- expect: (0, 7, 'float64')
GO
