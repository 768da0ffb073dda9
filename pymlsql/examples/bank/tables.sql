CREATE TABLE dbo.BankCalls (
    callID int NOT NULL CONSTRAINT PK_BankCalls PRIMARY KEY,
    called_at datetime NOT NULL,
    age int NULL,
    job nvarchar(20) NULL,
    marital nvarchar(20) NULL,
    education nvarchar(20) NULL,
    balance float NULL,
    contact nvarchar(20) NULL,
    campaign int NULL,
    duration int NULL,
    y nvarchar(3) NULL
);
GO
CREATE INDEX IX_BankCalls_called_at ON dbo.BankCalls (called_at);
GO
