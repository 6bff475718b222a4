"""What every store promises, held over each of them: whole, once, by content, only its own."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.stores.conftest import House, Make

from mmsprep.errors import Misconfigured, Unavailable
from mmsprep.stores.folder import FolderStore

CONTENT = bytes(range(256)) * 200


def test_what_is_kept_comes_back_whole_by_its_url(house: House, make: Make) -> None:
    for name, mime in (("photo.jpg", "image/jpeg"), ("place.loc.vcf", "text/vcard"), ("clip.mp4", "video/mp4")):
        content = name.encode() * 1_000
        url = house.store.put(*make(content, name, mime))
        found, headers = house.fetch(url)
        assert found == content
        assert int(headers["content-length"]) == len(content)
        if house.server:
            assert headers["content-type"] == mime
            assert headers["content-disposition"] == f'inline; filename="media.{name.partition(".")[2]}"'
            assert headers["cache-control"] == "public, max-age=86400, immutable"


def test_the_same_again_is_the_same_url_and_one_file(house: House, make: Make) -> None:
    first = house.store.put(*make(CONTENT))
    other = make(CONTENT, "another name.jpg") if house.folder is None or house.settings.base_url else make(CONTENT)
    again = house.store.put(*other)
    assert again.partition("?")[0] == first.partition("?")[0]
    assert len(house.names()) == 1


def test_the_senders_name_is_told_to_nobody_who_fetches(public: House, make: Make) -> None:
    url = public.store.put(*make(CONTENT, "Jane's passport.jpg"))
    assert "assport" not in url
    assert "assport" not in str(public.fetch(url)[1])
    assert "assport" not in str(public.names())


def test_what_somebody_else_put_under_a_key_is_neither_taken_nor_overwritten(public: House, make: Make) -> None:
    media, key = make(CONTENT)
    public.plant(key, b"something else")
    with pytest.raises(Unavailable, match="other content") as caught:
        public.store.put(media, key)
    assert caught.value.reason == "store"
    assert public.names() == [key]
    assert list(public.store.purge(keys=[key])) == [key]
    assert public.fetch(public.store.put(media, key))[0] == CONTENT


def test_many_threads_at_once_keep_what_each_was_given(house: House, make: Make) -> None:
    items = [make(f"{number % 5}".encode() * 30_000, f"{number % 5}.jpg") for number in range(40)]
    with ThreadPoolExecutor(16) as threads:
        urls = list(threads.map(lambda item: house.store.put(*item), items))
    assert len(house.names()) == 5
    for (media, _), url in zip(items[:5], urls[:5], strict=True):
        assert house.fetch(url)[0] == media.path.read_bytes()


def test_processes_forked_from_one_that_has_used_it_can_use_it_too(house: House, make: Make) -> None:
    house.store.put(*make(b"before", "before.jpg"))
    children = []
    for number in range(3):
        if not (child := os.fork()):
            status = 1
            try:
                house.store.put(*make(b"%d" % number, f"{number}.jpg"))
                status = 7
            finally:
                os._exit(status)
        children.append(child)
    house.store.put(*make(b"after", "after.jpg"))
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [7, 7, 7]
    assert len(house.names()) == 5


UPLOADER = """
import sys
from pathlib import Path
from mmsprep import defaults
from mmsprep.media import Facts, Media
from mmsprep.settings import Settings
url, path, key, settings = sys.argv[1:]
store = defaults.open_store(url, Settings.model_validate_json(settings))
media = Media(Path(path), "beach.jpg", Facts(type="image/jpeg", bytes=Path(path).stat().st_size))
getattr(store, "client", lambda: None)()
print("ready", flush=True)
sys.stdin.readline()
print(store.put(media, key))
"""


def test_two_processes_that_keep_the_same_at_once_make_one(house: House, make: Make) -> None:
    media, key = make(CONTENT * 60, "beach.jpg")
    command = [sys.executable, "-c", UPLOADER, house.url, str(media.path), key, house.settings.model_dump_json()]
    both = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in range(2)]
    assert [each.stdout.readline() for each in both if each.stdout] == ["ready\n", "ready\n"]
    for each in both:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    urls = {each.communicate(timeout=60)[0].partition("?")[0].strip() for each in both}
    assert [each.returncode for each in both] == [0, 0]
    assert len(urls) == len(house.names()) == 1
    first = look(house, key)
    url = house.store.put(media, key)
    assert look(house, key) == first
    assert house.fetch(url)[0] == media.path.read_bytes()


def look(house: House, key: str) -> object:
    """See what must not change: for a bucket the ETag and all headers, for a folder the file itself."""
    if house.folder:
        found = next(house.folder.iterdir()).stat()
        return found.st_ino, found.st_size
    head = house.store.client().head_object(Bucket=house.store.bucket, Key=house.store.prefix + key)
    varies = ("ResponseMetadata", "Expiration")
    return {name: value for name, value in head.items() if name not in varies}


def test_purge_erases_by_key_or_age_and_only_what_is_ours(public: House, make: Make) -> None:
    items = [make(b"%d" % number, f"{number}.jpg") for number in range(3)]
    keys = [key for _, key in items]
    for item in items:
        public.store.put(*item)
    foreign = ["backup.tar", "0123.jpg", f"{keys[0]}.backup"]
    for name in foreign:
        public.plant(name, b"theirs")
    assert list(public.store.purge(keys=[keys[0], "backup.tar", "../x"], dry_run=True)) == [keys[0]]
    assert len(public.names()) == 6
    assert list(public.store.purge(keys=[keys[0], "backup.tar", "../x"])) == [keys[0]]
    for days in (1, 10**9, float("inf")):
        assert list(public.store.purge(older_than_days=days)) == []
    assert sorted(public.names()) == sorted([*keys[1:], *foreign])
    assert sorted(public.store.purge(older_than_days=0)) == sorted(keys[1:])
    assert sorted(public.names()) == sorted(foreign)


def test_a_persons_folder_is_not_purged(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="a person's folder"):
        list(FolderStore(tmp_path).purge(older_than_days=0))


def test_init_again_loses_nothing(house: House, make: Make) -> None:
    visible = bool(house.server and house.server.public)
    url = house.store.put(*make(CONTENT))
    assert next(house.store.init(public=visible)).done
    assert all(step.done for step in house.store.init(public=visible) if step.name in ("bucket", "folder"))
    assert house.fetch(url)[0] == CONTENT
