"""Clients that bring their own world: dbt-athena and the Node SDK. Run when CLIENTS=1 (`make clients`), since installing
them takes a minute: tools/install-clients.sh."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.environ.get("CLIENTS") != "1", reason="set CLIENTS=1 to run these")]
HOME = ROOT / ".cache" / "clients"


@pytest.fixture
def environment(tarn):
    return dict(os.environ, AWS_ENDPOINT_URL=tarn.endpoint, AWS_ACCESS_KEY_ID="t", AWS_SECRET_ACCESS_KEY="t",
                AWS_DEFAULT_REGION="us-east-1", AWS_REGION="us-east-1", DBT_SEND_ANONYMOUS_USAGE_STATS="false")


def test_node(environment):
    done = subprocess.run(["node", ROOT / "tests/aws/client.mjs", HOME / "node"], env=environment, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["listed"] == ["t/p=x/1.txt", "t/p=y/1.txt"]
    assert out["copied"] == "one"
    assert out["rows"] == [["p", "s", "m"], ["x", "3", "two"], ["y", "3", "two"]]
    assert out["many"] == 2501
    assert out["error"].startswith("COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved")
    assert "AwsDataCatalog" in out["catalogs"] and "nodes" in out["databases"]
    assert out["tables"] == ["t", *(f"u{i}" for i in range(7))]
    assert out["columns"] == ["a int", "b string", "p string"]
    assert out["left"] == 0


class Dbt:
    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment

    def __call__(self, *args):
        done = subprocess.run([HOME / "dbt/bin/dbt", "--no-use-colors", *args, "--profiles-dir", "."], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout


def test_dbt(environment, tarn, tmp_path):
    """Seeds, tables, a view and an incremental model; built, tested, built again after a change, documented."""
    tarn.client("s3").create_bucket(Bucket="dbt")
    project = shutil.copytree(ROOT / "tests/aws/dbt", tmp_path / "dbt")
    dbt = Dbt(project, environment)
    dbt("build")
    assert tarn.rows("select customer, orders, total from customers order by 1", database="shop") == [
        ["ann", "2", "15.75"], ["bob", "1", "20.00"], ["cid", "1", None]]
    assert tarn.rows('select "day", customer, total from daily order by 1, 2', database="shop") == [
        ["2026-01-01", "ann", "10.50"], ["2026-01-01", "bob", "20.00"], ["2026-01-02", "ann", "5.25"], ["2026-01-03", "cid", None]]
    seed = project / "seeds" / "raw_orders.csv"
    seed.write_text(seed.read_text() + "5,bob,7.5,2026-01-03\n6,ann,1,2026-01-04\n")
    dbt("build")
    assert tarn.rows('select "day", customer, total from daily order by 1, 2', database="shop")[3:] == [
        ["2026-01-03", "bob", "7.50"], ["2026-01-03", "cid", None], ["2026-01-04", "ann", "1.00"]]
    dbt("docs", "generate")
    catalog = json.loads((project / "target" / "catalog.json").read_text())["nodes"]
    assert set(catalog["model.shop.orders"]["columns"]) == {"id", "customer", "amount", "at"}
