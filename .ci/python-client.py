"""The main path through the API with python-requests: another multipart writer, another reader of ranges and headers."""

import csv
import hashlib
import io
import os

import requests

BASE = os.environ["BASE"]
ROWS = 20_000


def call(method, path, key, expected, **arguments):
    answer = requests.request(method, BASE + path, headers={"Authorization": f"Bearer {key}"}, timeout=60, **arguments)
    assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer


def main():
    admin = os.environ["STORAGE_ADMIN_KEY"]
    key = call("POST", "/projects", admin, 201, json={"id": "py", "name": "Python"}).json()["api_key"]
    call("POST", "/projects", key, 401, json={"id": "py2"})

    buckets = "/projects/py/branches/default/buckets"
    tables = f"{buckets}/in_c_sales/tables"
    call("POST", buckets, key, 201, json={"name": "in_c_sales"})
    columns = [{"name": "id", "type": "BIGINT"}, {"name": "název", "type": "VARCHAR"}]
    call("POST", tables, key, 201, json={"name": "orders", "columns": columns, "primary_key": ["id"]})

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "název"])
    writer.writerows([number, f'řádek "{number}",\nand more'] for number in range(ROWS))
    content = text.getvalue().encode()

    prepared = call("POST", "/projects/py/files/prepare", key, 200, json={"filename": "orders.csv"}).json()
    uploaded = call("POST", prepared["upload_url"], key, 200, files={"file": ("orders.csv", content, "text/csv")}).json()
    assert uploaded["size_bytes"] == len(content)
    assert uploaded["checksum_sha256"] == hashlib.sha256(content).hexdigest()
    file = call("POST", "/projects/py/files", key, 201, json={"upload_key": prepared["upload_key"]}).json()

    download = f"/projects/py/files/{file['id']}/download"
    assert call("GET", download, key, 200).content == content
    part = requests.get(BASE + download, headers={"Authorization": f"Bearer {key}", "Range": "bytes=5-14"}, timeout=60)
    assert (part.status_code, part.content) == (206, content[5:15]), part.status_code

    imported = call("POST", f"{tables}/orders/import/file", key, 200, json={"file_id": file["id"], "format": "csv"}).json()
    assert imported["table_rows_after"] == ROWS, imported

    preview = call("GET", f"{tables}/orders/preview?limit=2", key, 200).json()
    assert preview["rows"][1] == {"id": 1, "název": 'řádek "1",\nand more'}, preview["rows"]
    assert preview["total_row_count"] == ROWS

    exported = call("POST", f"{tables}/orders/export", key, 200, json={"format": "csv", "compression": "gzip"}).json()
    assert exported["rows_exported"] == ROWS
    call("DELETE", "/projects/py", admin, 204)
    call("GET", "/projects/py/stats", key, 403)
    print("ok")


main()
