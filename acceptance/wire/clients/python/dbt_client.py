"""dbt-postgres: debug, seed, run, test and docs of a small project, everything twice."""

import json
import os
import shutil
import sys
from pathlib import Path

from transcript import DATABASE, HOST, PASSWORD, PORT, USER, feature, run, show

PROJECT = Path(os.environ["WIRE_TMP"]) / "dbt"


def make_project():
    shutil.copytree(Path(__file__).parent.parent / "dbt", PROJECT)
    target = {"type": "postgres", "host": HOST, "port": PORT, "user": USER, "password": PASSWORD, "dbname": DATABASE, "schema": "marts", "threads": 2}
    profiles = {"wire": {"target": "wire", "outputs": {"wire": target}}}
    PROJECT.joinpath("profiles.yml").write_text(json.dumps(profiles))


os.environ["DO_NOT_TRACK"] = "1"
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

from dbt.cli.main import dbtRunner  # noqa: E402  (reads the environment when it is imported)


def dbt(*arguments):
    quiet = ["--quiet", "--no-use-colors", "--no-version-check", "--log-path", str(PROJECT / "logs")]
    with open(PROJECT / "output.txt", "a") as output:
        before, sys.stdout = sys.stdout, output
        try:
            result = dbtRunner().invoke([*quiet, *arguments, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)])
        finally:
            sys.stdout = before
    show(" ".join(arguments), "success" if result.success else "failure")
    if result.exception is not None:
        print(result.exception, file=sys.stderr)
    for one in sorted(getattr(result.result, "results", None) or [], key=lambda one: one.node.unique_id):
        response = {key: value for key, value in (one.adapter_response or {}).items() if key != "query_id"}
        show(" ", one.node.unique_id, str(one.status), response)
        if str(one.status) in ("error", "fail"):
            print(one.message, file=sys.stderr)


def catalog():
    content = json.loads((PROJECT / "target" / "catalog.json").read_text())
    show(content["errors"])
    for kind in ("nodes", "sources"):
        for name, table in sorted(content[kind].items()):
            metadata = {key: value for key, value in table["metadata"].items() if key not in ("database", "owner")}
            show(name, metadata, table["columns"])


@feature("debug")
def _():
    dbt("debug")


@feature("seed")
def _():
    dbt("seed")


@feature("run")
def _():
    dbt("run")


@feature("test")
def _():
    dbt("test")


@feature("snapshot")
def _():
    dbt("snapshot")


@feature("docs-generate")
def _():
    dbt("docs", "generate")
    catalog()


@feature("everything-again")
def _():
    dbt("seed", "--full-refresh")
    dbt("run")
    dbt("test")
    dbt("snapshot")
    dbt("docs", "generate")
    catalog()


# dbt starts processes that import this file again.
if __name__ == "__main__":
    make_project()
    run()
