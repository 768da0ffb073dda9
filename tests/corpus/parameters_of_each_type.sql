-- Title: A parameter of each type that Python scripts accept, and what it is in Python
-- Derived: by hand, by the documented table of types; int is int, text is str, dates are datetime
DECLARE @big bigint = 9007199254740992, @day date = '2024-02-29', @moment datetime = '2024-02-29T13:14:15',
    @minute smalldatetime = '2024-02-29T13:14:00', @key uniqueidentifier = '6F9619FF-8B86-D011-B42D-00C04FC964FF';
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd

def show(name, value):
    kind = type(value).__name__
    if kind == "Timestamp":
        kind = "datetime"
    return {"name": name, "kind": kind, "value": value.hex() if isinstance(value, bytes) else str(value)}

OutputDataSet = pd.DataFrame([
    show("bit", flag), show("tinyint", tiny), show("smallint", small), show("int", whole),
    show("bigint", float(big)), show("real", single), show("float", double),
    show("char", fixed.rstrip()), show("varchar", text), show("nvarchar", wide), show("uniqueidentifier", key.upper()),
    show("datetime", moment), show("smalldatetime", minute), show("date", day),
    show("varbinary", bytes(data)),
])[["name", "kind", "value"]]
',
    @params = N'@flag bit, @tiny tinyint, @small smallint, @whole int, @big bigint, @single real, @double float,
        @fixed char(5), @text varchar(20), @wide nvarchar(max), @key uniqueidentifier,
        @moment datetime, @minute smalldatetime, @day date, @data varbinary(max)',
    @flag = 1, @tiny = 255, @small = -32768, @whole = 2147483647, @big = @big, @single = 0.5, @double = 1.25,
    @fixed = 'ab', @text = 'plain', @wide = N'Größe 東京', @key = @key,
    @moment = @moment, @minute = @minute, @day = @day, @data = 0x00FF10
WITH RESULT SETS ((name nvarchar(20), kind nvarchar(20), value nvarchar(60)));
-- expect: set name, kind, value
-- expect: ('bit', 'bool', 'True')
-- expect: ('tinyint', 'int', '255')
-- expect: ('smallint', 'int', '-32768')
-- expect: ('int', 'int', '2147483647')
-- expect: ('bigint', 'float', '9007199254740992.0')
-- expect: ('real', 'float', '0.5')
-- expect: ('float', 'float', '1.25')
-- expect: ('char', 'str', 'ab')
-- expect: ('varchar', 'str', 'plain')
-- expect: ('nvarchar', 'str', 'Größe 東京')
-- expect: ('uniqueidentifier', 'str', '6F9619FF-8B86-D011-B42D-00C04FC964FF')
-- expect: ('datetime', 'datetime', '2024-02-29 13:14:15')
-- expect: ('smalldatetime', 'datetime', '2024-02-29 13:14:00')
-- expect: ('date', 'datetime', '2024-02-29 00:00:00')
-- expect: ('varbinary', 'bytes', '00ff10')
GO
