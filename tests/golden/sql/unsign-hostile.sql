DECLARE @statement nvarchar(max);
SELECT @statement = STRING_AGG(CAST(CONCAT(N'DROP SIGNATURE FROM ', QUOTENAME(s.name), N'.', QUOTENAME(o.name),
    N' BY CERTIFICATE [pymlsql signs odd.score]]s];') AS nvarchar(max)), N' ')
FROM sys.certificates AS c
JOIN sys.crypt_properties AS p ON p.thumbprint = c.thumbprint
JOIN sys.objects AS o ON o.object_id = p.major_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE c.name = N'pymlsql signs odd.score]s' AND p.class = 1 AND p.crypt_type = 'SPVC';
IF @statement IS NOT NULL EXEC (@statement);

SELECT @statement = STRING_AGG(CAST(CONCAT(N'DROP USER ', QUOTENAME(u.name), N';') AS nvarchar(max)), N' ')
FROM sys.certificates AS c
JOIN sys.database_principals AS u ON u.sid = c.sid
WHERE c.name = N'pymlsql signs odd.score]s';
IF @statement IS NOT NULL EXEC (@statement);

IF EXISTS (SELECT 1 FROM sys.certificates WHERE name = N'pymlsql signs odd.score]s')
    DROP CERTIFICATE [pymlsql signs odd.score]]s];

