-- Title: TRY and CATCH around a script, in a transaction that goes on
-- Derived: by hand; CATCH sees the last error of several, which is 39004
CREATE TABLE dbo.Attempts (n int NOT NULL, outcome nvarchar(20) NOT NULL);
GO
BEGIN TRANSACTION;
INSERT INTO dbo.Attempts VALUES (1, N'begun');
BEGIN TRY
    EXEC sp_execute_external_script @language = N'Python', @script = N'result = 1 / 0';
    INSERT INTO dbo.Attempts VALUES (2, N'not reached');
END TRY
BEGIN CATCH
    INSERT INTO dbo.Attempts VALUES (3, CAST(ERROR_NUMBER() AS nvarchar(20)));
END CATCH;
COMMIT TRANSACTION;
SELECT n, outcome FROM dbo.Attempts ORDER BY n;
-- expect: message 39019 'An external script error occurred:'
-- expect: message 39019 'Traceback (most recent call last):'
-- expect: message 39019 'line 1'
-- expect: message 39019 'ZeroDivisionError: division by zero'
-- expect: set n, outcome
-- expect: (1, 'begun')
-- expect: (3, '39004')
GO
BEGIN TRY
    EXEC sp_execute_external_script @language = N'Python', @script = N'
def check(rows):
    if not rows:
        raise RuntimeError("nothing to score")

check([])
';
END TRY
BEGIN CATCH
    SELECT ERROR_NUMBER() AS number, ERROR_SEVERITY() AS severity;
END CATCH;
-- expect: message 39019 'line 6, in <module>'
-- expect: message 39019 'line 4, in check'
-- expect: message 39019 'RuntimeError: nothing to score'
-- expect: set number, severity
-- expect: (39004, 16)
GO
