CREATE TABLE dbo.DemandItems (
    item nvarchar(20) NOT NULL CONSTRAINT PK_DemandItems PRIMARY KEY,
    category nvarchar(20) NOT NULL,
    list_price float NOT NULL
);
GO
CREATE TABLE dbo.DemandSales (
    shopID int NOT NULL,
    item nvarchar(20) NOT NULL,
    day date NOT NULL,
    quantity float NOT NULL,
    price float NOT NULL,
    CONSTRAINT PK_DemandSales PRIMARY KEY (shopID, item, day)
);
GO
CREATE TABLE dbo.DemandPromotions (
    item nvarchar(20) NOT NULL,
    day date NOT NULL,
    CONSTRAINT PK_DemandPromotions PRIMARY KEY (item, day)
);
GO
