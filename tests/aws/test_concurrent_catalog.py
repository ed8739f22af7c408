"""Readers and writers of the catalogue at the same time: no lock error reaches a client, and a
reader sees each change whole."""

import threading

from conftest import Server

ROUNDS, READERS, READS = 60, 8, 250
KEYS = [{"Name": "day", "Type": "string"}, {"Name": "part", "Type": "string"}]


def table(name, columns):
    return {
        "Name": name,
        "PartitionKeys": KEYS,
        "StorageDescriptor": {
            "Columns": [{"Name": f"c{i}", "Type": "string"} for i in range(columns)],
            "Location": f"s3://lake/{name}/",
        },
        "Parameters": {"columns": str(columns)},
    }


def batch(day, count):
    return [{"Values": [day, str(i)]} for i in range(count)]


class Worker(threading.Thread):
    """Runs `work` `times` times with the shared client, which tries each call once; keeps what was raised."""

    def __init__(self, server, work, times):
        super().__init__()
        self.glue = server.client("glue", max_pool_connections=16)
        self.work, self.times = work, times
        self.failure = None

    def run(self):
        try:
            for i in range(self.times):
                self.work(self.glue, i)
        except BaseException as e:
            self.failure = e


def change_table(glue, i):
    glue.update_table(DatabaseName="busy", TableInput=table("stays", i % 20))


def create_and_drop(glue, i):
    glue.create_table(DatabaseName="busy", TableInput=table(f"t{i}", 3))
    glue.delete_table(DatabaseName="busy", Name=f"t{i}")


def add_and_remove(glue, i):
    day = f"d{i}"
    added = glue.batch_create_partition(
        DatabaseName="busy", TableName="stays", PartitionInputList=batch(day, 20)
    )
    assert added["Errors"] == []
    removed = glue.batch_delete_partition(
        DatabaseName="busy",
        TableName="stays",
        PartitionsToDelete=[{"Values": p["Values"]} for p in batch(day, 20)],
    )
    assert removed.get("Errors", []) == []


def read(glue, i):
    seen = glue.get_table(DatabaseName="busy", Name="stays")["Table"]
    columns = seen["StorageDescriptor"]["Columns"]
    assert seen["Parameters"]["columns"] == str(len(columns))
    days = {}
    for p in glue.get_partitions(
        DatabaseName="busy", TableName="stays", Expression=f"day = 'd{i % ROUNDS}' or day = 'kept'"
    )["Partitions"]:
        days[p["Values"][0]] = days.get(p["Values"][0], 0) + 1
    assert days.pop("kept") == 5
    assert set(days.values()) <= {20}, "a batch is seen whole or not at all"
    names = [t["Name"] for t in glue.get_tables(DatabaseName="busy")["TableList"]]
    assert "stays" in names


def test_readers_and_writers_never_meet_a_lock(tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        glue = server.client("glue", max_pool_connections=16)
        glue.create_database(DatabaseInput={"Name": "busy"})
        glue.create_table(DatabaseName="busy", TableInput=table("stays", 0))
        glue.batch_create_partition(
            DatabaseName="busy", TableName="stays", PartitionInputList=batch("kept", 5)
        )
        workers = [
            Worker(server, work, ROUNDS) for work in (change_table, create_and_drop, add_and_remove)
        ]
        workers += [Worker(server, read, READS // 3) for _ in range(READERS)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
        assert [w.failure for w in workers if w.failure] == []
        version = glue.get_table(DatabaseName="busy", Name="stays")["Table"]["VersionId"]
        assert int(version) == ROUNDS
        assert "locked" not in server.log_text()
    finally:
        server.stop()
