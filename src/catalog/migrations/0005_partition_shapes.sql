-- 0005: what the partitions of a table have in common is kept once (partition_shape.c). shape_id 0:
-- glue_partition.json is the whole object; else it is the object's Parameters.
CREATE TABLE partition_shape(
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL, template TEXT NOT NULL);
CREATE INDEX partition_shape_table ON partition_shape(table_id);
ALTER TABLE glue_partition ADD COLUMN shape_id INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER glue_table_shapes_gone AFTER DELETE ON glue_table BEGIN
    DELETE FROM partition_shape WHERE table_id = OLD.id;
END;
