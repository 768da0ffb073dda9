-- Title: A stored procedure around a script, with parameters of its own and defaults
-- Derived: by hand; 20 degrees Celsius are 68 degrees Fahrenheit and 293.15 kelvin
CREATE PROCEDURE dbo.ConvertTemperature @celsius float, @scale nvarchar(10) = N'F', @places int = 1 AS
BEGIN
    SET NOCOUNT ON;
    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'
import pandas as pd
formulas = {"F": lambda c: c * 9 / 5 + 32, "K": lambda c: c + 273.15}
OutputDataSet = pd.DataFrame({"scale": [scale], "value": [round(formulas[scale](celsius), places)]})
',
        @params = N'@celsius float, @scale nvarchar(10), @places int',
        @celsius = @celsius, @scale = @scale, @places = @places
    WITH RESULT SETS ((scale nvarchar(10), value float));
END;
GO
EXEC dbo.ConvertTemperature 20;
EXEC dbo.ConvertTemperature @celsius = -40, @scale = N'F', @places = 0;
EXEC dbo.ConvertTemperature @celsius = 20, @scale = N'K', @places = 2;
-- expect: set scale, value
-- expect: ('F', 68.0)
-- expect: set scale, value
-- expect: ('F', -40.0)
-- expect: set scale, value
-- expect: ('K', 293.15)
GO
EXEC dbo.ConvertTemperature @celsius = 20, @scale = N'X';
-- expect: error 39004
GO
