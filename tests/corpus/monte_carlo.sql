-- Title: A simulation with a seed of its own: the number pi by chance, twice alike
-- Derived: in this process, by numpy's legacy generator, whose stream is fixed by its documentation
CREATE PROCEDURE dbo.EstimatePi @n int, @seed int, @pi float OUTPUT AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import numpy as np
random = np.random.RandomState(seed)
inside = (random.uniform(size=n) ** 2 + random.uniform(size=n) ** 2 <= 1).sum()
pi = 4.0 * inside / n
',
    @params = N'@n int, @seed int, @pi float OUTPUT', @n = @n, @seed = @seed, @pi = @pi OUTPUT;
GO
DECLARE @first float, @second float, @other float;
EXEC dbo.EstimatePi 20000, 1, @first OUTPUT;
EXEC dbo.EstimatePi 20000, 1, @second OUTPUT;
EXEC dbo.EstimatePi 20000, 2, @other OUTPUT;
SELECT @first AS first, @second AS second, @other AS other;
-- expect: derived first, second, other
GO
