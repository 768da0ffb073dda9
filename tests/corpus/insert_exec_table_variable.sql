-- Title: INSERT ... EXEC into a table variable
-- Derived: by hand
DECLARE @primes TABLE (n int PRIMARY KEY);
INSERT INTO @primes
EXEC sp_execute_external_script @language = N'Python', @script = N'
import pandas as pd
found = [n for n in range(2, 20) if all(n % d for d in range(2, n))]
OutputDataSet = pd.DataFrame({"n": found})
';
SELECT COUNT(*) AS n_primes, MAX(n) AS largest FROM @primes;
-- expect: set n_primes, largest
-- expect: (8, 19)
GO
