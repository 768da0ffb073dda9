-- Title: A script that hands its own failure back in an OUTPUT parameter
-- Derived: by hand
CREATE PROCEDURE dbo.Divide @over float, @result float OUTPUT, @failure nvarchar(max) OUTPUT AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import traceback
result, failure = None, None
try:
    result = 10 / over
except ZeroDivisionError:
    failure = traceback.format_exc()
',
    @params = N'@over float, @result float OUTPUT, @failure nvarchar(max) OUTPUT',
    @over = @over, @result = @result OUTPUT, @failure = @failure OUTPUT;
GO
DECLARE @result float, @failure nvarchar(max);
EXEC dbo.Divide 4, @result OUTPUT, @failure OUTPUT;
SELECT @result AS result, @failure AS failure;
EXEC dbo.Divide 0, @result OUTPUT, @failure OUTPUT;
SELECT @result AS result, CASE WHEN @failure LIKE N'Traceback%ZeroDivisionError%' THEN 1 ELSE 0 END AS told;
IF @failure IS NOT NULL THROW 50001, N'the division failed', 1;
-- expect: set result, failure
-- expect: (2.5, None)
-- expect: set result, told
-- expect: (None, 1)
-- expect: error 50001 'the division failed'
GO
