"""Draw docs/assets/before-after.jpg: what people hand over, and what mmsprep makes of it for a message.

Every picture in it is the file itself: above as a program shows it that looks at nothing but its pixels, below as it
is sent, after a real run on fixtures/.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from mmsprep import Pipeline, Place
from mmsprep.prepared import Prepared
from mmsprep.show import size as in_words

ROOT = Path(__file__).resolve().parents[1]
FIGURE = ROOT / "docs" / "assets" / "before-after.jpg"
TYPE = ROOT / "src" / "mmsprep" / "data"

PROFILE = "telnyx+att.tollfree"
WIDTH, GAP, CARD, TALL = 1520, 24, 350, 262
PAPER, INK, GREY, RULE, ACCENT = "#f4f6f8", "#17212b", "#5b6b7b", "#d7dee5", "#0b6bcb"


@dataclass(frozen=True)
class Column:
    """One thing that is handed over: how it looks before, and in two lines what is wrong with it."""

    source: str | Place
    before: Image.Image
    was: tuple[str, str]
    became: str


def face(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(TYPE / f"inter-{weight}.ttf"), size)


def tile(words: tuple[str, ...]) -> Image.Image:
    """Draw what has no picture of its own: a name."""
    drawn = Image.new("RGB", (CARD, TALL), "white")
    draw = ImageDraw.Draw(drawn)
    for index, line in enumerate(words):
        place = (CARD / 2, TALL / 2 + (index - (len(words) - 1) / 2) * 34)
        draw.text(place, line, font=face("semibold", 25), fill=GREY, anchor="mm")
    return drawn


def raw(name: str) -> Image.Image:
    """Give a fixture's pixels as they are stored: not turned, its colour profile ignored."""
    with Image.open(ROOT / "fixtures" / name) as picture:
        return picture.convert("RGB")


def columns() -> list[Column]:
    def fixture(name: str) -> str:
        return str(ROOT / "fixtures" / name)

    turned, swapped, heic = "rotated_gps.jpg", "swapped_profile.jpg", "photo.heic"
    house = Place(-18.14, 178.44, label="The house", zoom=7)
    return [
        Column(fixture(turned), raw(turned), ("a phone’s photo", "on its side, with its GPS"), "upright, place gone"),
        Column(fixture(swapped), raw(swapped), ("a colour profile", "that many screens ignore"), "the colours meant"),
        Column(fixture(heic), tile((heic,)), ("an iPhone’s photo", "no carrier takes HEIC"), "a JPEG below 600 KB"),
        Column(house, tile(("-18.14,", "178.44")), ("a place", "in numbers"), "a map, a card, a link"),
    ]


def paste(figure: Image.Image, picture: Image.Image, left: int, top: int) -> None:
    """Put *picture* whole into its card."""
    fitted = ImageOps.contain(picture, (CARD, TALL), Image.Resampling.LANCZOS)
    ImageDraw.Draw(figure).rectangle((left, top, left + CARD - 1, top + TALL - 1), fill="white", outline=RULE)
    figure.paste(fitted, (left + (CARD - fitted.width) // 2, top + (TALL - fitted.height) // 2))


def sent(prepared: Prepared) -> tuple[Image.Image, str]:
    """Open what came out first, and say what it is."""
    first = prepared.media[0]
    assert first.path is not None
    with Image.open(first.path) as picture:
        shown = picture.convert("RGB")
    kind = first.facts.type.rpartition("/")[2].upper()
    return shown, f"{kind} {first.facts.width} × {first.facts.height}, {in_words(first.facts.bytes)}"


def figure(pipeline: Pipeline) -> Image.Image:
    head, row = 62, TALL + 74
    drawn = Image.new("RGB", (WIDTH, 2 * (head + row) + GAP), PAPER)
    draw = ImageDraw.Draw(drawn)
    for index, title in enumerate(("What people hand over", f"What goes out, for {PROFILE}")):
        draw.text((GAP, index * (head + row) + 22), title, font=face("semibold", 25), fill=INK)
    for index, column in enumerate(columns()):
        left = GAP + index * (CARD + GAP)
        paste(drawn, column.before, left, head)
        draw.text((left, head + TALL + 10), column.was[0], font=face("semibold", 20), fill=INK)
        draw.text((left, head + TALL + 36), column.was[1], font=face("medium", 18), fill=GREY)
        after, facts = sent(pipeline.prepare(column.source))
        top = head + row + head
        paste(drawn, after, left, top)
        draw.text((left, top + TALL + 10), column.became, font=face("semibold", 20), fill=ACCENT)
        draw.text((left, top + TALL + 36), facts, font=face("medium", 18), fill=GREY)
    return drawn


def main() -> None:
    with Pipeline(PROFILE) as pipeline:
        figure(pipeline).save(FIGURE, quality=82, optimize=True)


if __name__ == "__main__":
    main()
