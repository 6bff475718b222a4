"""What may leave: the table that ships, a user's own rows, and the stricter of two."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsprep.errors import Misconfigured
from mmsprep.media import Facts
from mmsprep.profile import CONFIDENCES, H264_PROFILES, KINDS, VCARD_VERSIONS, Profile, load, names, profiles

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


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


# The table that ships


@pytest.mark.parametrize("name", names())
def test_a_built_in_row_says_where_it_was_read_and_how_far_to_trust_it(name: str) -> None:
    row = load(name)
    assert row.name == name
    assert row.source
    assert all(source.startswith("https://") or " " in source for source in row.source)
    assert row.confidence in CONFIDENCES


@pytest.mark.parametrize("name", names())
def test_every_way_of_sending_takes_a_small_baseline_jpeg(name: str) -> None:
    assert load(name).admits(replace(photo, bytes=200_000, width=480, height=640))


@pytest.mark.parametrize("name", names())
def test_a_built_in_row_lists_only_types_that_handsets_know(name: str) -> None:
    assert load(name).types <= set(TYPES)


def test_the_default_is_the_provider_that_asks_for_less_than_1_5_mb() -> None:
    assert load() == load("pantheon")
    assert load().admits(replace(photo, bytes=1_499_999))
    assert not load().admits(replace(photo, bytes=1_500_000))


@pytest.mark.parametrize(
    ("name", "message", "file"),
    [
        ("twilio", 5_000_000, 1_500_000),
        ("bandwidth.local", 3_500_000, 3_500_000),
        ("bandwidth.tollfree", 525_000, 525_000),
        ("telnyx", 1_000_000, 1_000_000),
        ("plivo", 5_000_000, 2_000_000),
        ("bird", 900_000, 600_000),
        ("signalwire.local", 1_200_000, 1_200_000),
        ("signalwire.tollfree", 750_000, 750_000),
        ("infobip.any", 300_000, 300_000),
        ("att.longcode", 1_000_000, 1_000_000),
        ("att.tollfree", 600_000, 600_000),
        ("att.shortcode", 600_000, 600_000),
        ("tmobile.longcode", 1_500_000, 1_500_000),
        ("tmobile.tollfree", 600_000, 600_000),
        ("tmobile.shortcode", 1_000_000, 1_000_000),
        ("verizon.longcode", 1_000_000, 1_000_000),
        ("verizon.tollfree", 600_000, 600_000),
        ("verizon.shortcode", 1_200_000, 1_200_000),
        ("canada.any", 1_000_000, 1_000_000),
        ("uscellular", 500_000, 500_000),
        ("device.default", 307_200, 307_200),
        *((f"device.{carrier}", 1_048_576, 1_048_576) for carrier in ("att", "tmobile", "uscellular")),
        *((f"device.{carrier}", 1_048_576, 1_048_576) for carrier in ("rogers", "telus", "fido")),
        ("device.verizon", 1_228_800, 1_228_800),
        ("device.cricket", 614_400, 614_400),
        ("device.bell", 614_400, 614_400),
        ("strict", 300_000, 300_000),
        ("safe", 500_000, 500_000),
        ("balanced", 600_000, 600_000),
        ("legacy", 300_000, 300_000),
    ],
)
def test_a_built_in_row_has_the_published_bytes(name: str, message: int, file: int) -> None:
    assert (load(name).total_bytes, load(name).limit("image/jpeg")) == (message, file)


def test_aws_takes_one_file_and_larger_pictures_than_anything_else() -> None:
    aws = load("aws")
    assert aws.max_files == 1
    assert aws.limit("image/gif") == 2_000_000
    assert {aws.limit(type_) for type_ in ("video/mp4", "audio/amr", "application/pdf", "text/x-vcard")} == {600_000}


@pytest.mark.parametrize("name", ["att.longcode", "canada.any", "signalwire.local", "safe", "legacy"])
def test_a_pdf_does_not_go_where_it_is_refused(name: str) -> None:
    assert load(name).objection(Facts(type="application/pdf", bytes=9)) == f"application/pdf is not accepted by {name}"


def test_the_oldest_handsets_get_baseline_video_narrow_band_speech_and_old_cards() -> None:
    legacy = load("legacy")
    assert (legacy.h264_profile, legacy.vcard) == ("baseline", "2.1")
    assert legacy.admits(Facts(type="video/3gpp", bytes=9, width=176, height=144, codecs=("h264", "amr_nb")))
    assert not legacy.admits(Facts(type="video/3gpp", bytes=9, width=176, height=144, codecs=("h264", "aac")))


def test_the_page_in_the_docs_shows_the_table_as_it_is() -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(ROOT / "scripts" / "write_profiles.py"))["written"](page) == page, "run make pages"


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


# A user's own rows


def test_a_users_row_extends_another_and_changes_what_it_names(tmp_path: Path) -> None:
    path = own(tmp_path, '[shop]\nextends = "att.tollfree"\nmax_bytes = 400_000\nnote = "our broker asks for it"\n')
    shop = load("shop", path)
    assert shop == replace(load("att.tollfree"), name="shop", max_bytes=400_000, note="our broker asks for it")


def test_a_note_is_about_one_row_and_is_not_inherited(tmp_path: Path) -> None:
    assert load("shop", own(tmp_path, '[shop]\nextends = "att.tollfree"\n')).note == ""


def test_a_users_row_may_stand_alone_extend_a_combination_and_have_a_dotted_name(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        '[shop.local]\ntypes = ["image/jpeg"]\nkind_bytes = { image = 5 }\nsource = "their letter"\n'
        '["shop.far"]\nextends = "shop.local+strict"\n',
    )
    assert load("shop.local", path).limit("image/jpeg") == 5
    assert load("shop.local", path).source == ("their letter",)
    assert load("shop.far+twilio", path).types == {"image/jpeg"}
    assert {"shop.local", "shop.far", "twilio"} <= set(names(path))


def test_a_users_row_may_replace_a_built_in_one_that_is_out_of_date(tmp_path: Path) -> None:
    path = own(tmp_path, '[uscellular]\nextends = "uscellular"\ntotal_bytes = 700_000\nmax_bytes = 700_000\n')
    assert load("uscellular", path).limit("image/jpeg") == 700_000
    assert load("uscellular").limit("image/jpeg") == 500_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('max_byte = 5\nextends = "twilio"', "profile 'shop': max_byte is not a key; did you mean max_bytes"),
        ('name = "x"\nextends = "twilio"', "profile 'shop': name is not a key"),
        ('extends = "twillio"', "profile 'shop': extends: no profile is called 'twillio'; did you mean twilio?"),
        ("max_bytes = 5", "profile 'shop': types is missing"),
        ('types = ["PDF"]', "profile 'shop': types must be a list of lower-case MIME types, not ['PDF']"),
        ('types = ["image/jpeg; q=1"]', "types must be"),
        ('types = "image/jpeg"', "types must be"),
        ("types = [3]", "types must be"),
        *((f"types = []\n{key} = -1", f"{key} must be a whole number above 0, not -1") for key in ("max_bytes",)),
        *((f"types = []\n{key} = 0", f"{key} must be") for key in ("total_bytes", "max_files", "max_pixels")),
        *((f"types = []\n{key} = true", f"{key} must be") for key in ("max_side", "max_short_side", "max_text_chars")),
        ("types = []\nmax_bytes = 1.5", "max_bytes must be"),
        ("types = []\nmax_bytes = [1]", "max_bytes must be"),
        ("types = []\nkind_bytes = { film = 5 }", "kind_bytes must be bytes above 0 by kind (image, video,"),
        ("types = []\nkind_bytes = { video = 0 }", "kind_bytes must be"),
        ("types = []\nkind_bytes = 5", "kind_bytes must be"),
        ('types = []\nprogressive = "no"', "progressive must be true or false, not 'no'"),
        ('types = []\ncodecs = ["H.264"]', "codecs must be"),
        ('types = []\nh264_profile = "extended"', "h264_profile must be one of baseline, main, high"),
        ("types = []\nvcard = 3.0", "vcard must be one of 2.1, 3.0, 4.0, in quotes"),
        ('types = []\nconfidence = "sure"', "confidence must be one of low, medium, high"),
        ("types = []\nsource = 5", "source must be"),
        ("types = []\nnote = 5", "note must be"),
    ],
)
def test_a_wrong_value_names_file_profile_and_key(tmp_path: Path, text: str, words: str) -> None:
    path = own(tmp_path, f"[shop]\n{text}\n")
    with pytest.raises(Misconfigured) as caught:
        load("twilio", path)
    assert str(caught.value).startswith(f"{path}: profile 'shop'")
    assert words in str(caught.value)


def test_everything_wrong_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = own(tmp_path, '[one]\nmax_bytes = -1\nextras = 1\n["two+three"]\ntypes = ["image/jpeg"]\nmax_files = 0\n')
    with pytest.raises(Misconfigured) as caught:
        profiles(path)
    told = str(caught.value).splitlines()
    assert len(told) == 5
    assert all(line.startswith(f"{path}: profile ") for line in told)


@pytest.mark.parametrize("text", ["[shop", "max_bytes = 5", "[shop]\ntypes = []\n[shop]\n", "\x00"])
def test_a_file_that_is_not_a_table_of_profiles_is_named(tmp_path: Path, text: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(Misconfigured, match="cannot be read as TOML profiles"):
        load("twilio", path)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"none\.toml: cannot be read"):
        load("twilio", tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("telynx", "no profile is called 'telynx'; did you mean telnyx?"),
        ("att", "did you mean att.longcode or att.tollfree or att.shortcode?"),
        ("twilio+att.longcod", "no profile is called 'att.longcod'; did you mean att.longcode"),
        ("", "no profile is called ''; known are att.longcode,"),
        ("twilio+", "no profile is called ''"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(name: str, words: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(name)
    assert words in str(caught.value)


def test_a_combination_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    path = own(tmp_path, '[films]\ntypes = ["video/mp4"]\n')
    with pytest.raises(Misconfigured, match=r"films\+legacy leaves no type"):
        load("films+legacy", path)


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
