-- Title: Grouping, joining and ranking in pandas
-- Derived: by hand
CREATE TABLE dbo.Orders (customer int NOT NULL, amount float NOT NULL);
INSERT INTO dbo.Orders VALUES (1, 10), (2, 4), (1, 30), (3, 8), (2, 6), (1, 20);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
totals = InputDataSet.groupby("customer")["amount"].agg(["sum", "mean", "max", "count"]).reset_index()
frame = InputDataSet.merge(totals, on="customer")
frame["share"] = frame["amount"] / frame["sum"]
largest = frame[frame["amount"] == frame["max"]].sort_values("customer")
largest["count"] = largest["count"].astype("int32")
OutputDataSet = largest[["customer", "count", "sum", "mean", "share"]]
',
    @input_data_1 = N'SELECT customer, amount FROM dbo.Orders'
WITH RESULT SETS ((customer int, orders int, total float, average float, largest_share float));
-- expect: set customer, orders, total, average, largest_share
-- expect: (1, 3, 60.0, 20.0, 0.5)
-- expect: (2, 2, 10.0, 5.0, 0.6)
-- expect: (3, 1, 8.0, 8.0, 1.0)
GO
