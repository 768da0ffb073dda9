CREATE TABLE [dbo].[CallConfusion] (
    [model] nvarchar(128) NOT NULL,
    [model_version] int NOT NULL,
    [period] nvarchar(5) NOT NULL,
    [period_start] datetime NOT NULL,
    [actual] nvarchar(3) NOT NULL,
    [predicted] nvarchar(3) NOT NULL,
    [n] bigint NOT NULL,
    CONSTRAINT [PK_CallConfusion] PRIMARY KEY (model, period, model_version, period_start, actual, predicted)
);
