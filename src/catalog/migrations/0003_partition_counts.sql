-- 0003: how many partitions a table has, without counting; partitions are read in value order only.
CREATE TABLE partition_count(
    table_id INTEGER PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO partition_count SELECT table_id, count(*) FROM glue_partition GROUP BY table_id;
CREATE TRIGGER glue_partition_added AFTER INSERT ON glue_partition BEGIN
    INSERT INTO partition_count VALUES(NEW.table_id, 1)
        ON CONFLICT(table_id) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER glue_partition_removed AFTER DELETE ON glue_partition BEGIN
    UPDATE partition_count SET n = n - 1 WHERE table_id = OLD.table_id;
END;
DROP INDEX glue_partition_ids;
