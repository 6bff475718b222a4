"""What a bucket is asked for: no second upload, exact headers, retention that starts anew, rules of its own alone."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import ssl
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.servers.faults import faulty
from tests.stores.conftest import House, Make, Servers, opened

from mmsprep import Pipeline
from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.settings import Settings
from mmsprep.stores.s3 import S3Store

CONTENT = bytes(range(256)) * 500
SERVICES = [pytest.param(name, marks=pytest.mark.services) for name in ("moto", "ceph")]
AWS_ALIKE = pytest.mark.parametrize("bucket", SERVICES, indirect=True)
MOTO = pytest.mark.parametrize("bucket", SERVICES[:1], indirect=True)


def head(house: House, key: str) -> dict[str, Any]:
    found: dict[str, Any] = house.store.client().head_object(Bucket=house.store.bucket, Key=house.store.prefix + key)
    return found


def later(house: House, days: float) -> S3Store:
    """Open the same store as it will be after so many days."""
    store: S3Store = house.with_settings().store
    store.clock = lambda: datetime.now(UTC) + timedelta(days=days)
    return store


def test_what_is_there_is_looked_at_and_not_sent_again(bucket: House, make: Make) -> None:
    assert bucket.server
    media, key = make(CONTENT)
    with faulty(bucket.server.endpoint) as proxy:
        store = bucket.with_settings(endpoint=proxy.url).store
        store.put(media, key)
        assert proxy.seen == ["HEAD", "PUT"]
        store.put(media, key)
        assert proxy.seen == ["HEAD", "PUT", "HEAD"]
    sent = proxy.headers[1]
    assert sent["content-md5"] == base64.b64encode(hashlib.md5(CONTENT).digest()).decode()
    assert sent["if-none-match"] == "*"
    assert sent["content-length"] == str(len(CONTENT))
    assert "transfer-encoding" not in sent


def test_a_link_that_is_sent_again_in_its_second_half_lives_on_without_an_upload(bucket: House, make: Make) -> None:
    media, key = make(CONTENT)
    bucket.store.put(media, key)
    before = head(bucket, key)
    time.sleep(1.1)  # servers tell time by the second
    later(bucket, 14.9).put(media, key)
    assert head(bucket, key)["LastModified"] == before["LastModified"]
    later(bucket, 15.1).put(media, key)
    after = head(bucket, key)
    assert after["LastModified"] > before["LastModified"]
    for name in ("ETag", "ContentType", "ContentDisposition", "CacheControl", "ContentLength"):
        assert after[name] == before[name]
    assert bucket.fetch(bucket.store.put(media, key))[0] == CONTENT


def test_what_is_kept_for_ever_is_never_refreshed(bucket: House, make: Make) -> None:
    media, key = make(CONTENT)
    eternal = bucket.with_settings(retention_days=0).store
    eternal.put(media, key)
    before = head(bucket, key)
    time.sleep(1.1)
    eternal.clock = lambda: datetime.now(UTC) + timedelta(days=10_000)
    eternal.put(media, key)
    assert head(bucket, key)["LastModified"] == before["LastModified"]


def test_an_object_that_lost_its_headers_gets_them_back(bucket: House, make: Make) -> None:
    media, key = make(CONTENT)
    bucket.plant(key, CONTENT)  # ours by its bytes, but of no type
    _, headers = bucket.fetch(bucket.store.put(media, key))
    assert headers["content-type"] == "image/jpeg"
    assert head(bucket, key)["CacheControl"].startswith("public")


@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
def test_a_server_that_refuses_conditions_is_asked_without_them(bucket: House, make: Make) -> None:
    assert bucket.server
    with faulty(bucket.server.endpoint, 501) as proxy:
        store = bucket.with_settings(endpoint=proxy.url).store
        for number in range(2):
            store.put(*make(b"%d" % number, f"{number}.jpg"))
    assert proxy.seen == ["HEAD", "PUT", "HEAD", "PUT", "HEAD", "PUT"]
    assert len(bucket.names()) == 2


@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
def test_writers_that_get_into_each_others_way_look_again(bucket: House, make: Make) -> None:
    assert bucket.server
    media, key = make(CONTENT)
    with faulty(bucket.server.endpoint, 409, 412) as proxy:
        bucket.with_settings(endpoint=proxy.url).store.put(media, key)
    assert proxy.seen == ["HEAD", "PUT"] * 3
    with (
        faulty(bucket.server.endpoint, 409, lasting=True) as proxy,
        pytest.raises(Unavailable, match="others keep changing"),
    ):
        bucket.with_settings(endpoint=proxy.url).store.put(*make(b"other", "other.jpg"))


@AWS_ALIKE
def test_credentials_that_may_write_but_not_look_are_told_so(bucket: House, make: Make) -> None:
    assert bucket.server
    media, key = make(CONTENT)
    with faulty(bucket.server.endpoint, 403, methods=("HEAD",), lasting=True) as proxy:
        store = bucket.with_settings(endpoint=proxy.url).store
        store.put(media, key)  # which nobody had to look at
        with pytest.raises(Unavailable, match="may be written but not read; its owner must allow s3:GetObject"):
            store.put(media, key)
    assert bucket.names() == [key]


@MOTO
@pytest.mark.parametrize(("encryption", "key"), [("AES256", None), ("aws:kms", "alias/media")])
def test_encryption_is_asked_for_and_an_object_known_again(
    bucket: House, make: Make, encryption: str, key: str | None
) -> None:
    encrypted = bucket.with_settings(encryption=encryption, kms_key=key).store
    media, name = make(CONTENT)
    encrypted.put(media, name)
    assert head(bucket, name)["ServerSideEncryption"] == encryption
    encrypted.put(media, name)
    encrypted.clock = lambda: datetime.now(UTC) + timedelta(days=20)
    encrypted.put(media, name)
    assert head(bucket, name)["ServerSideEncryption"] == encryption


@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
def test_what_only_credentials_can_read_is_not_made_public(bucket: House) -> None:
    with pytest.raises(Misconfigured, match=r"set s3\.encryption to AES256"):
        list(bucket.with_settings(encryption="aws:kms").store.init(public=True))


@pytest.mark.parametrize("bucket", ["rclone"], indirect=True)
def test_an_object_that_is_erased_while_it_is_refreshed_is_sent_again(bucket: House, make: Make) -> None:
    assert bucket.server
    media, key = make(CONTENT)
    bucket.store.put(media, key)
    with faulty(bucket.server.endpoint, 412) as proxy:
        store = bucket.with_settings(endpoint=proxy.url).store
        store.clock = lambda: datetime.now(UTC) + timedelta(days=20)

        def erase(**_: object) -> None:
            list(bucket.store.purge(keys=[key]))

        # The copy is a PUT as well, and the one that is refused.
        store.client().meta.events.register("before-call.s3.CopyObject", erase)
        url = store.put(media, key)
    assert bucket.fetch(bucket.store.put(media, key))[0] == CONTENT
    assert proxy.seen == ["HEAD", "PUT", "HEAD", "PUT"]
    assert key in url


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Jane's beach.jpg", "Jane_s beach.jpg"),
        ('a"b\r\nX: y.jpg', "a_b__X_ y.jpg"),
        ("Größe.jpg", "Groe.jpg"),
        ("写真.jpg", "media.jpg"),
    ],
)
def test_a_name_that_may_be_told_is_spelt_in_plain_ascii(bucket: House, make: Make, name: str, shown: str) -> None:
    media, key = make(CONTENT, "beach.jpg")
    named = type(media)(media.path, name, media.facts)
    url = bucket.with_settings(show_names=True).store.put(named, key)
    assert bucket.fetch(url)[1]["content-disposition"] == f'inline; filename="{shown}"'


def test_all_threads_share_one_client_and_a_forked_process_makes_its_own(bucket: House) -> None:
    clients: list[Any] = []
    threads = [threading.Thread(target=lambda: clients.append(bucket.store.client())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in clients}) == 1
    if not (child := os.fork()):
        os._exit(7 if bucket.store.client() is not clients[0] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@MOTO
def test_a_new_bucket_is_encrypted_expires_and_is_closed_to_web_pages(bucket: House) -> None:
    client, name = bucket.store.client(), bucket.store.bucket
    rules = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (rule,) = client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (rule["Filter"], rule["Expiration"]) == ({"Prefix": "mms/"}, {"Days": 30})
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    with pytest.raises(client.exceptions.ClientError, match="NoSuchCORSConfiguration"):
        client.get_bucket_cors(Bucket=name)


@AWS_ALIKE
def test_public_read_is_of_the_prefix_alone_and_only_while_asked_for(bucket: House, make: Make) -> None:
    url = bucket.store.put(*make(CONTENT))
    bucket.store.client().put_object(Bucket=bucket.store.bucket, Key="private.txt", Body=b"private")
    assert bucket.fetch(url)[0] == CONTENT
    outside = f"{url.partition('/mms/')[0]}/private.txt"
    with pytest.raises(OSError, match="403"):
        bucket.fetch(outside)
    assert [step.found for step in bucket.store.init(public=False)][-1] == "none; --public allows it"
    with pytest.raises(OSError, match="403"):
        bucket.fetch(url)


@pytest.mark.services
@pytest.mark.parametrize("bucket", ["ceph", "ceph-tls"], indirect=True)
def test_strangers_may_ask_for_the_headers_first(bucket: House, make: Make) -> None:
    assert bucket.server
    url = bucket.store.put(*make(CONTENT))
    trusted = ssl.create_default_context(cafile=bucket.server.authority)
    asked = urllib.request.Request(url, method="HEAD")
    with urllib.request.urlopen(asked, timeout=10, context=trusted) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert int(answer.headers["Content-Length"]) == len(CONTENT)


@pytest.mark.services
@pytest.mark.parametrize("bucket", ["ceph"], indirect=True)
def test_nobody_lists_what_a_public_prefix_holds(bucket: House, make: Make) -> None:
    url = bucket.store.put(*make(CONTENT))
    with pytest.raises(OSError, match="403"):
        bucket.fetch(f"{url.partition('/mms/')[0]}?prefix=mms/")


@AWS_ALIKE
def test_what_others_set_up_in_a_bucket_stays(bucket: House) -> None:
    client, name = bucket.store.client(), bucket.store.bucket
    rules = client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 7}}
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [*rules, theirs]})
    policy = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])
    resource = [f"arn:aws:s3:::{name}/logs/*"]
    statement = {"Sid": "theirs", "Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject"], "Resource": resource}
    policy["Statement"].append(statement)
    client.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}]}
    client.put_bucket_cors(Bucket=name, CORSConfiguration=cors)
    for public in (True, False):
        steps = {step.name: step for step in bucket.with_settings(retention_days=9).store.init(public=public)}
        assert "others made" in steps["CORS"].found
        kept = {rule["ID"]: rule for rule in client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]}
        assert kept["theirs"]["Expiration"]["Days"] == 7
        assert kept["mmsprep mms/"]["Expiration"]["Days"] == 9
        assert len(kept) == 2
        statements = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
        assert len(statements) == 1 + public
        assert any(each["Sid"] == "theirs" and each["Effect"] == "Deny" for each in statements)


@AWS_ALIKE
def test_what_is_purged_is_gone_in_all_its_versions(bucket: House, make: Make) -> None:
    client, name = bucket.store.client(), bucket.store.bucket
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    items = [make(b"%d" % number, f"{number}.jpg") for number in range(3)]
    for media, key in items:
        bucket.plant(key, media.path.read_bytes())
        bucket.store.put(media, key)  # which gives it headers, as a second version
    client.delete_object(Bucket=name, Key=f"mms/{items[2][1]}")  # which hides it, and erases nothing

    def left() -> set[str]:
        found = client.list_object_versions(Bucket=name)
        return {
            each["Key"].removeprefix("mms/") for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        }

    assert len(client.list_object_versions(Bucket=name)["Versions"]) == 6
    assert list(bucket.store.purge(keys=[items[0][1]])) == [items[0][1]]
    assert left() == {items[1][1], items[2][1]}
    assert sorted(bucket.store.purge(older_than_days=0)) == sorted(key for _, key in items[1:])
    assert left() == set()


@pytest.mark.slow
@MOTO
def test_more_than_a_page_of_objects_is_purged(bucket: House, make: Make) -> None:
    put = bucket.store.client().put_object
    keys = [f"{number:040x}.jpg" for number in range(1_100)]
    for key in keys:
        put(Bucket=bucket.store.bucket, Key=f"mms/{key}", Body=b"1")
    assert sorted(bucket.store.purge(older_than_days=0)) == keys
    assert bucket.names() == []


@pytest.mark.parametrize("name", ["rclone", pytest.param("ceph", marks=pytest.mark.services)])
def test_erasing_one_tenants_item_leaves_the_others(
    name: str, servers: Servers, fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = opened(name, servers, tmp_path, monkeypatch)
    urls = {}
    for tenant in ("a", "b"):
        settings = bucket.settings.model_dump() | {"key_salt": f"the secret of {tenant}"}
        with Pipeline("pantheon", store=bucket.url, settings=Settings.load(**settings)) as pipeline:
            (urls[tenant],) = pipeline.prepare(fixtures / "logo.png").media_urls
    keys = {tenant: url.partition("?")[0].rpartition("/")[2] for tenant, url in urls.items()}
    assert sorted(bucket.names()) == sorted(keys.values())
    assert len(set(keys.values())) == 2
    list(bucket.store.purge(keys=[keys["a"]]))
    assert bucket.fetch(urls["b"])[0].startswith(b"\x89PNG")
    assert bucket.names() == [keys["b"]]
