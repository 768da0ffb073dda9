"""Messages about tables, columns, constraints and indexes; texts and severities as in messages.py."""

from __future__ import annotations

MESSAGES_DEFINITIONS: dict[int, tuple[int, str]] = {
    128: (15, "The name \"{}\" is not permitted in this context. Valid expressions are constants, constant "
          "expressions, and (in some contexts) variables. Column names are not permitted."),
    142: (15, "Incorrect syntax for definition of the 'TABLE' constraint."),
    159: (15, "Must specify the table name and index name for the DROP INDEX statement."),
    272: (16, "Cannot update a timestamp column."),
    273: (16, "Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the "
          "timestamp column, or insert a DEFAULT into the timestamp column."),
    1701: (16, "Creating or altering table '{}' failed because the minimum row size would be {}, including {} bytes of "
           "internal overhead. This exceeds the maximum allowable table row size of {} bytes."),
    1702: (16, "CREATE TABLE failed because column '{}' in table '{}' exceeds the maximum of {} columns."),
    1711: (16, "Cannot define PRIMARY KEY constraint on column '{}' in table '{}'. The computed column has to be "
           "persisted and not nullable."),
    1715: (16, "Foreign key '{}' creation failed. Only NO ACTION referential update action is allowed for referencing "
           "computed column '{}'."),
    1750: (16, "Could not create constraint or index. See previous errors."),
    1752: (16, "Column '{}' in table '{}' is invalid for creating a default constraint."),
    1753: (16, "Column '{}.{}' is not the same length or scale as referencing column '{}.{}' in foreign key '{}'. "
           "Columns participating in a foreign key relationship must be defined with the same length and scale."),
    1754: (16, "Defaults cannot be created on columns with an IDENTITY attribute. Table '{}', column '{}'."),
    1755: (16, "Defaults cannot be created on columns of data type timestamp. Table '{}', column '{}'."),
    1756: (10, "Skipping FOREIGN KEY constraint '{}' definition for temporary table. FOREIGN KEY constraints are not "
           "enforced on local or global temporary tables."),
    1757: (16, "Column '{}.{}' is not of same collation as referencing column '{}.{}' in foreign key '{}'."),
    1759: (16, "Computed column '{}' in table '{}' is not allowed to be used in another computed-column definition."),
    1760: (16, "Constraints of type {} cannot be created on columns of type {}."),
    1761: (16, "Cannot create the foreign key \"{}\" with the SET NULL referential action, because one or more "
           "referencing columns are not nullable."),
    1762: (16, "Cannot create the foreign key \"{}\" with the SET DEFAULT referential action, because one or more "
           "referencing not-nullable columns lack a default constraint."),
    1763: (16, "Cross-database foreign key references are not supported. Foreign key '{}'."),
    1764: (16, "Computed Column '{}' in table '{}' is invalid for use in '{}' because it is not persisted."),
    1765: (16, "Foreign key '{}' creation failed. Only NO ACTION and CASCADE referential delete actions are allowed "
           "for referencing computed column '{}'."),
    1766: (16, "Foreign key references to temporary tables are not supported. Foreign key '{}'."),
    1767: (16, "Foreign key '{}' references invalid table '{}'."),
    1768: (16, "Foreign key '{}' references object '{}' which is not a user table."),
    1769: (16, "Foreign key '{}' references invalid column '{}' in referencing table '{}'."),
    1770: (16, "Foreign key '{}' references invalid column '{}' in referenced table '{}'."),
    1773: (16, "Foreign key '{}' has implicit reference to object '{}' which does not have a primary key defined on "
           "it."),
    1774: (16, "The number of columns in the referencing column list for foreign key '{}' does not match those of the "
           "primary key in the referenced table '{}'."),
    1776: (16, "There are no primary or candidate keys in the referenced table '{}' that match the referencing "
           "column list in the foreign key '{}'."),
    1778: (16, "Column '{}.{}' is not the same data type as referencing column '{}.{}' in foreign key '{}'."),
    1779: (16, "Table '{}' already has a primary key defined on it."),
    1781: (16, "Column already has a DEFAULT bound to it."),
    1784: (16, "Cannot create the foreign key '{}' because the referenced column '{}.{}' is a non-persisted computed "
           "column."),
    1785: (16, "Introducing FOREIGN KEY constraint '{}' on table '{}' may cause cycles or multiple cascade paths. "
           "Specify ON DELETE NO ACTION or ON UPDATE NO ACTION, or modify other FOREIGN KEY constraints."),
    1786: (16, "Either column '{}.{}' or referencing column '{}.{}' in foreign key '{}' is a timestamp column. This "
           "data type cannot be used with cascading referential integrity constraints."),
    1788: (16, "Cascading foreign key '{}' cannot be created where the referencing column '{}.{}' is an identity "
           "column."),
    1902: (16, "Cannot create more than one clustered index on table '{}'. Drop the existing clustered index "
           "'{}' before creating another."),
    1904: (16, "The index '{}' on table '{}' has {} column names in index key list. The maximum limit for index or "
           "statistics key column list is {}."),
    1907: (16, "Cannot recreate index '{}'. The new index definition does not match the constraint being enforced by "
           "the existing index."),
    1909: (16, "Cannot use duplicate column names in {}. Column name '{}' listed more than once."),
    1911: (16, "Column name '{}' does not exist in the target table or view."),
    1913: (16, "The operation failed because an index or statistics with name '{}' already exists on {} '{}'."),
    1914: (16, "Index cannot be created on object '{}' because the object is not a user table or view."),
    1915: (16, "Cannot alter a non-unique index with ignore_dup_key index option. Index '{}' is non-unique."),
    1919: (16, "Column '{}' in table '{}' is of a type that is invalid for use as a key column in an index."),
    1925: (16, "Cannot convert a clustered index to a nonclustered index by using the DROP_EXISTING option. To change "
           "the index type from clustered to nonclustered, delete the clustered index, and then create a "
           "nonclustered index by using two separate statements."),
    1944: (16, "Index '{}' was not created. This index has a key length of at least {} bytes. The maximum permissible "
           "key length is {} bytes."),
    1946: (16, "Operation failed. The index entry of length {} bytes for the index '{}' exceeds the maximum length of "
           "{} bytes for {} indexes."),
    1973: (16, "Cannot perform the specified operation on disabled index '{}' on {} '{}'."),
    2725: (16, "An online operation cannot be performed for index '{}' because the index contains column '{}' of "
           "data type text, ntext, image or FILESTREAM."),
    2727: (11, "Cannot find index '{}'."),
    2729: (16, "Column '{}' in {} '{}' cannot be used in an index or statistics or as a partition key because it is "
           "non-deterministic."),
    2738: (16, "A table can only have one timestamp column. Because table '{}' already has one, the column '{}' cannot "
           "be added."),
    2799: (16, "Cannot create index or statistics '{}' on table '{}' because the computed column '{}' is imprecise and "
           "not persisted. Consider removing column from index or statistics key or marking computed column "
           "persisted."),
    3727: (16, "Could not drop constraint. See previous errors."),
    4916: (16, "Could not enable or disable the constraint. See previous errors."),
    4917: (16, "Constraint '{}' does not exist."),
    4922: (16, "{} {} failed because one or more objects access this column."),
    4923: (16, "ALTER TABLE DROP COLUMN failed because '{}' is the only data column in table '{}'. A table must have "
           "at least one data column."),
    4924: (16, "{} failed because column '{}' does not exist in table '{}'."),
    4927: (16, "Cannot alter column '{}' to be data type {}."),
    4928: (16, "Cannot alter column '{}' because it is '{}'."),
    4936: (16, "Computed column '{}' in table '{}' cannot be persisted because the column is non-deterministic."),
    7999: (16, "Could not find any index named '{}' for table '{}'."),
    8110: (16, "Cannot add multiple PRIMARY KEY constraints to table '{}'."),
    8135: (16, "Table level constraint does not specify column list, table '{}'."),
    8136: (16, "More than one {} constraint specified for column '{}', table '{}'."),
    8139: (16, "Number of referencing columns in foreign key differs from number of referenced columns, table '{}'."),
    8140: (16, "More than one key specified in column level FOREIGN KEY constraint, table '{}'."),
    8148: (16, "More than one column {} constraint specified for column '{}', table '{}'."),
    8147: (16, "Could not create IDENTITY attribute on nullable column '{}', table '{}'."),
    8150: (16, "Multiple NULL constraints were specified for column '{}', table '{}'."),
    8151: (16, "Both a PRIMARY KEY and UNIQUE constraint have been defined for column '{}', table '{}'. Only one is "
           "allowed."),
    8183: (16, "Only UNIQUE or PRIMARY KEY constraints can be created on computed columns, while CHECK, FOREIGN KEY, "
           "and NOT NULL constraints require that computed columns be persisted."),
    8197: (16, "The object '{}' does not exist or is invalid for this operation."),
    11415: (16, "Object '{}' cannot be disabled or enabled. This action applies only to foreign key and check "
            "constraints."),
    10601: (16, "Cannot specify included columns for a clustered index."),
    10609: (16, "Filtered index '{}' cannot be created on table '{}' because the column '{}' in the filter expression "
            "is a computed column. Rewrite the filter expression so that it does not include this column."),
    10610: (16, "Filtered index '{}' cannot be created on object '{}' because it is not a user table. Filtered "
            "indexes are only supported on tables."),
    10735: (15, "Incorrect WHERE clause for filtered {} '{}' on table '{}'."),
    35335: (15, "The statement failed because specifying a key list is not allowed when creating a clustered "
                "columnstore index. Create the clustered columnstore index without specifying a key list."),
    35343: (16, "The statement failed. Column '{}' has a data type that cannot participate in a columnstore index."),
    35339: (16, "Multiple columnstore indexes are not supported."),
}  # fmt: skip
