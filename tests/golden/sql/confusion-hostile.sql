CREATE TABLE [odd].[con'fus]]ion] (
    [model] nvarchar(128) NOT NULL,
    [model_version] int NOT NULL,
    [period] nvarchar(5) NOT NULL,
    [period_start] datetime NOT NULL,
    [actual] nvarchar(10) NOT NULL,
    [predicted] nvarchar(10) NOT NULL,
    [n] bigint NOT NULL,
    CONSTRAINT [PK_con'fus]]ion] PRIMARY KEY (model, period, model_version, period_start, actual, predicted)
);
