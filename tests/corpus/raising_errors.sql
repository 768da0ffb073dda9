-- Title: A script that raises, one that does not parse, and what comes after
-- Derived: by hand
EXEC sp_execute_external_script @language = N'Python', @script = N'
limit = 3
raise ValueError("more than %d rows" % limit)
';
-- expect: error 39004 "A 'Python' script error occurred during execution of 'sp_execute_external_script'"
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'
for n in range(3)
    print(n)
';
-- expect: error 39004
GO
EXEC sp_execute_external_script @language = N'Python', @script = N'
import a_module_that_nobody_has_installed
';
-- expect: error 39004
GO
SELECT 1 AS alive;
-- expect: set alive
-- expect: (1,)
GO
