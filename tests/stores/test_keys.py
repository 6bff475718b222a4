"""Keys: made of the content, not to be guessed where a salt is set, told from other files' names."""

from __future__ import annotations

import hashlib

from mmsprep.stores import KEY, key_in, key_of

DIGEST = hashlib.sha256(b"a picture").hexdigest()


def test_a_key_is_the_contents_and_carries_no_name() -> None:
    assert key_of(DIGEST, ".jpg") == f"{DIGEST[:40]}.jpg"
    assert KEY.fullmatch(key_of(DIGEST, ".loc.vcf"))


def test_a_salt_makes_keys_that_a_file_does_not_tell_and_tenants_do_not_share() -> None:
    keys = {key_of(DIGEST, ".jpg", salt) for salt in (None, "one tenant's secret", "another's")}
    assert len(keys) == 3
    assert all(KEY.fullmatch(key) for key in keys)
    assert key_of(DIGEST, ".jpg", "another's") in keys


def test_a_salt_may_be_any_bytes_of_the_environment() -> None:
    assert key_of("0" * 64, ".jpg", "\udcff") != key_of("0" * 64, ".jpg", "\udcfe")


def test_a_key_is_found_in_the_urls_that_we_gave_and_in_no_other() -> None:
    key = key_of(DIGEST, ".jpg")
    for given in (key, f"s3://b/p/{key}", f"https://b.s3.amazonaws.com/p/{key}?X-Amz-Signature=1#x"):
        assert key_in(given) == key
    for other in ("", "backup.tar", f"https://cdn/{DIGEST}", f"x{key}", f"{key}/", "../../etc/passwd", f"{key}.a.b.c"):
        assert key_in(other) is None, other
