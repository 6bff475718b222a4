"""A user's own profiles: rows of a file that extend the table's, and whatever may be wrong in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mmsprep.errors import Misconfigured
from mmsprep.profile import load, names, profiles


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


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
