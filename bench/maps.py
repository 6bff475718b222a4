"""Measure what the embedded map costs: ``python bench/maps.py [--sheet FILE.png]``.

Prints, for each of two dozen places from the poles to the date line, the CPU milliseconds of drawing and of writing the
PNG, and its bytes; then the CPU seconds of a whole ``mmsprep prepare geo:…``, all its processes together, with the
start of Python and of the isolation. *--sheet* puts all maps on one picture, to look at.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.place import Place
from mmsprep.stages.map import _png
from mmsprep.tools import mapdraw

if TYPE_CHECKING:
    from PIL import Image

PLACES = {
    "Suva": (-18.14, 178.44),
    "North Pole": (90, 0),
    "South Pole": (-90, 0),
    "Brussels": (50.8467, 4.3525),
    "Cape Town": (-33.92, 18.42),
    "mid-Pacific": (5, -150),
    "52° N, 180°": (52, 180),
    "Null Island": (0, 0),
    "Pitcairn": (-25.066, -130.1),
    "New York": (40.758, -73.985),
    "Tokyo": (35.68, 139.76),
    "Longyearbyen": (78.22, 15.64),
    "Everest": (27.988, 86.925),
    "Sahara": (23.4, 5),
    "San Francisco": (37.7749, -122.4194),
    "Helgoland": (54.18, 7.89),
    "Singapore": (1.29, 103.85),
    "Hobart": (-42.88, 147.33),
    "McMurdo": (-77.85, 166.67),
    "Ushuaia": (-54.8, -68.3),
    "Mauna Kea": (19.82, -155.47),
    "Kyiv": (50.45, 30.52),
    "Malé": (4.17, 73.5),
    "Lisbon": (38.72, -9.14),
}
COLUMNS = 4
THUMBNAIL = (600, 450)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sheet", type=Path)
    sheet = arguments.parse_args().sheet
    pictures, costs = [], []
    for number, (name, point) in enumerate(PLACES.items()):
        place = Place(*point, style="dark" if number % 5 == 4 else "light")
        start = time.process_time()
        picture = mapdraw.draw(place)
        drawn = time.process_time()
        data = _png(picture)
        written = time.process_time()
        costs.append(1e3 * (written - start))
        pictures.append(picture)
        print(f"{name:16} {1e3 * (drawn - start):5.0f} ms {1e3 * (written - drawn):5.0f} ms {len(data):8,} bytes")
    print(f"{'median':16} {statistics.median(costs):5.0f} ms")
    print(f"{'mmsprep prepare':16} {whole_seconds():5.2f} s of CPU in all")
    if sheet:
        save(pictures, sheet)


def whole_seconds() -> float:
    """Prepare one place as a person does, and give the CPU seconds of all processes."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "mmsprep", "prepare", "geo:-18.14,178.44", "--store", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def save(pictures: list[Image.Image], path: Path) -> None:
    """Put the maps side by side."""
    from PIL import Image

    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (THUMBNAIL[0] + 10), rows * (THUMBNAIL[1] + 10)), "white")
    for at, picture in enumerate(pictures):
        corner = (at % COLUMNS * (THUMBNAIL[0] + 10), at // COLUMNS * (THUMBNAIL[1] + 10))
        sheet.paste(picture.resize(THUMBNAIL, Image.Resampling.LANCZOS), corner)
    sheet.save(path)


if __name__ == "__main__":
    main()
