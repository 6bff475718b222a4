"""What a batch finds: everything that is there, each once, and nothing by way of a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsprep.batch.walk import Walk
from mmsprep.errors import Misconfigured
from mmsprep.settings import Settings


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("in/b.jpg", "in/a.jpg", "in/.secret", "in/deep/er/c.png", "in/.hidden/d.png", "other/a.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * len(name))
    return tmp_path


def found(*sources: str, own: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    entries = Walk(sources, Settings(), own)
    return [(entry.label, part.folder) for entry in entries for part in entry.parts]


def test_a_folder_is_walked_in_order_files_first_with_its_shape(tree: Path) -> None:
    assert found("in") == [("in/a.jpg", ""), ("in/b.jpg", ""), ("in/deep/er/c.png", "deep/er")]


def test_several_folders_keep_their_names_apart(tree: Path) -> None:
    assert found("in", "other/")[-2:] == [("in/deep/er/c.png", "in/deep/er"), ("other/a.jpg", "other")]


def test_hidden_files_and_folders_are_left_out_and_counted(tree: Path) -> None:
    walk = Walk(["in"], Settings())
    assert len(list(walk)) == 3
    assert walk.hidden == 2


def test_a_hidden_file_that_is_named_is_meant(tree: Path) -> None:
    assert found("in/.secret") == [("in/.secret", "")]


def test_links_are_told_and_not_followed(tree: Path) -> None:
    (tree / "in/deep/loop").symlink_to(tree / "in")
    (tree / "in/z.jpg").symlink_to(tree / "other/a.jpg")
    assert ("in/deep/loop", "deep") in found("in")
    assert ("in/z.jpg", "") in found("in")
    assert len(found("in")) == 5


def test_what_the_batch_writes_itself_is_left_out(tree: Path) -> None:
    own = frozenset({str(tree / "in/deep"), str(tree / "in/b.jpg")})
    assert found("in", own=own) == [("in/a.jpg", "")]


def test_a_pattern_finds_files_however_deep(tree: Path) -> None:
    assert found("in/**/*.png") == [("in/deep/er/c.png", "")]
    assert found("*/a.jpg") == [("in/a.jpg", ""), ("other/a.jpg", "")]


def test_a_pattern_that_finds_nothing_is_a_mistake(tree: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nothing matches in/\*.gif"):
        Walk(["in/*.gif"], Settings())


def test_a_name_that_looks_like_a_pattern_is_a_name(tree: Path) -> None:
    (tree / "in/[x].jpg").touch()
    assert found("in/[x].jpg") == [("in/[x].jpg", "")]


def test_a_place_is_an_item(tree: Path) -> None:
    for spelling in ("geo:48.85,2.35", "geo:48.85,2.35?z=12", "https://www.google.com/maps?q=48.85,2.35"):
        assert found(spelling) == [(spelling, "")]


def test_a_folder_that_cannot_be_read_is_told_and_the_others_go_on(tree: Path) -> None:
    walk = iter(Walk(["in"], Settings()))
    assert next(walk).label == "in/a.jpg"
    (tree / "in/deep/er/c.png").unlink()
    (tree / "in/deep/er").rmdir()
    (tree / "in/deep").rmdir()
    assert next(walk).label == "in/b.jpg"
    (last,) = walk
    assert last.label == "in/deep"
    assert last.problem is not None
    assert last.problem.reason == "unreadable"


def test_a_bucket_that_is_not_allowed_is_refused(tree: Path) -> None:
    with pytest.raises(Misconfigured, match="source_buckets"):
        list(Walk(["s3://somebody/elses"], Settings()))
