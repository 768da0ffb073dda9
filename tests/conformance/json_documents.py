"""JSON in queries: JSON_VALUE and its kin, OPENJSON, FOR JSON."""

from __future__ import annotations

from tests.conformance.form import Page, batch, fails, gives, holds, page, query, raises

INFO = '{"info":{"type":1,"address":{"town":"Bristol","county":"Avon","country":"England"},' \
       '"tags":["Sport","Water polo"]},"type":"Basic"}'  # fmt: skip
TOWNS = '{"info":{"address":[{"town":"Paris"},{"town":"London"}]}}'
JOHN = '{"name":"John","skills":["C#","SQL"]}'
ORDERS = """N'[
  {"Order": {"Number":"SO43659", "Date":"2011-05-31T00:00:00"}, "AccountNumber":"AW29825",
   "Item": {"Price":2024.9940, "Quantity":1}},
  {"Order": {"Number":"SO43661", "Date":"2011-06-01T00:00:00"}, "AccountNumber":"AW73565",
   "Item": {"Price":2024.9940, "Quantity":3}}]'"""
PEOPLE = "(VALUES (1, 'Ken', 'Sanchez', NULL, 'J'), (3, 'Roberto', 'Tamburello', NULL, NULL), " \
         "(5, 'Gail', 'Erickson', 'Ms.', 'A')) AS p(id, f, l, t, m)"  # fmt: skip

VALUES = [
    page("t-sql/functions/json-value-transact-sql",
         gives(f"JSON_VALUE(N'{INFO}', '$')", None),
         raises(f"JSON_VALUE(N'{INFO}', 'strict $')", 13623),
         gives(f"JSON_VALUE(N'{INFO}', '$.info.type')", "1"),
         gives(f"JSON_VALUE(N'{INFO}', 'strict $.info.type')", "1"),
         gives(f"JSON_VALUE(N'{INFO}', '$.info.address.town')", "Bristol"),
         gives(f"JSON_VALUE(N'{INFO}', 'strict $.info.address.town')", "Bristol"),
         gives(f"""JSON_VALUE(N'{INFO}', '$.info."address"')""", None),
         raises(f"""JSON_VALUE(N'{INFO}', 'strict $.info."address"')""", 13623),
         gives(f"JSON_VALUE(N'{INFO}', '$.info.tags')", None),
         raises(f"JSON_VALUE(N'{INFO}', 'strict $.info.tags')", 13623),
         gives(f"JSON_VALUE(N'{INFO}', '$.info.type[0]')", None),
         raises(f"JSON_VALUE(N'{INFO}', 'strict $.info.type[0]')", 13608),
         gives(f"JSON_VALUE(N'{INFO}', '$.info.none')", None),
         raises(f"JSON_VALUE(N'{INFO}', 'strict $.info.none')", 13608),
         gives(f"JSON_VALUE(N'{TOWNS}', '$.info.address[0].town')", "Paris"),
         gives(f"JSON_VALUE(N'{TOWNS}', '$.info.address[1].town')", "London"),
         gives(f"JSON_VALUE(N'{TOWNS}', 'lax $.info.address[1].town')", "London"),
         gives("JSON_VALUE(N'{\"a\":1.50}', '$.a')", "1.50"),
         gives("JSON_VALUE(N'{\"a\":1e3}', '$.a')", "1e3"),
         gives("JSON_VALUE(N'{\"a\":true}', '$.a')", "true"),
         gives("JSON_VALUE(N'{\"a\":null}', '$.a')", None),
         gives("JSON_VALUE(N'{\"a\":\"x\\\"y\\u0041\"}', '$.a')", 'x"yA'),
         gives("JSON_VALUE(NULL, '$.a')", None),
         gives("LEN(JSON_VALUE(N'{\"a\":\"' + REPLICATE(CAST('x' AS nvarchar(max)), 4000) + N'\"}', '$.a'))", 4000),
         gives("JSON_VALUE(N'{\"a\":\"' + REPLICATE(CAST('x' AS nvarchar(max)), 4001) + N'\"}', '$.a')", None),
         raises("JSON_VALUE(N'{\"a\":\"' + REPLICATE(CAST('x' AS nvarchar(max)), 4001) + N'\"}', 'strict $.a')", 13625),
         gives("JSON_VALUE(N'{\"a\":1, x}', '$.a')", "1"),
         raises("JSON_VALUE(N'{\"a\":1, x}', '$.b')", 13609),
         raises("JSON_VALUE(N'text', '$.a')", 13609),
         raises("JSON_VALUE(N'{\"a\":1}', 'a')", 13607),
         raises("JSON_VALUE(N'{\"a\":1}', '$.a b')", 13607),
         batch("the path of JSON_VALUE may be a variable",
               "DECLARE @p nvarchar(20) = N'$.a'; SELECT JSON_VALUE(N'{\"a\":5}', @p)", [("5",)])),
    page("relational-databases/json/json-path-expressions-sql-server",
         gives("""JSON_VALUE(N'{"people":[{"name":"John","surname":"Doe"},{"name":"Jane","surname":null,"active":true}]}',
               '$.people[0].name')""", "John"),
         gives("""JSON_QUERY(N'{"people":[{"name":"John"},{ "name": "Jane", "surname": null, "active": true }]}',
               '$.people[1]')""", '{ "name": "Jane", "surname": null, "active": true }'),
         gives("""JSON_VALUE(N'{"people":[{"name":"John"},{"name":"Jane","surname":null}]}', '$.people[1].surname')""",
               None),
         gives("""JSON_VALUE(N'{"first name":"x"}', '$."first name"')""", "x"),
         gives("""JSON_VALUE(N'{"$info":{"First Name":{"value":7}}}', '$."$info"."First Name".value')""", "7"),
         gives("""JSON_VALUE(N'{"person":{"info":{"name":"John", "name":"Jack"}}}', '$.person.info.name')""", "John"),
         query("""SELECT value FROM OPENJSON(N'{"person":{"info":{"name":"John", "name":"Jack"}}}', '$.person.info')""",
               ("John",), ("Jack",), ordered=False),
         gives("""JSON_VALUE(N'{"Name":"x"}', '$.name')""", None)),
    page("t-sql/functions/json-query-transact-sql",
         gives(f"JSON_QUERY(N'{INFO}', '$')", INFO),
         gives(f"JSON_QUERY(N'{INFO}', 'strict $')", INFO),
         gives(f"JSON_QUERY(N'{INFO}', '$.info.type')", None),
         raises(f"JSON_QUERY(N'{INFO}', 'strict $.info.type')", 13624),
         gives(f"JSON_QUERY(N'{INFO}', '$.info.address.town')", None),
         gives(f"""JSON_QUERY(N'{INFO}', '$.info."address"')""",
               '{"town":"Bristol","county":"Avon","country":"England"}'),
         gives(f"JSON_QUERY(N'{INFO}', '$.info.tags')", '["Sport","Water polo"]'),
         gives(f"JSON_QUERY(N'{INFO}', '$.info.type[0]')", None),
         raises(f"JSON_QUERY(N'{INFO}', 'strict $.info.type[0]')", 13608),
         gives(f"JSON_QUERY(N'{INFO}', '$.info.none')", None),
         raises(f"JSON_QUERY(N'{INFO}', 'strict $.info.none')", 13608),
         gives("JSON_QUERY(N'{\"a\":[1,2]}')", '{"a":[1,2]}'),
         gives("JSON_QUERY(N'{\"a\": [ 1, 2.50 ]}', '$.a')", "[ 1, 2.50 ]"),
         gives("JSON_QUERY(NULL)", None)),
    page("t-sql/functions/isjson-transact-sql",
         gives("ISJSON('{\"a\":1}')", 1), gives("ISJSON('[1,2]')", 1), gives("ISJSON('true')", 0),
         gives("ISJSON('test string')", 0), gives("ISJSON(NULL)", None), gives("ISJSON('')", 0),
         gives("ISJSON('{\"a\":1,\"a\":2}')", 1), gives("ISJSON('{a:1}')", 0), gives("ISJSON('[1,]')", 0),
         gives("ISJSON('true', VALUE)", 1), gives("ISJSON('test string', VALUE)", 0),
         gives("ISJSON('\"test string\"', SCALAR)", 1), gives("ISJSON('[1]', ARRAY)", 1),
         gives("ISJSON('[1]', OBJECT)", 0), gives("ISJSON('{}', OBJECT)", 1), gives("ISJSON('12', SCALAR)", 1),
         raises("ISJSON('{}', THING)", 155),
         holds("ISJSON('[]') > 0"), holds("ISJSON('nothing') > 0", False)),
    page("t-sql/functions/json-path-exists-transact-sql",
         gives(f"CAST(JSON_PATH_EXISTS(N'{TOWNS}', '$.info.address') AS int)", 1),
         gives(f"CAST(JSON_PATH_EXISTS(N'{TOWNS}', '$.info.addresses') AS int)", 0),
         gives("CAST(JSON_PATH_EXISTS(NULL, '$.a') AS int)", None),
         gives("CAST(JSON_PATH_EXISTS(N'no json', '$.a') AS int)", 0)),
    page("t-sql/functions/json-modify-transact-sql",
         gives(f"JSON_MODIFY('{JOHN}', '$.name', 'Mike')", '{"name":"Mike","skills":["C#","SQL"]}'),
         gives(f"JSON_MODIFY('{JOHN}', '$.surname', 'Smith')",
               '{"name":"John","skills":["C#","SQL"],"surname":"Smith"}'),
         gives(f"JSON_MODIFY('{JOHN}', '$.name', NULL)", '{"skills":["C#","SQL"]}'),
         gives(f"JSON_MODIFY('{JOHN}', 'append $.skills', 'Azure')", '{"name":"John","skills":["C#","SQL","Azure"]}'),
         gives(f"JSON_MODIFY(JSON_MODIFY(JSON_MODIFY('{JOHN}','$.name','Mike'),'$.surname','Smith'),"
               "'append $.skills','Azure')", '{"name":"Mike","skills":["C#","SQL","Azure"],"surname":"Smith"}'),
         batch("JSON_MODIFY renames a key", """DECLARE @product NVARCHAR(100)='{"price":49.99}';
               SET @product = JSON_MODIFY(JSON_MODIFY(@product,'$.Price',
               CAST(JSON_VALUE(@product,'$.price') AS NUMERIC(4,2))),'$.price',NULL); SELECT @product""",
               [('{"Price":49.99}',)]),
         batch("JSON_MODIFY increments a value", """DECLARE @stats NVARCHAR(100)='{"click_count": 173}';
               SET @stats=JSON_MODIFY(@stats,'$.click_count',CAST(JSON_VALUE(@stats,'$.click_count') AS INT)+1);
               SELECT @stats""", [('{"click_count": 174}',)]),
         gives(f"""JSON_MODIFY('{JOHN}', '$.skills', '["C#","T-SQL","Azure"]')""",
               '{"name":"John","skills":"[\\"C#\\",\\"T-SQL\\",\\"Azure\\"]"}'),
         gives(f"""JSON_MODIFY('{JOHN}', '$.skills', JSON_QUERY('["C#","T-SQL","Azure"]'))""",
               '{"name":"John","skills":["C#","T-SQL","Azure"]}'),
         gives("JSON_MODIFY('{\"a\":1,\"b\":2}', '$.b', NULL)", '{"a":1}'),
         gives("JSON_MODIFY('{\"a\":1}', 'strict $.a', NULL)", '{"a":null}'),
         gives("JSON_MODIFY('{\"a\":1}', '$.b', NULL)", '{"a":1}'),
         raises("JSON_MODIFY('{\"a\":1}', 'strict $.b', 'x')", 13608),
         raises("JSON_MODIFY('{\"a\":1}', '$', 'x')", 13619),
         raises("JSON_MODIFY('{\"a\":1}', 'append strict $.a', 'x')", 13621),
         raises("JSON_MODIFY('no json', '$.a', 'x')", 13609),
         gives("JSON_MODIFY('{}', '$.user.setting.theme', 'x')", "{}"),
         gives("JSON_MODIFY('{\"a\":1}', '$.a', CAST(1 AS bit))", '{"a":true}'),
         gives("JSON_MODIFY('{\"a\":1}', '$.a', 2.50)", '{"a":2.50}'),
         gives("JSON_MODIFY('{}', '$.a', 'x\"/\\')", '{"a":"x\\"\\/\\\\"}'),
         gives("JSON_MODIFY('[1,2,3]', '$[1]', 9)", "[1,9,3]"),
         gives("JSON_MODIFY(NULL, '$.a', 1)", None),
         raises("JSON_MODIFY('{}', '$.a', CAST('20200101' AS date))", 8116)),
    page("t-sql/functions/json-object-transact-sql",
         gives("JSON_OBJECT()", "{}"),
         gives("JSON_OBJECT('name':'value', 'type':1)", '{"name":"value","type":1}'),
         gives("JSON_OBJECT('name':'value', 'type':NULL ABSENT ON NULL)", '{"name":"value"}'),
         gives("JSON_OBJECT('name':'value', 'type':NULL)", '{"name":"value","type":null}'),
         gives("JSON_OBJECT('name':'value', 'type':JSON_ARRAY(1, 2))", '{"name":"value","type":[1,2]}'),
         gives("JSON_OBJECT('name':'value', 'type':JSON_OBJECT('type_id':1, 'name':'a'))",
               '{"name":"value","type":{"type_id":1,"name":"a"}}'),
         batch("JSON_OBJECT of variables", "DECLARE @k nvarchar(10) = N'id', @v nvarchar(64) = N'x'; "
               "SELECT JSON_OBJECT('user_name':'dbo', @k:@v, 'sid':(SELECT 5))",
               [('{"user_name":"dbo","id":"x","sid":5}',)]),
         raises("JSON_OBJECT('a', 1)", 102)),
    page("t-sql/functions/json-array-transact-sql",
         gives("JSON_ARRAY()", "[]"),
         gives("JSON_ARRAY('a', 1, 'b', 2)", '["a",1,"b",2]'),
         gives("JSON_ARRAY('a', 1, 'b', NULL)", '["a",1,"b"]'),
         gives("JSON_ARRAY('a', 1, NULL, 2 NULL ON NULL)", '["a",1,null,2]'),
         gives("JSON_ARRAY('a', JSON_OBJECT('name':'value', 'type':1))", '["a",{"name":"value","type":1}]'),
         gives("JSON_ARRAY('a', JSON_OBJECT('name':'value', 'type':1), JSON_ARRAY(1, null, 2 NULL ON NULL))",
               '["a",{"name":"value","type":1},[1,null,2]]')),
]  # fmt: skip

OPENING = [
    page("t-sql/functions/openjson-transact-sql",
         query("""SELECT [key], value, CAST(type AS int) FROM OPENJSON(N'{"StringValue":"John", "IntValue":45,
               "TrueValue":true, "FalseValue":false, "NullValue":null, "ArrayValue":["a","r","r","a","y"],
               "ObjectValue":{"obj":"ect"}}')""",
               ("StringValue", "John", 1), ("IntValue", "45", 2), ("TrueValue", "true", 3), ("FalseValue", "false", 3),
               ("NullValue", None, 0), ("ArrayValue", '["a","r","r","a","y"]', 4), ("ObjectValue", '{"obj":"ect"}', 5),
               ordered=False),
         query("""SELECT [key], value FROM OPENJSON(N'{"path": {"to":{"sub-object":["en-GB","en-UK","de-AT"]}}}',
               '$.path.to."sub-object"')""", ("0", "en-GB"), ("1", "en-UK"), ("2", "de-AT"), ordered=False),
         query(f"SELECT Number, CONVERT(varchar(30), Date, 126), Customer, Quantity, [Order] FROM OPENJSON({ORDERS}) "
               "WITH ("
               "Number varchar(200) '$.Order.Number', Date datetime '$.Order.Date', Customer varchar(200) "
               "'$.AccountNumber', Quantity int '$.Item.Quantity', [Order] nvarchar(MAX) AS JSON)",
               ("SO43659", "2011-05-31T00:00:00", "AW29825", 1, '{"Number":"SO43659", "Date":"2011-05-31T00:00:00"}'),
               ("SO43661", "2011-06-01T00:00:00", "AW73565", 3, '{"Number":"SO43661", "Date":"2011-06-01T00:00:00"}'),
               ordered=False),
         query("""SELECT t.n, p.value FROM (VALUES (1, N'["Quality","Manufacturer"]'), (2, N'["Price"]')) AS t(n, r)
               CROSS APPLY OPENJSON(t.r) AS p""", (1, "Quality"), (1, "Manufacturer"), (2, "Price"), ordered=False),
         query("""SELECT t.n, p.value FROM (VALUES (1, N'["Quality","Manufacturer"]')) AS t(n, r)
               CROSS APPLY OPENJSON(t.r) WITH (value nvarchar(100) '$') AS p""",
               (1, "Quality"), (1, "Manufacturer"), ordered=False),
         query("""SELECT street, postcode, lon, lat FROM OPENJSON(N'{"location":{"street":"17991 Redmond Way",
               "postcode":"WA 98052","geo":{"longitude":47.666124,"latitude":-122.10155}}}', 'lax $.location')
               WITH (street varchar(500), postcode varchar(500) '$.postcode', lon float '$.geo.longitude',
               lat float '$.geo.latitude') AS location""", ("17991 Redmond Way", "WA 98052", 47.666124, -122.10155)),
         query("SELECT COUNT(*) FROM (VALUES (1), (3), (9)) AS p(id) JOIN OPENJSON(N'[1,2,3,4]') AS w ON p.id = "
               "w.value",
               (2,)),
         query("""SELECT * FROM (SELECT [key], value FROM OPENJSON(N'{"name": "John", "surname":"Doe"}') UNION ALL
               SELECT [key], value FROM OPENJSON(N'{"name": "John", "age":45}') WHERE [key] NOT IN
               (SELECT [key] FROM OPENJSON(N'{"name": "John", "surname":"Doe"}'))) AS m""",
               ("name", "John"), ("surname", "Doe"), ("age", "45"), ordered=False),
         query("SELECT COUNT(*) FROM OPENJSON(NULL)", (0,)),
         query("SELECT COUNT(*) FROM OPENJSON(N'{\"a\":1}', '$.b')", (0,)),
         query("SELECT COUNT(*) FROM OPENJSON(N'{\"a\":1}', '$.a')", (0,)),
         fails("SELECT * FROM OPENJSON(N'{\"a\":1}', 'strict $.b')", 13608),
         fails("SELECT * FROM OPENJSON(N'{\"a\":1}', 'strict $.a')", 13611),
         fails("SELECT * FROM OPENJSON(N'no json')", 13609),
         fails("SELECT * FROM OPENJSON(N'{}') WITH (a int AS JSON)", 13618),
         fails("SELECT * FROM OPENJSON(N'{}') WITH (a sql_variant)", 13614),
         query("SELECT a FROM OPENJSON(N'{\"a\":{\"b\":1}}') WITH (a nvarchar(max))", (None,)),
         query("SELECT a FROM OPENJSON(N'{\"a\":1}') WITH (a nvarchar(max) AS JSON)", (None,)),
         fails("SELECT a FROM OPENJSON(N'{\"a\":{\"b\":1}}') WITH (a nvarchar(max) 'strict $.a')", 13623),
         fails("SELECT a FROM OPENJSON(N'{\"a\":1}') WITH (a nvarchar(max) 'strict $.a' AS JSON)", 13624),
         fails("SELECT a FROM OPENJSON(N'{\"b\":1}') WITH (a int 'strict $.a')", 13608),
         query("SELECT a FROM OPENJSON(N'{\"A\":1}') WITH (a int)", (None,)),
         query("SELECT a, b FROM OPENJSON(N'[{\"a\": 1, \"b\": \"x\"}, {\"a\": 2}]') "
               "WITH (a int '$.a', b nvarchar(10) '$.b') ORDER BY a", (1, "x"), (2, None)),
         fails("SELECT a FROM OPENJSON(N'{\"a\":\"x\"}') WITH (a int)", 245),
         query("SELECT a FROM OPENJSON(N'{\"a\":true}') WITH (a bit)", (True,)),
         batch("OPENJSON with a variable as its path", "DECLARE @p nvarchar(9) = N'$.a'; "
               "SELECT value FROM OPENJSON(N'{\"a\":[7]}', @p)", [("7",)])),
    page("relational-databases/json/solve-common-issues-with-json-in-sql-server",
         query("SELECT LEN(myText) FROM OPENJSON(N'{\"description\":\"' + REPLICATE(CAST('x' AS nvarchar(max)), 5000) "
               "+ "
               "N'\"}') WITH (myText NVARCHAR(MAX) '$.description')", (5000,)),
         query("""SELECT value FROM OPENJSON(N'{"info":{"settings":{"color":"red","color":"blue","size":1}}}',
               '$.info.settings') WHERE [key] = 'color'""", ("red",), ("blue",), ordered=False),
         query("""SELECT 'Text' AS myText, '{"day":23}' AS myJson FOR JSON PATH""",
               ('[{"myText":"Text","myJson":"{\\"day\\":23}"}]',)),
         query("""SELECT 'Text' AS myText, JSON_QUERY('{"day":23}') AS myJson FOR JSON PATH""",
               ('[{"myText":"Text","myJson":{"day":23}}]',)),
         query("""SELECT 'Text' as myText, (SELECT 12 day, 8 mon FOR JSON PATH, WITHOUT_ARRAY_WRAPPER) as myJson
               FOR JSON PATH""", ('[{"myText":"Text","myJson":"{\\"day\\":12,\\"mon\\":8}"}]',)),
         query("""SELECT 'Text' as myText, JSON_QUERY((SELECT 12 day, 8 mon FOR JSON PATH, WITHOUT_ARRAY_WRAPPER))
               as myJson FOR JSON PATH""", ('[{"myText":"Text","myJson":{"day":12,"mon":8}}]',)),
         query("""SELECT t.n, (SELECT u.v FROM (VALUES (1, 'a'), (1, 'b')) AS u(n, v) WHERE u.n = t.n ORDER BY u.v
               FOR JSON PATH) AS inside FROM (VALUES (1), (2)) AS t(n) ORDER BY t.n FOR JSON PATH""",
               ('[{"n":1,"inside":[{"v":"a"},{"v":"b"}]},{"n":2}]',))),
]  # fmt: skip

WRITING = [
    page("relational-databases/json/format-nested-json-output-with-path-mode-sql-server",
         query("SELECT id AS Id, f AS FirstName, l AS LastName, t AS 'Info.Title', m AS 'Info.MiddleName' FROM "
               f"{PEOPLE} "
               "ORDER BY id FOR JSON PATH",
               ('[{"Id":1,"FirstName":"Ken","LastName":"Sanchez","Info":{"MiddleName":"J"}},'
                '{"Id":3,"FirstName":"Roberto","LastName":"Tamburello"},'
                '{"Id":5,"FirstName":"Gail","LastName":"Erickson","Info":{"Title":"Ms.","MiddleName":"A"}}]',)),
         query("SELECT n AS 'Order.Number', d AS 'Order.Date', p AS 'Product.Price', q AS 'Product.Quantity' FROM "
               "(VALUES ('SO43659', CAST('2011-05-31' AS datetime), CAST(2024.9940 AS decimal(9, 4)), 1), "
               "('SO43659', NULL, 2024.9940, NULL)) AS o(n, d, p, q) ORDER BY d DESC FOR JSON PATH",
               ('[{"Order":{"Number":"SO43659","Date":"2011-05-31T00:00:00"},"Product":{"Price":2024.9940,"Quantity":1}},'
                '{"Order":{"Number":"SO43659"},"Product":{"Price":2024.9940}}]',)),
         fails("SELECT 1 AS a, 2 AS a FOR JSON PATH", 13601),
         fails("SELECT 1 AS [a.b], 2 AS c, 3 AS [a.d] FOR JSON PATH", 13601),
         fails("SELECT 1 AS a, 2 AS [a.b] FOR JSON PATH", 13601),
         fails("SELECT 1 AS [a.] FOR JSON PATH", 13603),
         fails("SELECT 1 FOR JSON PATH", 13605)),
    page("relational-databases/json/format-json-output-automatically-with-auto-mode-sql-server",
         query(f"SELECT id AS Id, f AS FirstName, t AS 'Info.Title', m AS 'Info.MiddleName' FROM {PEOPLE} "
               "ORDER BY id FOR JSON AUTO",
               ('[{"Id":1,"FirstName":"Ken","Info.MiddleName":"J"},{"Id":3,"FirstName":"Roberto"},'
                '{"Id":5,"FirstName":"Gail","Info.Title":"Ms.","Info.MiddleName":"A"}]',)),
         query("SELECT H.n AS SalesOrderNumber, D.p AS UnitPrice, D.q AS OrderQty FROM (VALUES (1, 'SO43659'), "
               "(2, 'SO43660')) AS H(id, n) JOIN (VALUES (1, 24.99, 1), (2, 34.40, NULL), (2, 134.24, 5)) AS D(id, p, "
               "q) "
               "ON H.id = D.id ORDER BY H.id, D.p FOR JSON AUTO",
               ('[{"SalesOrderNumber":"SO43659","D":[{"UnitPrice":24.99,"OrderQty":1}]},'
                '{"SalesOrderNumber":"SO43660","D":[{"UnitPrice":34.40},{"UnitPrice":134.24,"OrderQty":5}]}]',)),
         fails("SELECT 1 AS a FOR JSON AUTO", 13600)),
    page("relational-databases/json/add-a-root-node-to-json-output-with-the-root-option-sql-server",
         query("SELECT 1 AS a FOR JSON PATH, ROOT('info')", ('{"info":[{"a":1}]}',)),
         query("SELECT 1 AS a FOR JSON PATH, ROOT", ('{"root":[{"a":1}]}',)),
         fails("SELECT 1 AS a FOR JSON PATH, ROOT('x'), WITHOUT_ARRAY_WRAPPER", 13620)),
    page("relational-databases/json/include-null-values-in-json-include-null-values-option",
         query("SELECT 'John' AS name, NULL AS surname FOR JSON PATH, INCLUDE_NULL_VALUES",
               ('[{"name":"John","surname":null}]',)),
         query("SELECT 'John' AS name, NULL AS surname FOR JSON PATH", ('[{"name":"John"}]',)),
         query("SELECT v AS 'a.b' FROM (VALUES (1), (NULL)) AS t(v) ORDER BY v FOR JSON PATH, INCLUDE_NULL_VALUES",
               ('[{"a":{"b":null}},{"a":{"b":1}}]',))),
    page("relational-databases/json/remove-square-brackets-from-json-without-array-wrapper-option",
         query("SELECT 2015 as year, 12 as month, 15 as day FOR JSON PATH, WITHOUT_ARRAY_WRAPPER",
               ('{"year":2015,"month":12,"day":15}',)),
         query("SELECT 2015 as year, 12 as month, 15 as day FOR JSON PATH", ('[{"year":2015,"month":12,"day":15}]',)),
         query("SELECT v FROM (VALUES (1), (2)) AS t(v) ORDER BY v FOR JSON PATH, WITHOUT_ARRAY_WRAPPER",
               ('{"v":1},{"v":2}',))),
    page("relational-databases/json/how-for-json-converts-sql-server-data-types-to-json-data-types-sql-server",
         query("SELECT CAST('x' AS char(3)) AS c, N'é' AS n, CAST(5 AS bigint) AS b, CAST(1.50 AS decimal(9, 2)) AS d, "
               "CAST(1 AS bit) AS t, CAST(0 AS bit) AS f FOR JSON PATH",
               ('[{"c":"x  ","n":"é","b":5,"d":1.50,"t":true,"f":false}]',)),
         query("SELECT CAST('2020-01-02' AS date) AS d, CAST('2020-01-02T03:04:05' AS datetime) AS dt, "
               "CAST('2020-01-02T03:04:05.120' AS datetime2(3)) AS d2 FOR JSON PATH",
               ('[{"d":"2020-01-02","dt":"2020-01-02T03:04:05","d2":"2020-01-02T03:04:05.120"}]',)),
         query("SELECT 0x0102 AS v FOR JSON PATH", ('[{"v":"AQI="}]',)),
         query("SELECT CAST('0e984725-c51c-4bf4-9960-e1c80e27aba0' AS uniqueidentifier) AS u FOR JSON PATH",
               ('[{"u":"0E984725-C51C-4BF4-9960-E1C80E27ABA0"}]',))),
    page("relational-databases/json/how-for-json-escapes-special-characters-and-control-characters-sql-server",
         query("SELECT 'a\"b\\c/d' AS v FOR JSON PATH", ('[{"v":"a\\"b\\\\c\\/d"}]',)),
         query("SELECT 'x' + CHAR(8) + CHAR(12) + CHAR(10) + CHAR(13) + CHAR(9) AS v FOR JSON PATH",
               ('[{"v":"x\\b\\f\\n\\r\\t"}]',)),
         query("SELECT CHAR(1) AS '1', CHAR(31) AS '31' FOR JSON PATH", ('[{"1":"\\u0001","31":"\\u001f"}]',)),
         query("SELECT 1 AS [KEY\\/\"] FOR JSON PATH", ('[{"KEY\\\\\\/\\"":1}]',))),
    page("relational-databases/json/format-query-results-as-json-with-for-json-sql-server",
         batch("FOR JSON in a variable", "DECLARE @j nvarchar(max) = (SELECT 1 AS a FOR JSON PATH); SELECT @j",
               [('[{"a":1}]',)]),
         query("SELECT v FROM (VALUES (1)) AS t(v) WHERE v > 9 FOR JSON PATH"),
         query("SELECT (SELECT v FROM (VALUES (1)) AS t(v) WHERE v > 9 FOR JSON PATH) AS x", (None,)),
         query("SELECT LEN((SELECT REPLICATE(CAST('x' AS varchar(max)), 5000) AS a FOR JSON PATH)) AS n", (5010,)),
         query("SELECT REPLICATE('x', 3000) AS a FOR JSON PATH",
               ('[{"a":"' + "x" * 2026,), ("x" * 974 + '"}]',)),
         fails("SELECT 1 AS a INTO #no FROM (VALUES (1)) AS t(v) FOR JSON PATH", 13602),
         query("SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a FOR JSON PATH", ('[{"a":1},{"a":2}]',)),
         query("SELECT TOP (2) v FROM (VALUES (3), (1), (2)) AS t(v) ORDER BY v FOR JSON PATH",
               ('[{"v":1},{"v":2}]',))),
    page("t-sql/functions/rowcount-transact-sql",
         batch("@@ROWCOUNT after FOR JSON counts the rows read",
               "SELECT a FROM (VALUES (1), (2), (3)) AS t(a) FOR JSON PATH; SELECT @@ROWCOUNT",
               [('[{"a":1},{"a":2},{"a":3}]',)], [(3,)]),
         batch("@@ROWCOUNT after FOR JSON of no rows",
               "SELECT a FROM (VALUES (1)) AS t(a) WHERE a = 2 FOR JSON PATH; SELECT @@ROWCOUNT", [], [(0,)])),
    page("relational-databases/xml/use-path-mode-with-for-xml",
         query("SELECT STUFF((SELECT ',' + v FROM (VALUES ('b'), ('a'), ('c')) AS t(v) ORDER BY v FOR XML PATH('')), "
               "1, 1, "
               "'') AS x", ("a,b,c",)),
         query("SELECT (SELECT v + ';' FROM (VALUES ('a&b'), ('<c>')) AS t(v) ORDER BY v DESC FOR XML PATH('')) AS x",
               ("a&amp;b;&lt;c&gt;;",)),
         query("SELECT (SELECT v + ',' FROM (VALUES ('a')) AS t(v) WHERE 1 = 0 FOR XML PATH('')) AS x", (None,)),
         query("SELECT (SELECT v AS [text()] FROM (VALUES (1), (2), (NULL)) AS t(v) FOR XML PATH('')) AS x", ("12",))),
    page("relational-databases/xml/column-names-with-the-path-specified-as-data",
         query("SELECT (SELECT v AS 'data()' FROM (VALUES (811), (810), (NULL), (809)) AS t(v) ORDER BY v DESC "
               "FOR XML PATH('')) AS ProductIDs", ("811 810 809",))),
    page("t-sql/xml/value-method-xml-data-type",
         query("SELECT STUFF((SELECT ',' + v FROM (VALUES ('b&'), ('<a>')) AS t(v) ORDER BY v DESC "
               "FOR XML PATH(''), TYPE).value('.', 'nvarchar(max)'), 1, 1, '') AS x", ("b&,<a>",)),
         query("SELECT (SELECT v + '' FROM (VALUES ('a')) AS t(v) WHERE v = 'b' FOR XML PATH(''), TYPE)"
               ".value('(./text())[1]', 'varchar(10)') AS x", (None,)),
         query("SELECT (SELECT '' FOR XML PATH(''), TYPE).value('(./text())[1]', 'varchar(10)') AS a, "
               "(SELECT '' FOR XML PATH(''), TYPE).value('.', 'varchar(10)') AS b", (None, "")),
         query("SELECT (SELECT 'abcdef' FOR XML PATH(''), TYPE).value('.', 'varchar(3)') AS x", ("abc",))),
]  # fmt: skip

PAGES: list[Page] = [*VALUES, *OPENING, *WRITING]
