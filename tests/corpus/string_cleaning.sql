-- Title: Names, phone numbers and spaces cleaned with pandas and regular expressions
-- Derived: by hand
CREATE TABLE dbo.Contacts (id int NOT NULL, name nvarchar(40) NULL, phone varchar(30) NULL);
INSERT INTO dbo.Contacts VALUES
    (1, N'  smith,   ANNA ', '+49 (30) 123-4567'), (2, N'o''neil, pat', '030/7654321'), (3, N'Müller,Jörg', NULL),
    (4, NULL, 'none');
GO
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import re

def tidy_name(text):
    if text is None or text != text:
        return None
    last, first = [part.strip() for part in text.split(",")]
    return first.title() + " " + re.sub(r"\w+", lambda found: found.group(0).capitalize(), last)

def digits(text):
    found = "" if text is None or text != text else re.sub(r"\D", "", text)
    return found or None

frame = InputDataSet
frame["name"] = [tidy_name(text) for text in frame["name"]]
frame["phone"] = [digits(text) for text in frame["phone"]]
OutputDataSet = frame
',
    @input_data_1 = N'SELECT id, name, phone FROM dbo.Contacts ORDER BY id'
WITH RESULT SETS ((id int, name nvarchar(40), phone varchar(20)));
-- expect: set id, name, phone
-- expect: (1, 'Anna Smith', '49301234567')
-- expect: (2, "Pat O'Neil", '0307654321')
-- expect: (3, 'Jörg Müller', None)
-- expect: (4, None, None)
GO
