"""Where something says that it is: a photo by its EXIF, a received location or card by its GEO or its link to a map.

For ``mmsprep inspect``, which shows a sender what their file would have told; runs inside the isolation.
"""

from __future__ import annotations

from pathlib import Path

from mmsprep.detect import place
from mmsprep.detect.card import CARD
from mmsprep.detect.picture import EXIF_GPS, FORMATS, open_picture
from mmsprep.errors import Rejected
from mmsprep.media import Facts
from mmsprep.place import Place, from_photo, from_vcard


def place_in(path: Path, facts: Facts) -> Place | None:
    """Give the place that a detected file tells, or None where it tells none; detection has bounded its size."""
    try:
        if facts.type == place.TYPE:
            return Place.from_geojson(path.read_bytes())
        if facts.type == CARD:
            return from_vcard(path.read_bytes())
        if facts.type in FORMATS and "gps" in facts.metadata:
            return _of_picture(path, facts.type)
    except (Rejected, OSError):
        return None
    return None


def _of_picture(path: Path, mime: str) -> Place | None:
    with open_picture(path, mime) as picture:
        try:
            if mime == "image/png":
                picture.load()  # its EXIF block may follow the pixels
            gps = dict(picture.getexif().get_ifd(EXIF_GPS))
        except MemoryError:
            raise
        except Exception:
            return None
    return from_photo(gps)
