-- Ownership chaining covers neither sp_execute_external_script nor its @input_data_1, so those who may execute
-- [dbo].[PredictFailures] would have to hold EXECUTE ANY EXTERNAL SCRIPT themselves, and with it the right to run any
-- Python. Instead the user of a certificate holds it, and counts only while a procedure runs that the certificate signed.
-- The certificate is new each time, its password random and known to nobody; its private key is removed at the end, so
-- that nothing can be signed with it any more.
DECLARE @statement nvarchar(max), @password nvarchar(128);

-- What the last run left: signatures, then users, then the certificate.
SELECT @statement = STRING_AGG(CAST(CONCAT(N'DROP SIGNATURE FROM ', QUOTENAME(s.name), N'.', QUOTENAME(o.name),
    N' BY CERTIFICATE [pymlsql signs dbo.PredictFailures];') AS nvarchar(max)), N' ')
FROM sys.certificates AS c
JOIN sys.crypt_properties AS p ON p.thumbprint = c.thumbprint
JOIN sys.objects AS o ON o.object_id = p.major_id
JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE c.name = N'pymlsql signs dbo.PredictFailures' AND p.class = 1 AND p.crypt_type = 'SPVC';
IF @statement IS NOT NULL EXEC (@statement);

SELECT @statement = STRING_AGG(CAST(CONCAT(N'DROP USER ', QUOTENAME(u.name), N';') AS nvarchar(max)), N' ')
FROM sys.certificates AS c
JOIN sys.database_principals AS u ON u.sid = c.sid
WHERE c.name = N'pymlsql signs dbo.PredictFailures';
IF @statement IS NOT NULL EXEC (@statement);

IF EXISTS (SELECT 1 FROM sys.certificates WHERE name = N'pymlsql signs dbo.PredictFailures')
    DROP CERTIFICATE [pymlsql signs dbo.PredictFailures];

-- A password is a constant of these statements, so they are put together here; it is in no variable but this one.
SET @password = CONCAT(N'Aa1!', CONVERT(nvarchar(96), CRYPT_GEN_RANDOM(48), 2));
SET @statement = CONCAT(N'CREATE CERTIFICATE [pymlsql signs dbo.PredictFailures] ENCRYPTION BY PASSWORD = N''', @password,
    N''' WITH SUBJECT = N''pymlsql: rights of a signed prediction procedure'', EXPIRY_DATE = ''20991231'';');
EXEC (@statement);

CREATE USER [pymlsql signs dbo.PredictFailures] FROM CERTIFICATE [pymlsql signs dbo.PredictFailures];
GRANT EXECUTE ANY EXTERNAL SCRIPT TO [pymlsql signs dbo.PredictFailures];
GRANT VIEW DEFINITION ON OBJECT::[dbo].[FeaturesAndLabels] TO [pymlsql signs dbo.PredictFailures];

SET @statement = CONCAT(N'ADD SIGNATURE TO OBJECT::[dbo].[PredictFailures] BY CERTIFICATE [pymlsql signs dbo.PredictFailures] WITH PASSWORD = N''',
    @password, N''';');
EXEC (@statement);
ALTER CERTIFICATE [pymlsql signs dbo.PredictFailures] REMOVE PRIVATE KEY;
