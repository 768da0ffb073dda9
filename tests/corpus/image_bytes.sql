-- Title: An image made, stored, opened and measured with Pillow
-- Derived: by hand; an 8 by 4 image, left half red and right half blue, so two colours of 16 dots each
CREATE TABLE dbo.Images (name nvarchar(20) NOT NULL PRIMARY KEY, content varbinary(max) NOT NULL);
GO
DECLARE @content varbinary(max);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
from PIL import Image
image = Image.new("RGB", (8, 4), (255, 0, 0))
image.paste((0, 0, 255), (4, 0, 8, 4))
file = io.BytesIO()
image.save(file, format="PNG")
content = file.getvalue()
',
    @params = N'@content varbinary(max) OUTPUT', @content = @content OUTPUT;
INSERT INTO dbo.Images VALUES (N'halves', @content);
SELECT SUBSTRING(content, 2, 3) AS kind FROM dbo.Images;
-- expect: set kind
-- expect: (b'PNG',)
GO
DECLARE @content varbinary(max) = (SELECT content FROM dbo.Images WHERE name = N'halves');
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import io
import numpy as np
import pandas as pd
from PIL import Image
dots = np.asarray(Image.open(io.BytesIO(content))).reshape(-1, 3)
colours, counts = np.unique(dots, axis=0, return_counts=True)
OutputDataSet = pd.DataFrame(colours.astype("int32"), columns=["red", "green", "blue"])
OutputDataSet["n"] = counts
',
    @params = N'@content varbinary(max)', @content = @content
WITH RESULT SETS ((red int, green int, blue int, n int));
-- expect: set red, green, blue, n
-- expect: (0, 0, 255, 16)
-- expect: (255, 0, 0, 16)
GO
