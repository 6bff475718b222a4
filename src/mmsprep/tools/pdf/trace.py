"""Show a page whose drawing is too heavy as a picture of it, its words kept behind it to be found and copied."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

from mmsprep.tools.pdf import draw

if TYPE_CHECKING:
    import pikepdf
    from PIL import Image

Number: TypeAlias = tuple[int, int]

LADDER = ((2000, 75), (1700, 65), (1400, 55))
"""Pixels of the longer side and JPEG quality: 170, 145 and 120 dots per inch on A4."""

HEAVY = 60_000
"""Bytes of a page's own drawing above which a picture of it may be smaller."""

WORTH = 0.7
"""A picture replaces a drawing below this share of its bytes: it cannot be zoomed into as far."""

MOST_PAGES = 20
MOST_STREAMS = 900
"""Forms that are followed, perhaps each inside the one before: Python's own limit of depth is near."""

DEPTH = 8
"""Forms inside one another whose words are kept."""

_WORDS = "q Q cm BT ET Tf Td TD Tm T* Tj TJ ' \" Tc Tw Tz TL Ts Do"
_SHOWING = frozenset({"Tj", "TJ", "'", '"', "Do"})


@dataclass(frozen=True, slots=True)
class Traced:
    """The picture of a page."""

    jpeg: bytes
    width: int
    height: int


def lighten(pdf: pikepdf.Pdf, data: bytes, excess: int) -> int:
    """Turn heavy pages into pictures until *excess* bytes are saved, and return how many; *data* is the document.

    The finest rung that saves enough is taken; when none does, the document stays as it is.
    """
    import pikepdf

    heavy = _heavy_pages(pdf)[:MOST_PAGES]
    if sum(weight for _, weight in heavy) <= excess:
        return 0
    drawn: list[tuple[int, int, tuple[Traced, ...]]] = []
    rung = None
    with draw.opened(data) as document:
        for index, weight in heavy:
            drawn.append((index, weight, _traced(draw.render(document, index, LADDER[0][0], marks=False))))
            if (rung := _enough(drawn, excess)) is not None:
                break
    if rung is None:
        return 0
    try:
        for index, _, made in drawn:
            _replace(pdf, index, made[rung])
    except (pikepdf.PdfError, TypeError, ValueError):
        # Words that cannot be read cannot be kept.
        return 0
    return len(drawn)


def _enough(drawn: list[tuple[int, int, tuple[Traced, ...]]], excess: int) -> int | None:
    """Give the finest rung at which the pages drawn so far save *excess* bytes, each of them some; None for none."""
    for rung in range(len(LADDER)):
        saved = [weight - len(made[rung].jpeg) for _, weight, made in drawn]
        light = all(len(made[rung].jpeg) < weight * WORTH for _, weight, made in drawn)
        if light and sum(saved) > excess:
            return rung
    return None


def _traced(pixels: Image.Image) -> tuple[Traced, ...]:
    """Write the picture of a page at every rung: drawing it takes longer by far."""
    from PIL import Image

    made = []
    for side, quality in LADDER:
        factor = side / max(pixels.size)
        width, height = (max(1, round(length * factor)) for length in pixels.size)
        small = pixels if factor >= 1 else pixels.resize((width, height), Image.Resampling.LANCZOS)
        buffer = BytesIO()
        small.save(buffer, "JPEG", quality=quality, optimize=True, subsampling=0)
        made.append(Traced(buffer.getvalue(), *small.size))
    return tuple(made)


def _heavy_pages(pdf: pikepdf.Pdf) -> list[tuple[int, int]]:
    """Give the pages with heavy drawings of their own and the bytes of these, the heaviest first."""
    owned = [_drawing(page.obj.get("/Contents"), page.resources, {}) for page in pdf.pages]
    users = Counter(number for each in owned for number in each)
    weights = [sum(size for number, size in each.items() if users[number] == 1) for each in owned]
    return sorted(((index, each) for index, each in enumerate(weights) if each > HEAVY), key=lambda one: -one[1])


def _replace(pdf: pikepdf.Pdf, index: int, traced: Traced) -> None:
    """Let the page at *index* show its picture, and hold its words unseen."""
    import pikepdf

    page = pdf.pages[index]
    resources = page.resources
    words, forms = _words(pdf, page.obj, resources, 0)
    image = pdf.make_stream(
        traced.jpeg, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=traced.width, Height=traced.height,
        BitsPerComponent=8, ColorSpace=pikepdf.Name.DeviceRGB,
    )  # fmt: skip
    image.write(traced.jpeg, filter=pikepdf.Name.DCTDecode)
    placed = _turned(int(page.rotation) % 360, *_box(page))
    show = b"q %s cm /MmsPicture Do Q\n" % b" ".join(b"%.4f" % each for each in placed)
    # Rendering mode 3 draws nothing (ISO 32000-1, table 106); readers still find and copy the words.
    page.obj.Contents = pdf.make_stream(show + b"q 3 Tr\n" + words + b"\nQ\n")
    fonts = resources.get("/Font", pikepdf.Dictionary())
    page.obj.Resources = pikepdf.Dictionary(Font=fonts, XObject=pikepdf.Dictionary(MmsPicture=image, **forms))
    if "/Group" in page.obj:
        del page.obj["/Group"]


def _box(page: Any) -> tuple[float, float, float, float]:
    """Give the left, bottom, width and height of what is shown of a page: its crop box inside its media box."""
    boxes = []
    for box in (page.cropbox, page.mediabox):
        left, bottom, right, top = (float(each) for each in box)
        boxes.append((min(left, right), min(bottom, top), max(left, right), max(bottom, top)))
    left, bottom = (max(box[side] for box in boxes) for side in (0, 1))
    right, top = (min(box[side] for box in boxes) for side in (2, 3))
    return left, bottom, right - left, top - bottom


def _turned(degrees: int, left: float, bottom: float, width: float, height: float) -> tuple[float, ...]:
    """Place a picture that was drawn upright on a page that its reader turns clockwise."""
    if degrees == 90:
        return 0, height, -width, 0, left + width, bottom
    if degrees == 180:
        return -width, 0, 0, -height, left + width, bottom + height
    if degrees == 270:
        return 0, -height, width, 0, left, bottom + height
    return width, 0, 0, height, left, bottom


def _words(pdf: pikepdf.Pdf, holder: Any, resources: Any, depth: int) -> tuple[bytes, dict[str, Any]]:
    """Give the content that only shows words, and the forms that it draws for theirs."""
    import pikepdf

    drawn = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    items = drawn.items() if isinstance(drawn, pikepdf.Dictionary) and depth < DEPTH else ()
    forms = {key: each for key, each in items if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Form"}
    kept: list[Any] = []
    starts: list[tuple[int, bool]] = []
    said, used = False, set[str]()
    for instruction in pikepdf.parse_content_stream(holder, _WORDS):
        operator = str(instruction.operator)
        if operator == "q":
            starts.append((len(kept), said))
            said = False
        elif operator == "Q":
            if not starts:
                continue
            start, before = starts.pop()
            if not said:
                # Nothing was said since, so what was set for it is not needed.
                del kept[start:]
                said = before
                continue
        elif operator == "Do":
            if (name := str(instruction.operands[0])) not in forms:
                continue
            used.add(name)
        said = said or operator in _SHOWING
        kept.append(instruction)
    made = {key[1:]: _form(pdf, forms[key], resources, depth) for key in sorted(used)}
    return pikepdf.unparse_content_stream(kept) + b" Q" * len(starts), made


def _form(pdf: pikepdf.Pdf, form: Any, resources: Any, depth: int) -> Any:
    import pikepdf

    own = form.get("/Resources", resources)
    words, forms = _words(pdf, form, own, depth + 1)
    entries = {key[1:]: form[key] for key in ("/Matrix", "/BBox") if key in form}
    return pdf.make_stream(
        words, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, **entries,
        Resources=pikepdf.Dictionary(Font=own.get("/Font", pikepdf.Dictionary()), XObject=pikepdf.Dictionary(**forms)),
    )  # fmt: skip


def _drawing(contents: Any, resources: Any, seen: dict[Number, int]) -> dict[Number, int]:
    """Add to *seen* the streams by which a page draws, pictures and fonts left out, and their bytes."""
    import pikepdf

    for each in contents if isinstance(contents, pikepdf.Array) else [contents]:
        if isinstance(each, pikepdf.Stream):
            seen[each.objgen] = len(each.read_raw_bytes())
    for kind in ("/XObject", "/Pattern", "/Shading"):
        named = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
        for each in named.values() if isinstance(named, pikepdf.Dictionary) else ():
            # Forms often share one dictionary of resources, themselves among them.
            if isinstance(each, pikepdf.Stream) and each.get("/Subtype") != "/Image" and each.objgen not in seen:
                seen[each.objgen] = len(each.read_raw_bytes())
                if len(seen) < MOST_STREAMS:
                    _drawing(None, each.get("/Resources"), seen)
    return seen
