-- Title: OUTPUT parameters of each type, and no data set at all
-- Derived: by hand
DECLARE @flag bit, @tiny tinyint, @small smallint, @whole int, @big bigint, @single real, @double float,
    @text varchar(20), @wide nvarchar(max), @moment datetime, @data varbinary(max), @short nvarchar(3);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import datetime
flag = True
tiny = 7
small = -7
whole = 2 ** 31 - 1
big = 2.0 ** 40
single = 0.25
double = 1 / 3
text = "short"
wide = "x" * 5000 + "\u00fc"
moment = datetime.datetime(2023, 12, 31, 23, 59, 58)
data = bytes(range(4))
short = "abc"
',
    @params = N'@flag bit OUTPUT, @tiny tinyint OUTPUT, @small smallint OUTPUT, @whole int OUTPUT, @big bigint OUTPUT,
        @single real OUTPUT, @double float OUTPUT, @text varchar(20) OUTPUT, @wide nvarchar(max) OUTPUT,
        @moment datetime OUT, @data varbinary(max) OUT, @short nvarchar(3) OUT',
    @flag = @flag OUTPUT, @tiny = @tiny OUTPUT, @small = @small OUTPUT, @whole = @whole OUTPUT, @big = @big OUTPUT,
    @single = @single OUTPUT, @double = @double OUTPUT, @text = @text OUTPUT, @wide = @wide OUTPUT,
    @moment = @moment OUTPUT, @data = @data OUTPUT, @short = @short OUTPUT;
SELECT @flag AS flag, @tiny AS tiny, @small AS small, @whole AS whole, @big AS big, @single AS single,
    @double AS [double], @text AS text, LEN(@wide) AS wide, RIGHT(@wide, 1) AS last, @moment AS moment, @data AS data,
    @short AS short;
-- expect: set flag, tiny, small, whole, big, single, double, text, wide, last, moment, data, short
-- expect: (True, 7, -7, 2147483647, 1099511627776, 0.25, 0.3333333333333333, 'short', 5001, 'ü', '2023-12-31T23:59:58', b'\x00\x01\x02\x03', 'abc')
GO
