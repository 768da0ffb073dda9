-- Title: Features by a scalar function and a table function around it, in the query of a script
-- Derived: by hand; 3-4-5 triangles
CREATE FUNCTION dbo.FlatDistance (@x1 float, @y1 float, @x2 float, @y2 float) RETURNS float AS
BEGIN
    DECLARE @sum float = SQUARE(@x2 - @x1) + SQUARE(@y2 - @y1);
    RETURN SQRT(@sum);
END;
GO
CREATE FUNCTION dbo.RouteFeatures (@x1 float, @y1 float, @x2 float, @y2 float, @minutes int) RETURNS TABLE AS RETURN
SELECT dbo.FlatDistance(@x1, @y1, @x2, @y2) AS distance, @minutes AS minutes;
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
InputDataSet["speed"] = InputDataSet["distance"] / InputDataSet["minutes"]
OutputDataSet = InputDataSet
',
    @input_data_1 = N'
SELECT f.distance, f.minutes FROM (VALUES (1, 0, 0, 3, 4, 10), (2, 1, 1, 7, 9, 20)) AS v (n, x1, y1, x2, y2, minutes)
CROSS APPLY dbo.RouteFeatures(v.x1, v.y1, v.x2, v.y2, v.minutes) AS f ORDER BY v.n'
WITH RESULT SETS ((distance float, minutes int, speed float));
-- expect: set distance, minutes, speed
-- expect: (5.0, 10, 0.5)
-- expect: (10.0, 20, 0.5)
GO
