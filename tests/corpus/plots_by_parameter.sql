-- Title: Several plots at once: one pickled figure and one SVG in OUTPUT parameters, the figure saved by a later call
-- Derived: by hand; the figure has one line of four points, the later file is a PNG of 100 by 100 dots
DECLARE @figure varbinary(max), @svg nvarchar(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import pickle
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
drawn = plt.figure(figsize=(2, 2), dpi=50)
axes = drawn.add_subplot(1, 1, 1)
axes.plot(InputDataSet["x"], InputDataSet["y"])
figure = pickle.dumps(drawn)
text = io.StringIO()
drawn.savefig(text, format="svg")
svg = text.getvalue()
',
    @input_data_1 = N'SELECT CAST(x AS float) AS x, CAST(x * x AS float) AS y FROM (VALUES (0), (1), (2), (3)) AS v (x) ORDER BY x',
    @params = N'@figure varbinary(max) OUTPUT, @svg nvarchar(max) OUTPUT', @figure = @figure OUTPUT, @svg = @svg OUTPUT;
SELECT CASE WHEN @svg LIKE N'%<svg%</svg>%' THEN 1 ELSE 0 END AS is_svg;
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import pickle
import matplotlib
matplotlib.use("Agg")
import pandas as pd
drawn = pickle.loads(figure)
line, = drawn.axes[0].lines
file = io.BytesIO()
drawn.savefig(file, format="png")
OutputDataSet = pd.DataFrame({"points": [len(line.get_xdata())], "top": [float(max(line.get_ydata()))],
                              "size": [file.getvalue()[16:24]]})[["points", "top", "size"]]
',
    @params = N'@figure varbinary(max)', @figure = @figure
WITH RESULT SETS ((points int, top_value float, size varbinary(8)));
-- expect: set is_svg
-- expect: (1,)
-- expect: set points, top_value, size
-- expect: (4, 9.0, b'\x00\x00\x00d\x00\x00\x00d')
GO
