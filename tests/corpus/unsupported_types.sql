-- Title: Types that have to be CAST before they go into a script
-- Derived: by hand, by the documented lists and the texts of 39017 and 39018
CREATE TABLE dbo.Invoices (id int NOT NULL, amount decimal(10, 2) NOT NULL, paid datetime2(3) NOT NULL);
INSERT INTO dbo.Invoices VALUES (1, 19.90, '2024-03-01T10:00:00.125'), (2, 0.10, '2024-03-02T11:30:00');
GO
EXEC sp_execute_external_script
    @language = N'Python', @script = N'OutputDataSet = InputDataSet',
    @input_data_1 = N'SELECT id, paid FROM dbo.Invoices';
-- expect: error 39017
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
frame = InputDataSet
frame["cents"] = (frame["amount"] * 100).round().astype(int)
OutputDataSet = frame
',
    @input_data_1 = N'SELECT id, CAST(amount AS float) AS amount, CAST(paid AS datetime) AS paid FROM dbo.Invoices ORDER BY id'
WITH RESULT SETS ((id int, amount float, paid datetime, cents int));
-- expect: set id, amount, paid, cents
-- expect: (1, 19.9, '2024-03-01T10:00:00.127000', 1990)
-- expect: (2, 0.1, '2024-03-02T11:30:00', 10)
GO
DECLARE @at datetime2 = '2024-03-01';
EXEC sp_execute_external_script
    @language = N'Python', @script = N'print(at)', @params = N'@at datetime2', @at = @at;
-- expect: error 39018
GO
