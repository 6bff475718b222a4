"""Places as files: what is taken for one, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsprep.detect import detect, knows
from mmsprep.errors import Rejected
from mmsprep.limits import Limits
from mmsprep.place import Place

FEATURE = '{"type":"Feature","geometry":{"type":"%s","coordinates":%s},"properties":%s}'


def write(folder: Path, data: bytes) -> Path:
    path = folder / "source"
    path.write_bytes(data)
    return path


def test_a_place_is_detected_as_one(tmp_path: Path) -> None:
    facts = detect(write(tmp_path, Place(-18.14, 178.44, label="Suva", zoom=7).to_geojson()), Limits())

    assert facts.type == "application/geo+json"
    assert knows(facts.type)
    assert facts.metadata == ()


@pytest.mark.parametrize(
    "text",
    [
        FEATURE % ("Polygon", "[[[1,2],[3,4],[5,6],[1,2]]]", "{}"),
        FEATURE % ("Point", "[200,1]", "{}"),
        FEATURE % ("Point", "[1,2]", '{"zoom":99}'),
        FEATURE % ("Point", "[1,2]", "{}") + "trailing",
        '{"type":"Feature",' + "[" * 10_000,
        '{"type":"Feature",' + " " * 70_000 + "}",
    ],
)
def test_a_feature_that_is_no_place_is_rejected(tmp_path: Path, text: str) -> None:
    with pytest.raises(Rejected):
        detect(write(tmp_path, text.encode()), Limits())


def test_other_json_is_no_place(tmp_path: Path) -> None:
    assert detect(write(tmp_path, b'{"type":"Topology","arcs":[]}'), Limits()).type == "application/json"
