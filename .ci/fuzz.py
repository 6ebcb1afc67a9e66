"""Generated requests against a running server (BASE, STORAGE_ADMIN_KEY): no 5xx, and every answer as openapi.json says.

The first two runs know things that exist, so that requests get past the 404s:

    admin      every operation but the removal of what the run stands on, in the main branch
    project    the same with a key of the project, in a development branch
    removals   the operations left out above, on what the run makes itself and on names that are made up

FUZZ_SEED repeats a run, FUZZ_EXAMPLES is how many requests each operation gets in the fuzzing phase.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import requests

BASE = os.environ["BASE"]
ADMIN_KEY = os.environ["STORAGE_ADMIN_KEY"]
SEED = os.environ.get("FUZZ_SEED", "1")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "12")
DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "openapi" / "openapi.json"

# Rules that a schema does not say (a name in use, a key without a branch) are answered with 400 or 422, and rightly so;
# and what a request made is not found by one that asks for the fixed names.
LEFT_OUT = "positive_data_acceptance,ensure_resource_availability"
REMOVALS = [
    *["apiKeyRevoke", "apiKeyRotate", "backupDelete", "branchDelete", "bucketDelete", "columnDrop", "fileDelete"],
    *["projectDelete", "snapshotDelete", "tableDelete"],
]
# Its commands have a table of tests of their own; those without a meaning here are answered with 501, as their protocol has it.
ELSEWHERE = ["driverExecute"]
# A list stays there when what its address seems to stand for, `…/share`, is taken back.
LISTS = ["bucketListShares"]
# Operations of a branch itself, which `default` is not.
OF_A_BRANCH = r"^/projects/\{project_id\}/branches/\{branch_id\}(/(diff|merge|pull|tables|buckets/\{bucket_name\}/pull).*)?$"


def call(method, path, key, **arguments):
    answer = requests.request(method, BASE + path, headers={"Authorization": f"Bearer {key}"}, timeout=60, **arguments)
    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


def make_scene():
    """A project with a table that has rows, history, a snapshot and a branch; returns its key and the path parameters."""
    project = f"/projects/{call('POST', '/projects', ADMIN_KEY, json={'id': 'fuzz'})['id']}"
    key = call("POST", f"{project}/api-keys", ADMIN_KEY, json={"description": "fuzz"})["api_key"]
    buckets = f"{project}/branches/default/buckets"
    call("POST", buckets, key, json={"name": "in_c_fuzz"})
    columns = [{"name": "id", "type": "BIGINT"}, {"name": "name", "type": "VARCHAR"}, {"name": "at", "type": "TIMESTAMP"}]
    table = {"name": "rows", "columns": columns, "primary_key": ["id"]}
    call("POST", f"{buckets}/in_c_fuzz/tables", key, json=table)
    prepared = call("POST", f"{project}/files/prepare", key, json={"filename": "rows.csv"})
    content = "id,name,at\n1,a,2026-01-01\n2,,\n"
    call("POST", prepared["upload_url"], key, files={"file": ("rows.csv", content)})
    file = call("POST", f"{project}/files", key, json={"upload_key": prepared["upload_key"]})
    call("POST", f"{buckets}/in_c_fuzz/tables/rows/import/file", key, json={"file_id": file["id"]})
    versions = call("GET", f"{buckets}/in_c_fuzz/tables/rows/versions", key)["versions"]
    snapshot = call("POST", f"{project}/branches/default/snapshots", key, json={"bucket": "in_c_fuzz", "table": "rows"})
    branch = call("POST", f"{project}/branches", key, json={"name": "dev"})
    backup = call("POST", "/backend/backups", ADMIN_KEY, json={"name": "fuzz"})
    return key, branch["id"], {
        "project_id": "fuzz",
        "branch_id": "default",
        "bucket_name": "in_c_fuzz",
        "table_name": "rows",
        "column_name": "name",
        "version_id": versions[-1]["id"],
        "snapshot_id": snapshot["id"],
        "file_id": file["id"],
        "backup_name": backup["name"],
    }


def configuration(parameters, branch_id, left_out):
    lines = ["continue-on-failure = true", "request-timeout = 60.0", "", "[parameters]"]
    lines += [f'"path.{name}" = {json.dumps(value)}' for name, value in parameters.items()]
    if branch_id is not None:
        lines += ["", "[[operations]]", f"include-path-regex = '{OF_A_BRANCH}'"]
        lines += [f'parameters = {{ "path.branch_id" = "{branch_id}" }}']
    for operation in LISTS:
        lines += ["", "[[operations]]", f'include-operation-id = "{operation}"', "checks.use_after_free.enabled = false"]
    for operation in left_out:
        lines += ["", "[[operations]]", f'include-operation-id = "{operation}"', "enabled = false"]
    return "\n".join(lines) + "\n"


def run(folder, name, key, parameters, branch_id=None, left_out=(), only=()):
    print(f"--- {name}", flush=True)
    config = pathlib.Path(folder) / f"{name}.toml"
    config.write_text(configuration(parameters, branch_id, left_out))
    command = [str(pathlib.Path(sys.executable).parent / "st"), "--no-color", "--config-file", str(config)]
    command += ["run", str(DOCUMENT), "--url", BASE, "-H", f"Authorization: Bearer {key}"]
    command += ["--exclude-checks", LEFT_OUT, "--seed", SEED, "-n", EXAMPLES, "--workers", "2", "--warnings", "off"]
    for operation in only:
        command += ["--include-operation-id", operation]
    return subprocess.run(command, cwd=folder, check=False).returncode == 0


def main():
    known = {one["operationId"] for path in json.loads(DOCUMENT.read_text())["paths"].values() for one in path.values()}
    missing = [name for name in REMOVALS + ELSEWHERE if name not in known]
    assert not missing, f"the document has no operations {missing}"
    key, branch_id, parameters = make_scene()
    in_branch = {**parameters, "branch_id": branch_id}
    with tempfile.TemporaryDirectory() as folder:
        passed = [
            run(folder, "admin", ADMIN_KEY, parameters, branch_id, left_out=REMOVALS + ELSEWHERE),
            run(folder, "project", key, in_branch, branch_id, left_out=REMOVALS + ELSEWHERE),
            run(folder, "removals", ADMIN_KEY, {}, only=REMOVALS),
        ]
    if not all(passed):
        sys.exit(1)


main()
