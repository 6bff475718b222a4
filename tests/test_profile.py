"""What may leave: what one profile admits, the stricter of two, and a profile as a value."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.errors import Misconfigured
from mmsprep.media import Facts
from mmsprep.profile import CONFIDENCES, H264_PROFILES, KINDS, VCARD_VERSIONS, Profile, load

ROOT = Path(__file__).resolve().parents[1]
TYPES = (
    *("image/jpeg", "image/png", "image/gif", "video/mp4", "video/3gpp", "audio/mp4", "audio/mpeg", "audio/amr"),
    *("application/pdf", "text/x-vcard", "text/calendar"),
)
CODECS = ("h264", "h263", "hevc", "aac", "mp3", "amr_nb")
LIMITED = (
    *("types", "max_bytes", "kind_bytes", "total_bytes", "max_files", "max_pixels", "max_side", "max_short_side"),
    *("progressive", "codecs", "h264_profile", "vcard", "max_text_chars", "confidence"),
)

counts = st.integers(1, 5_000_000)
sides = st.integers(1, 10_000)
maybe_counts = st.none() | counts
maybe_sides = st.none() | sides
limits = st.builds(
    Profile,
    name=st.sampled_from(["here", "there", "anywhere"]),
    types=st.frozensets(st.sampled_from(TYPES)),
    max_bytes=counts,
    kind_bytes=st.dictionaries(st.sampled_from(KINDS), counts).map(lambda kinds: tuple(sorted(kinds.items()))),
    total_bytes=maybe_counts,
    max_files=st.integers(1, 20),
    max_pixels=maybe_counts,
    max_side=maybe_sides,
    max_short_side=maybe_sides,
    progressive=st.booleans(),
    codecs=st.frozensets(st.sampled_from(CODECS)),
    h264_profile=st.sampled_from(H264_PROFILES),
    vcard=st.sampled_from(VCARD_VERSIONS),
    max_text_chars=maybe_counts,
    source=st.lists(st.text(), max_size=2).map(tuple),
    confidence=st.sampled_from(CONFIDENCES),
    note=st.text(max_size=5),
)
measured = st.builds(
    Facts,
    type=st.sampled_from([*TYPES, "image/heic"]),
    bytes=st.integers(0, 6_000_000),
    width=maybe_sides,
    height=maybe_sides,
    frames=st.none() | st.integers(1, 5),
    codecs=st.lists(st.sampled_from(CODECS), max_size=2).map(tuple),
    progressive=st.booleans(),
)
photo = Facts(type="image/jpeg", bytes=400_000, width=2000, height=1500)
ours = Profile(name="ours", types=frozenset(TYPES))


def limited(profile: Profile) -> dict[str, object]:
    """Give the fields that decide, without the name and where they were read."""
    return {key: getattr(profile, key) for key in LIMITED}


# What may leave


@given(limits, measured)
def test_a_file_may_leave_exactly_when_nothing_speaks_against_it(profile: Profile, facts: Facts) -> None:
    assert profile.admits(facts) == (profile.objection(facts) is None)


@given(limits, measured)
def test_what_may_leave_is_of_an_accepted_type_and_below_every_limit(profile: Profile, facts: Facts) -> None:
    if profile.admits(facts):
        assert facts.type in profile.types
        assert facts.bytes < min(profile.limit(facts), profile.max_bytes, profile.total_bytes or profile.max_bytes)


def test_the_limit_of_a_file_is_the_strictest_of_kind_file_and_message() -> None:
    profile = replace(ours, max_bytes=900, kind_bytes=(("video", 500),), total_bytes=800)
    assert (profile.limit("image/png"), profile.limit("video/mp4")) == (800, 500)
    assert profile.limit(Facts(type="video/mp4", bytes=1)) == 500
    assert replace(profile, total_bytes=None).limit("image/png") == 900


@pytest.mark.parametrize(
    ("profile", "facts", "words"),
    [
        (ours, replace(photo, type="image/heic"), "image/heic is not accepted by ours"),
        (ours, replace(photo, bytes=1_500_000), "1500000 bytes; ours takes image/jpeg below 1500000"),
        (ours, replace(photo, progressive=True), "progressive JPEG; ours takes baseline"),
        (replace(ours, max_side=1000), photo, "2000x1500 pixels; ours takes this shape up to 1000x750"),
        (ours, Facts(type="video/mp4", bytes=9, codecs=("hevc", "aac")), "hevc inside; ours takes aac, amr_nb, h264"),
        (ours, replace(photo, type="image/png", frames=3), "animated image/png"),
    ],
)
def test_an_objection_names_the_fact_and_what_is_taken(profile: Profile, facts: Facts, words: str) -> None:
    assert words in (profile.objection(facts) or "")


def test_a_profile_may_allow_progressive_jpegs_and_animated_gifs_go_anyway() -> None:
    assert replace(ours, progressive=True).admits(replace(photo, progressive=True))
    assert ours.admits(replace(photo, type="image/gif", frames=30))


def test_pages_and_cards_have_no_pixels_to_cap() -> None:
    assert replace(ours, max_side=10).admits(Facts(type="application/pdf", bytes=9, width=612, height=792))


@pytest.mark.parametrize(("width", "height"), [(2592, 1944), (1944, 2592), (2000, 1944)])
def test_a_picture_fills_the_box_of_a_handset_upright_and_lying(width: int, height: int) -> None:
    assert load("device.att").admits(replace(photo, width=width, height=height))


@pytest.mark.parametrize(
    ("width", "height", "shown"),
    [(4000, 3000, (2592, 1944)), (3000, 4000, (1944, 2592)), (3000, 3000, (1944, 1944)), (640, 480, (640, 480))],
)
def test_a_larger_picture_shrinks_into_the_box_in_its_shape(width: int, height: int, shown: tuple[int, int]) -> None:
    assert load("device.att").within(width, height) == shown


@given(limits, sides, sides)
def test_a_picture_shrunk_within_the_caps_is_admitted_and_never_larger(
    profile: Profile, width: int, height: int
) -> None:
    profile = replace(profile, types=frozenset({"image/png"}))
    shown = profile.within(width, height)
    assert 1 <= shown[0] <= width
    assert 1 <= shown[1] <= height
    assert profile.admits(Facts(type="image/png", bytes=0, width=shown[0], height=shown[1]))


@given(limits, sides, sides)
def test_a_cap_does_not_depend_on_how_the_picture_is_turned(profile: Profile, width: int, height: int) -> None:
    assert profile.within(height, width) == profile.within(width, height)[::-1]


# The stricter of both


@given(limits, limits, measured)
def test_both_together_admit_only_what_each_admits(one: Profile, other: Profile, facts: Facts) -> None:
    assert (one & other).admits(facts) <= (one.admits(facts) and other.admits(facts))
    assert (one & other).limit(facts) == min(one.limit(facts), other.limit(facts))


@given(limits, limits)
def test_both_together_allow_no_more_than_each_in_any_field(one: Profile, other: Profile) -> None:
    both = one & other
    for each in (one, other):
        assert both.types <= each.types
        assert both.codecs <= each.codecs
        assert both.max_files <= each.max_files
        assert both.progressive <= each.progressive
        assert H264_PROFILES.index(both.h264_profile) <= H264_PROFILES.index(each.h264_profile)
        assert VCARD_VERSIONS.index(both.vcard) <= VCARD_VERSIONS.index(each.vcard)
        assert CONFIDENCES.index(both.confidence) <= CONFIDENCES.index(each.confidence)
        assert set(each.source) <= set(both.source)
        for key in ("total_bytes", "max_pixels", "max_side", "max_short_side", "max_text_chars"):
            known = getattr(each, key)
            assert known is None or getattr(both, key) <= known


@given(limits, limits)
def test_both_together_do_not_depend_on_their_order(one: Profile, other: Profile) -> None:
    assert limited(one & other) == limited(other & one)


@given(limits, limits, limits)
def test_three_together_do_not_depend_on_their_grouping(one: Profile, other: Profile, third: Profile) -> None:
    facts = [Facts(type=type_, bytes=0) for type_ in TYPES]
    left, right = (one & other) & third, one & (other & third)
    assert limited(replace(left, kind_bytes=())) == limited(replace(right, kind_bytes=()))
    assert [left.limit(each) for each in facts] == [right.limit(each) for each in facts]


@given(limits)
def test_a_profile_with_itself_is_the_same_one(profile: Profile) -> None:
    both = profile & profile
    assert limited(replace(both, kind_bytes=profile.kind_bytes)) == limited(profile)
    assert [both.limit(type_) for type_ in TYPES] == [profile.limit(type_) for type_ in TYPES]
    assert both & profile == both


def test_names_joined_by_a_plus_load_the_stricter_of_all() -> None:
    both = load("telnyx+att.longcode")
    assert both == load("telnyx") & load("att.longcode")
    assert both.name == "telnyx+att.longcode"
    assert "application/pdf" not in both.types
    assert load("twilio+tmobile.shortcode+device.default").limit("image/jpeg") == 307_200


# As a value


def test_a_profile_made_in_python_is_checked_as_well() -> None:
    with pytest.raises(Misconfigured, match=r"(?s)max_bytes must be.*max_files must be"):
        Profile(name="ours", types=frozenset(TYPES), max_bytes=0, max_files=-1)


@given(limits)
def test_a_profile_survives_the_way_through_json(profile: Profile) -> None:
    assert Profile.from_dict(json.loads(json.dumps(profile.as_dict()))) == profile


def test_every_field_reaches_json() -> None:
    assert ours.as_dict().keys() == {field.name for field in fields(Profile)}


def test_a_profile_can_be_a_key() -> None:
    assert {load("aws"): 1}[load("aws")] == 1


def test_importing_it_reads_no_table() -> None:
    watched = (
        "import sys; opened = []; sys.addaudithook(lambda event, args: event == 'open' and opened.append(args[0]));"
        "import mmsprep.profile as profile; early = [str(path) for path in opened if str(path).endswith('.toml')];"
        "profile.load(); print(early, str(opened[-1]).endswith('profiles.toml'))"
    )
    told = subprocess.run([sys.executable, "-c", watched], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[] True"
