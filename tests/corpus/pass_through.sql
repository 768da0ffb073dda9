-- Title: A query in, the same rows out, with and without names
-- Derived: by hand
CREATE TABLE dbo.Fruit (id int NOT NULL PRIMARY KEY, name nvarchar(20) NOT NULL, kilos float NULL);
INSERT INTO dbo.Fruit (id, name, kilos) VALUES (1, N'apple', 12.5), (2, N'pear', NULL), (3, N'quince', 0.25);
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'OutputDataSet = InputDataSet',
    @input_data_1 = N'SELECT id, name, kilos FROM dbo.Fruit ORDER BY id';
-- expect: set
-- expect: (1, 'apple', 12.5)
-- expect: (2, 'pear', None)
-- expect: (3, 'quince', 0.25)
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'OutputDataSet = InputDataSet[["name", "id"]]',
    @input_data_1 = N'SELECT id, name, kilos FROM dbo.Fruit ORDER BY id'
WITH RESULT SETS ((fruit nvarchar(20) NOT NULL, number int NOT NULL));
-- expect: set fruit, number
-- expect: ('apple', 1)
-- expect: ('pear', 2)
-- expect: ('quince', 3)
GO
-- Names, lengths and types are those of the clause, whatever the frame calls its columns.
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'OutputDataSet = InputDataSet',
    @input_data_1 = N'SELECT id, kilos FROM dbo.Fruit WHERE kilos IS NOT NULL ORDER BY id'
WITH RESULT SETS ((whole bigint, share real));
-- expect: set whole, share
-- expect: (1, 12.5)
-- expect: (3, 0.25)
GO
