-- 0004: what hangs on databases, tables and partitions: column statistics, partition indexes,
-- functions and tags. Triggers take them away with what they hang on.
CREATE TABLE glue_column_stats( -- partition_id 0: of the table
    table_id INTEGER NOT NULL, partition_id INTEGER NOT NULL, name TEXT NOT NULL,
    json TEXT NOT NULL, PRIMARY KEY(table_id, partition_id, name)) WITHOUT ROWID;
CREATE TABLE glue_partition_index( -- key_names: JSON array
    table_id INTEGER NOT NULL, name TEXT NOT NULL, key_names TEXT NOT NULL,
    PRIMARY KEY(table_id, name)) WITHOUT ROWID;
CREATE TABLE glue_function(
    database TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL, create_ms INTEGER NOT NULL,
    PRIMARY KEY(database, name)) WITHOUT ROWID;
CREATE TABLE glue_tag( -- resource: what follows account and region in an ARN
    resource TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY(resource, key)) WITHOUT ROWID;

CREATE TRIGGER glue_database_gone AFTER DELETE ON glue_database BEGIN
    DELETE FROM glue_function WHERE database = OLD.name;
    DELETE FROM glue_tag WHERE resource = 'database/' || OLD.name;
END;
CREATE TRIGGER glue_table_gone AFTER DELETE ON glue_table BEGIN
    DELETE FROM glue_column_stats WHERE table_id = OLD.id;
    DELETE FROM glue_partition_index WHERE table_id = OLD.id;
    DELETE FROM glue_tag WHERE resource = 'table/' || OLD.database || '/' || OLD.name;
END;
CREATE TRIGGER glue_partition_gone AFTER DELETE ON glue_partition BEGIN
    DELETE FROM glue_column_stats WHERE table_id = OLD.table_id AND partition_id = OLD.id;
END;
