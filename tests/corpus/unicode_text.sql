-- Title: Text of several scripts and emoji through a script and back
-- Derived: by hand; Python counts code points, and the ones beyond U+FFFF count once
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import unicodedata
frame = InputDataSet
frame["length"] = [len(text) for text in frame["word"]]
frame["plain"] = [unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii") for text in frame["word"]]
frame["back"] = [text[::-1] for text in frame["word"]]
OutputDataSet = frame[["n", "length", "plain", "back"]]
',
    @input_data_1 = N'SELECT n, word FROM (VALUES (1, N''Ångström''), (2, N''日本語''), (3, N''a😀b''), (4, N'''')) AS v (n, word) ORDER BY n'
WITH RESULT SETS ((n int, length int, plain varchar(20), back nvarchar(20)));
-- expect: set n, length, plain, back
-- expect: (1, 8, 'Angstrom', 'mörtsgnÅ')
-- expect: (2, 3, '', '語本日')
-- expect: (3, 3, 'ab', 'b😀a')
-- expect: (4, 0, '', '')
GO
