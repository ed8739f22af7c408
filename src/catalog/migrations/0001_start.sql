-- 0001: the Glue model, documents, file facts and deliveries. See catalog/README.md.
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('version', 1);

CREATE TABLE glue_database(
    name TEXT PRIMARY KEY, json TEXT NOT NULL, create_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE glue_table(
    id INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT NOT NULL, name TEXT NOT NULL,
    json TEXT NOT NULL, version_id INTEGER NOT NULL, create_ms INTEGER NOT NULL,
    update_ms INTEGER NOT NULL, UNIQUE(database, name));
-- vals: the partition's values, encoded so that memcmp order is value order (partitions.c).
CREATE TABLE glue_partition(
    id INTEGER PRIMARY KEY AUTOINCREMENT, table_id INTEGER NOT NULL, vals BLOB NOT NULL,
    json TEXT NOT NULL, location TEXT NOT NULL, create_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX glue_partition_vals ON glue_partition(table_id, vals);
CREATE INDEX glue_partition_ids ON glue_partition(table_id, id);

CREATE TABLE doc(
    kind TEXT NOT NULL, key TEXT NOT NULL, sort INTEGER NOT NULL, version INTEGER NOT NULL,
    json TEXT NOT NULL, UNIQUE(kind, key));
CREATE INDEX doc_sort ON doc(kind, sort, key);

CREATE TABLE file(
    uri TEXT PRIMARY KEY, row_count INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, facts TEXT NOT NULL, from_lsn INTEGER NOT NULL,
    to_lsn INTEGER NOT NULL) WITHOUT ROWID;
-- A delivery's committed files; partition_id 0: the table has no partitions.
CREATE TABLE delivered(
    uri TEXT PRIMARY KEY, delivery TEXT NOT NULL, table_id INTEGER NOT NULL,
    partition_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX delivered_table ON delivered(table_id);
CREATE INDEX delivered_partition ON delivered(partition_id) WHERE partition_id <> 0;
CREATE INDEX delivered_delivery ON delivered(delivery);
CREATE TABLE checkpoint(delivery TEXT PRIMARY KEY, next_lsn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE intent(
    id INTEGER PRIMARY KEY AUTOINCREMENT, delivery TEXT NOT NULL, from_lsn INTEGER NOT NULL,
    to_lsn INTEGER NOT NULL, uri TEXT NOT NULL, error_uri TEXT NOT NULL, json TEXT NOT NULL);
CREATE INDEX intent_delivery ON intent(delivery);
CREATE TABLE feed(
    delivery TEXT PRIMARY KEY, database TEXT NOT NULL, tbl TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX feed_table ON feed(database, tbl);
