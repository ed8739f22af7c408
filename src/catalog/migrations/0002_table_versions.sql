-- 0002: what a table was before each update. See catalog/README.md.
CREATE TABLE glue_table_version(
    table_id INTEGER NOT NULL, version_id INTEGER NOT NULL, json TEXT NOT NULL,
    update_ms INTEGER NOT NULL, PRIMARY KEY(table_id, version_id)) WITHOUT ROWID;
