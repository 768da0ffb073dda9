-- Title: Items bought together: a recommendation by the cosine of their columns
-- Derived: by hand; tea is bought by customers 1, 2, 3 and 5, milk by 1, 2 and 3: 3 / sqrt(4 * 3) = 0.8660
CREATE TABLE dbo.Baskets (customer int NOT NULL, item nvarchar(10) NOT NULL);
INSERT INTO dbo.Baskets VALUES
    (1, N'tea'), (1, N'milk'), (2, N'tea'), (2, N'milk'), (3, N'tea'), (3, N'milk'), (3, N'bread'), (4, N'bread'), (5, N'tea');
GO
CREATE PROCEDURE dbo.Recommend @item nvarchar(10), @n int = 1 AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import numpy as np
import pandas as pd
table = pd.crosstab(InputDataSet["customer"], InputDataSet["item"])
unit = table / np.sqrt((table ** 2).sum())
closeness = unit.T.dot(unit[item]).drop(item).sort_values(ascending=False).head(n)
OutputDataSet = closeness.round(4).reset_index()
',
    @input_data_1 = N'SELECT customer, item FROM dbo.Baskets',
    @params = N'@item nvarchar(10), @n int', @item = @item, @n = @n
WITH RESULT SETS ((item nvarchar(10), closeness float));
GO
EXEC dbo.Recommend N'tea';
EXEC dbo.Recommend @item = N'bread', @n = 2;
-- expect: set item, closeness
-- expect: ('milk', 0.866)
-- expect: set item, closeness
-- expect: ('milk', 0.4082)
-- expect: ('tea', 0.3536)
GO
