-- Title: XML passed as text and read with ElementTree
-- Derived: by hand
DECLARE @document nvarchar(max) = N'<order no="17"><line sku="A1" n="2">bolt &amp; nut</line><line sku="B2" n="5"/></order>';
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import pandas as pd
from xml.etree import ElementTree
root = ElementTree.fromstring(document)
rows = [(root.get("no"), line.get("sku"), int(line.get("n")), line.text) for line in root.iter("line")]
OutputDataSet = pd.DataFrame(rows, columns=["no", "sku", "n", "text"])
',
    @params = N'@document nvarchar(max)', @document = @document
WITH RESULT SETS ((order_no nvarchar(10), sku nvarchar(10), n int, text nvarchar(30)));
-- expect: set order_no, sku, n, text
-- expect: ('17', 'A1', 2, 'bolt & nut')
-- expect: ('17', 'B2', 5, None)
GO
