"""What comes out of an item is believed only as far as it can be looked at."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.errors import Rejected
from mmsprep.profile import Profile
from mmsprep.receive import receive, receive_foreseen, receive_inspected

PROFILE = Profile(name="tiny", types=frozenset({"image/jpeg"}), max_bytes=1_000)
FACTS = {"type": "image/jpeg", "bytes": 4, "width": 2, "height": 1}


def result(**changed: Any) -> dict[str, Any]:
    return {
        "original": FACTS,
        "outputs": [{"file": "0.jpg", "facts": FACTS}],
        "links": [],
        "steps": ["image"],
        "warnings": ["part of it is missing"],
        "texts": [],
    } | changed


def test_a_sound_result_is_taken_with_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"1234")
    received = receive(result(), tmp_path, PROFILE)
    assert [(each.path.name, each.suffix, each.facts.width) for each in received.outputs] == [("0.jpg", ".jpg", 2)]
    assert received.outputs[0].sha256.startswith("03ac674216f3e15c")
    assert received.steps == ("image",)


@pytest.mark.parametrize(
    "forged",
    [
        {"outputs": []},
        {"outputs": [{"file": "../0.jpg", "facts": FACTS}]},
        {"outputs": [{"file": "/etc/passwd", "facts": FACTS}]},
        {"outputs": [{"file": "1.jpg", "facts": FACTS}]},
        {"outputs": [{"file": "0.jpg", "facts": FACTS | {"bytes": 3}}]},
        {"outputs": [{"file": "0.jpg", "facts": FACTS | {"type": "image/png"}}]},
        {"outputs": [{"file": "0.jpg", "facts": FACTS | {"width": float("inf")}}]},
        {"outputs": [{"file": "0.jpg", "facts": FACTS | {"width": -1}}]},
        {"outputs": [{"file": "0.jpg", "facts": FACTS}] * 1_001},
        {"links": [{"file": "../0.jpg", "facts": FACTS}]},
        {"links": "0.jpg"},
        {"texts": [{}]},
        {"original": {"type": "image/jpeg\nSet-Cookie: x", "bytes": 1}},
        {"steps": ["image", 3]},
        {"steps": [None]},
        {"warnings": [{}]},
    ],
)
def test_a_forged_result_is_refused(forged: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"1234")
    with pytest.raises(Rejected, match="damaged"):
        receive(result(**forged), tmp_path, PROFILE)


@pytest.mark.parametrize("plant", [Path.symlink_to, Path.hardlink_to])
def test_a_planted_link_gives_nobody_elses_file_away(plant: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"1234")
    item = tmp_path / "item"
    item.mkdir()
    plant(item / "0.jpg", secret)
    with pytest.raises(Rejected, match="damaged"):
        receive(result(), item, PROFILE)


def test_a_planted_pipe_does_not_hang_the_caller(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "0.jpg")
    with pytest.raises(Rejected, match="damaged"):
        receive(result(), tmp_path, PROFILE)


def test_an_output_over_the_limit_is_refused_even_if_the_item_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"x" * 1_000)
    with pytest.raises(Rejected, match="damaged"):
        receive(result(outputs=[{"file": "0.jpg", "facts": FACTS | {"bytes": 1_000}}]), tmp_path, PROFILE)


def test_a_version_for_the_text_may_be_larger_than_the_profile_takes(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"x" * 2_000)
    link = {"file": "0.jpg", "facts": FACTS | {"bytes": 2_000}}
    received = receive(result(outputs=[], links=[link]), tmp_path, PROFILE)
    assert [each.facts.bytes for each in received.links] == [2_000]


def test_a_warning_cannot_forge_a_line_or_a_colour(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"1234")
    received = receive(result(warnings=["a\x1b[2J\nready b.jpg\u202e"]), tmp_path, PROFILE)
    assert received.warnings == ("a [2J ready b.jpg",)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.sampled_from(["original", "outputs", "links", "steps", "warnings", "texts"]), JSON) | JSON)
def test_whatever_an_item_says_the_answer_is_a_rejection(untrusted: Any) -> None:
    with pytest.raises(Rejected):
        receive(untrusted, Path("/nonexistent"), PROFILE)


@given(st.dictionaries(st.sampled_from(["original", "tells"]), JSON | st.just(FACTS)) | JSON)
def test_whatever_an_inspection_says_it_tells_plain_words_or_is_rejected(untrusted: Any) -> None:
    try:
        told = receive_inspected(untrusted)
    except Rejected as refused:
        assert refused.reason == "damaged"
    else:
        assert all(key.isprintable() and words.isprintable() for key, words in told.tells.items())


@given(st.dictionaries(st.sampled_from(["original", "foreseen"]), JSON | st.just(FACTS)) | JSON)
def test_whatever_is_foreseen_is_a_step_or_a_refusal_or_is_rejected(untrusted: Any) -> None:
    try:
        foreseen = receive_foreseen(untrusted, [PROFILE])
    except Rejected as refused:
        assert refused.reason == "damaged"
    else:
        assert list(foreseen.outcomes) == ["tiny"]


def test_what_is_foreseen_is_told_by_profile() -> None:
    refusal = {"reason": "not-accepted", "message": "no\x1b[2J"}
    other = replace(PROFILE, name="other")
    foreseen = receive_foreseen({"original": FACTS, "foreseen": [{"step": "image"}, refusal]}, [PROFILE, other])
    assert foreseen.outcomes["tiny"] == "image"
    refused = foreseen.outcomes["other"]
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.message) == ("not-accepted", "no [2J")
