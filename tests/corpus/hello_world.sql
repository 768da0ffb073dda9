-- Title: A script that only prints
-- Derived: by hand
EXEC sp_configure 'external scripts enabled', 1;
RECONFIGURE;
GO
EXECUTE sp_execute_external_script
    @language = N'Python',
    @script = N'
a = 6
b = 7
print("the product is", a * b)
print("and the quotient", b / a > 1)
';
-- expect: message 39005 'STDOUT message(s) from external script: '
-- expect: message 39005 'the product is 42'
-- expect: message 39005 'and the quotient True'
GO
