-- Title: Customers clustered by their returns with k-means, in a procedure over a query of ratios
-- Derived: in this process, by construction: three groups of 40 customers that lie far apart, found again by hand
CREATE TABLE dbo.ShopOrders (customer int NOT NULL, items int NOT NULL, spent float NOT NULL);
CREATE TABLE dbo.ShopReturns (customer int NOT NULL, items int NOT NULL);
WITH digits AS (SELECT v FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (v)),
    numbers AS (SELECT a.v + 10 * b.v + 100 * c.v AS n FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c)
INSERT INTO dbo.ShopOrders
SELECT n % 120, 10 + n % 3, CASE n % 120 / 40 WHEN 0 THEN 20 WHEN 1 THEN 500 ELSE 90 END + n % 7 FROM numbers WHERE n < 480;
INSERT INTO dbo.ShopReturns
SELECT customer, CASE WHEN customer / 40 = 2 THEN items / 2 ELSE 1 END FROM dbo.ShopOrders WHERE customer / 40 <> 0;
GO
CREATE PROCEDURE dbo.ClusterCustomers AS
BEGIN
    DECLARE @query nvarchar(max) = N'
SELECT o.customer, o.spent, CASE WHEN r.items IS NULL THEN 0 ELSE CAST(r.items AS float) / o.items END AS returned,
    CAST(o.orders AS int) AS orders
FROM (SELECT customer, SUM(spent) AS spent, SUM(items) AS items, COUNT(*) AS orders FROM dbo.ShopOrders GROUP BY customer) AS o
LEFT JOIN (SELECT customer, SUM(items) AS items FROM dbo.ShopReturns GROUP BY customer) AS r ON r.customer = o.customer
ORDER BY o.customer';
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pandas as pd
from sklearn.cluster import KMeans
columns = ["spent", "returned", "orders"]
scaled = (customers[columns] - customers[columns].mean()) / customers[columns].std().replace(0, 1)
labels = KMeans(n_clusters=3, n_init=10, random_state=5).fit_predict(scaled)
groups = customers.assign(label=labels).groupby("label")
table = pd.DataFrame({"n": groups.size(), "first": groups["customer"].min(), "last": groups["customer"].max(),
                      "spent": groups["spent"].mean(), "returned": groups["returned"].mean()})
OutputDataSet = table.sort_values("first")
',
        @input_data_1 = @query, @input_data_1_name = N'customers'
    WITH RESULT SETS ((n int, first_customer int, last_customer int, spent float, returned float));
END;
GO
EXEC dbo.ClusterCustomers;
-- expect: derived n, first_customer, last_customer, spent, returned
GO
