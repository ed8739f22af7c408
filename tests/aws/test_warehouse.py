"""tarn up, plan, down on the ACME example and on files with mistakes."""

import json
import shutil

from conftest_server import ROOT, wait_until

ACME = ROOT / "examples" / "acme"


def test_up_twice_then_down(tarn, tmp_path):
    folder = tmp_path / "acme"
    shutil.copytree(ACME, folder)
    file = folder / "warehouse.yaml"

    plan = tarn.tarn("plan", file)
    assert "+ create stream acme-impressions" in plan.stdout
    assert tarn.client("kinesis").list_streams()["StreamNames"] == []  # a plan changes nothing

    up = tarn.tarn("up", file)
    assert "impressions = acme-impressions" in up.stdout
    again = tarn.tarn("up", file)
    assert "Nothing to change" in again.stderr and again.stdout == up.stdout
    assert "Nothing to change" in tarn.tarn("plan", file).stdout
    assert tarn.tarn("outputs", file).stdout == up.stdout

    assert tarn.rows("select advertiser, price_per_click from facts where advertiser_id = 7") == [
        ["Granite Climb", "0.5150"]]

    # a changed data file, column and buffer are updates, and only those
    facts = folder / "facts.csv"
    facts.write_text(facts.read_text() + "9,Island Flops,IT,0.1500\n")
    text = file.read_text().replace("interval_s: 60", "interval_s: 90", 1)
    file.write_text(text.replace("      country: string\n", "      country: varchar(2)\n"))
    plan = tarn.tarn("plan", file).stdout
    assert sorted(line.split()[1] for line in plan.splitlines() if line.startswith("~")) == [
        "update"] * 3, plan
    tarn.tarn("up", file)
    assert "Nothing to change" in tarn.tarn("plan", file).stdout
    assert tarn.rows("select count(*) from facts") == [["9"]]

    tarn.tarn("put", "impressions", "--generate", 100, "-w", file)
    down = tarn.tarn("down", file)
    assert "kept data s3://acme/default/impressions/" in down.stderr
    assert tarn.client("kinesis").list_streams()["StreamNames"] == []
    kept = tarn.client("s3").list_objects_v2(Bucket="acme", Prefix="default/impressions/")
    assert kept["KeyCount"] == 1  # what the stream still held was delivered first
    tarn.tarn("up", file)
    tarn.tarn("down", "--delete-data", file)
    buckets = [b["Name"] for b in tarn.client("s3").list_buckets()["Buckets"]]
    assert "acme" not in buckets


def test_generated_events_can_be_repeated(tarn, tmp_path):
    file = tmp_path / "warehouse.yaml"
    file.write_text("name: rep\nstreaming_tables:\n  r:\n    columns:\n"
                    "      a: {type: int, generate: {integer: [1, 1000000]}}\n"
                    "      b: {type: string, generate: {uuid: true}}\n")
    tarn.tarn("up", file)
    for _ in range(2):
        tarn.tarn("put", "r", "--generate", 50, "--seed", 5, "-w", file)
    tarn.tarn("put", "r", "--generate", 50, "--seed", 6, "-w", file)
    events = tarn.tarn("tail", "rep-r", "-s", "-x").stdout.splitlines()
    assert len(events) == 150 and len(set(events)) == 100
    assert all(1 <= json.loads(e)["a"] <= 1000000 for e in events)
    assert tarn.rows("select count(*), count(distinct a) from r")[0][0] == "150"


def test_mistakes_have_line_and_column(tarn, tmp_path):
    file = tmp_path / "warehouse.yaml"
    file.write_text("name: bad\nstreaming_tables:\n  t:\n    columns: {a: int}\n    shard: 3\n")
    failed = tarn.tarn("up", file, check=False)
    assert failed.returncode == 2
    assert f"{file}:5:5: 'shard' is not a key of a streaming table" in failed.stderr
    file.write_text("name: bad\nstatic_tables:\n  t:\n    columns: {a: int}\n    files: [no.csv]\n")
    failed = tarn.tarn("plan", file, check=False)
    assert failed.returncode == 2 and "no.csv" in failed.stderr and ":3:3:" in failed.stderr


def test_rate_is_honoured(tarn, tmp_path):
    import time
    file = tmp_path / "warehouse.yaml"
    file.write_text("name: rate\nstreaming_tables:\n  paced:\n    columns: {a: int}\n")
    tarn.tarn("up", file)
    start = time.time()
    tarn.tarn("put", "paced", "--generate", 300, "--rate", 200, "-w", file)
    assert time.time() - start > 1.3
    wait_until(lambda: tarn.rows("select count(*) from paced") == [["300"]], 5)
