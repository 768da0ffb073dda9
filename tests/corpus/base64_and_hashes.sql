-- Title: base64, hexadecimal and SHA-256 of text, checked against T-SQL's HASHBYTES
-- Derived: by hand; SHA-256 of "abc" is the published test vector, base64 of "Man" that of RFC 4648's table
DECLARE @digest varbinary(32), @encoded varchar(100), @decoded varbinary(100);
EXEC sp_execute_external_script
    @language = N'Python',
    @script = N'
import base64
import hashlib
digest = hashlib.sha256(text.encode("ascii")).digest()
encoded = base64.b64encode(b"Man").decode("ascii")
decoded = base64.b64decode("AAEC/w==")
',
    @params = N'@text varchar(10), @digest varbinary(32) OUTPUT, @encoded varchar(100) OUTPUT, @decoded varbinary(100) OUTPUT',
    @text = 'abc', @digest = @digest OUTPUT, @encoded = @encoded OUTPUT, @decoded = @decoded OUTPUT;
SELECT CASE WHEN @digest = HASHBYTES('SHA2_256', 'abc') THEN 1 ELSE 0 END AS same, DATALENGTH(@digest) AS length,
    CASE WHEN @digest = 0xBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD THEN 1 ELSE 0 END AS published,
    @encoded AS encoded, @decoded AS decoded;
-- expect: set same, length, published, encoded, decoded
-- expect: (1, 32, 1, 'TWFu', b'\x00\x01\x02\xff')
GO
