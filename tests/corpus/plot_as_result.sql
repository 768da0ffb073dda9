-- Title: A histogram drawn with matplotlib, returned as varbinary(max) in a result set
-- Derived: by hand; a PNG file begins with eight fixed bytes, then the length and name of its first chunk, IHDR, whose
-- first eight bytes are width and height: 4 by 3 inches at 50 dots an inch are 200 (0xC8) by 150 (0x96)
CREATE TABLE dbo.Heights (height float NOT NULL);
INSERT INTO dbo.Heights VALUES (1.62), (1.75), (1.80), (1.71), (1.69), (1.93);
GO
CREATE PROCEDURE dbo.PlotHeights AS
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
figure, axes = plt.subplots(figsize=(4, 3), dpi=50)
counts, edges, bars = axes.hist(people["height"], bins=[1.6, 1.7, 1.8, 1.9, 2.0])
axes.set_title("heights")
file = io.BytesIO()
figure.savefig(file, format="png")
plt.close(figure)
OutputDataSet = pd.DataFrame({"plot": [file.getvalue()], "largest": [int(max(counts))]})[["plot", "largest"]]
',
    @input_data_1 = N'SELECT height FROM dbo.Heights', @input_data_1_name = N'people'
WITH RESULT SETS ((plot varbinary(max), largest_bar int));
GO
CREATE TABLE #plots (plot varbinary(max) NOT NULL, largest_bar int NOT NULL);
INSERT INTO #plots EXEC dbo.PlotHeights;
SELECT SUBSTRING(plot, 1, 16) AS head, SUBSTRING(plot, 17, 8) AS size, largest_bar,
    CASE WHEN DATALENGTH(plot) > 1000 THEN 1 ELSE 0 END AS drawn FROM #plots;
-- expect: set head, size, largest_bar, drawn
-- expect: (b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR', b'\x00\x00\x00\xc8\x00\x00\x00\x96', 2, 1)
GO
