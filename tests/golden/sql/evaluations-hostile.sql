CREATE TABLE [odd].[figü]]res it's] (
    [model] nvarchar(128) NOT NULL,
    [model_version] int NOT NULL,
    [period] nvarchar(5) NOT NULL,
    [period_start] datetime NOT NULL,
    [n] bigint NOT NULL,
    [accuracy] float NOT NULL,
    [macro_f1] float NOT NULL,
    [evaluated_at] datetime NOT NULL,
    CONSTRAINT [PK_figü]]res it's] PRIMARY KEY (model, period, model_version, period_start)
);
