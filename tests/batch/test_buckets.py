"""Buckets on both sides of a batch: a prefix is walked as a folder is, and what is kept there is known again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.batch.running import batch
from tests.stores.conftest import House, bucket, credentials, servers

from mmsprep.batch.walk import Walk
from mmsprep.settings import Settings
from mmsprep.stores.s3 import listing
from mmsprep.stores.s3.listing import Listed

__all__ = ["bucket", "credentials", "servers"]


def environment(house: House, tmp_path: Path) -> dict[str, str]:
    assert house.server is not None
    return {
        "MMSPREP_S3__ENDPOINT": str(house.settings.s3.endpoint),
        "MMSPREP_SOURCE_BUCKETS": json.dumps([house.store.bucket]),
        "MMSPREP_LEDGER": str(tmp_path / "ledger.sqlite"),
    }


def results(tmp_path: Path) -> dict[str, dict[str, Any]]:
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    return {each["source"].rpartition("/in/")[2]: each for each in map(json.loads, lines)}


def test_a_prefix_is_walked_and_nothing_is_fetched_twice(bucket: House, fixtures: Path, tmp_path: Path) -> None:
    client, name = bucket.store.client(), bucket.store.bucket
    for key in ("in/half.jpg", "in/deep/Größe #1.jpg", "in/.hidden.jpg", "inside.jpg"):
        client.put_object(Bucket=name, Key=key, Body=(fixtures / "half.jpg").read_bytes())
    client.put_object(Bucket=name, Key="in/report.docx", Body=(fixtures / "report.docx").read_bytes())
    given = ("s3://" + name + "/in/", "--store", f"s3://{name}/out")
    said = batch(tmp_path, *given, **environment(bucket, tmp_path))
    assert said.returncode == 1, said.stderr
    found = results(tmp_path)
    assert {source: each["status"] for source, each in found.items()} == {
        "half.jpg": "ready",
        "deep/Größe #1.jpg": "ready",
        "report.docx": "rejected",
    }
    assert found["half.jpg"]["media"][0]["url"].startswith(bucket.settings.s3.endpoint or "")
    again = batch(tmp_path, *given, **environment(bucket, tmp_path))
    assert "3 of them known already" in again.stderr
    client.put_object(Bucket=name, Key="in/half.jpg", Body=(fixtures / "logo.png").read_bytes())
    batch(tmp_path, *given, **environment(bucket, tmp_path))
    assert [source for source, each in results(tmp_path).items() if not each["again"]] == ["half.jpg"]
    assert results(tmp_path)["half.jpg"]["media"][0]["type"] == "image/png"


def test_a_tree_in_a_bucket_keeps_its_shape_in_a_folder(bucket: House, fixtures: Path, tmp_path: Path) -> None:
    data = (fixtures / "half.jpg").read_bytes()
    bucket.store.client().put_object(Bucket=bucket.store.bucket, Key="in/deep/half.jpg", Body=data)
    said = batch(tmp_path, f"s3://{bucket.store.bucket}/in/", "--store", "out", **environment(bucket, tmp_path))
    assert said.returncode == 0, said.stderr
    assert (tmp_path / "out/deep/half.jpg").exists()


def test_a_key_does_not_lead_out_of_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["in/../../etc/a.jpg", "in//etc/b.jpg", "in/a/../../../c.jpg", "in/\n/d.jpg"]
    found = [Listed(f"s3://mine/{key}", 1, "v") for key in keys]
    monkeypatch.setattr(listing, "listed", lambda *_: iter(found))
    for entry in Walk(["s3://mine/in/"], Settings(source_buckets=("mine",))):
        for part in entry.parts:
            assert not part.folder.startswith("/")
            assert ".." not in part.folder.split("/")
            assert part.folder.isprintable()


def test_rows_may_name_objects(bucket: House, fixtures: Path, tmp_path: Path) -> None:
    name = bucket.store.bucket
    bucket.store.client().put_object(Bucket=name, Key="a.jpg", Body=(fixtures / "half.jpg").read_bytes())
    (tmp_path / "list.jsonl").write_text(
        "".join(
            json.dumps({"to": "+14155550101", "source": f"s3://{name}/{key}"}) + "\n" for key in ("a.jpg", "gone.jpg")
        )
    )
    said = batch(tmp_path, "list.jsonl", "--store", f"s3://{name}/out", **environment(bucket, tmp_path))
    assert said.returncode == 1, said.stderr
    assert "no such object" in said.stdout
    assert "1 ready, 1 rejected" in said.stderr
