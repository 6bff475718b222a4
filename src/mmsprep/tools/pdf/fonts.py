"""Find out which characters of each large font are shown, and take the outlines of the others out."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from mmsprep.tools.pdf import characters, outlines

if TYPE_CHECKING:
    import pikepdf

Number: TypeAlias = tuple[int, int]

LARGE = 20_000
"""Packed bytes of a font that is worth the work: one that holds only what is shown is rarely larger."""

MOST_STRINGS = 2_000_000
"""Strings that are read in all."""

_SHOWING = "Tf Tj TJ ' \" q Q gs"


@dataclass(slots=True)
class _Program:
    """A font program, the fonts that use it, and the numbers of the glyphs that they show."""

    stream: Any
    kind: str
    fonts: list[Number] = field(default_factory=list)
    wanted: set[int] = field(default_factory=set)
    understood: bool = True


class _Unsure(Exception):
    """Say that text is shown in a way that cannot be followed."""


def shrink(pdf: pikepdf.Pdf) -> int:
    """Cut every large font of which it is known what it shows, and return the bytes that were saved."""
    fonts = dict(_fonts(pdf))
    programs = _programs(pdf, fonts)
    if not any(each.understood for each in programs.values()):
        return 0
    try:
        shown = _shown(pdf, fonts)
    except MemoryError:
        raise
    except Exception:  # _Unsure, and what operands of the wrong kind raise: nothing has been changed yet
        return 0
    for program in programs.values():
        for number in program.fonts if program.understood else ():
            _want(program, fonts[number], shown[number])
    return sum(_cut(each) for each in programs.values() if each.understood)


def _cut(program: _Program) -> int:
    stream = program.stream
    before = len(stream.read_raw_bytes())
    cut = {"/FontFile2": outlines.cut_truetype, "/CIDFontType0C": outlines.cut_cff, "/OpenType": outlines.cut_opentype}
    try:
        data = cut[program.kind](stream.read_bytes(), program.wanted)
    except MemoryError:
        raise
    except Exception:  # a font that is not as it should be stays as it is
        return 0
    packed = zlib.compress(data, 9)
    if len(packed) >= before:
        return 0
    import pikepdf

    stream.write(packed, filter=pikepdf.Name.FlateDecode)
    if "/Length1" in stream:
        stream.Length1 = len(data)
    return before - len(packed)


def _fonts(pdf: pikepdf.Pdf) -> Iterator[tuple[Number, Any]]:
    """Give the composite fonts, whose characters are of two bytes, and the TrueType fonts, whose are of one."""
    import pikepdf

    for each in pdf.objects:
        # Asking for a key is quick, comparing a name is not, and a document may have a hundred thousand objects.
        if not isinstance(each, pikepdf.Dictionary) or not ("/DescendantFonts" in each or "/FontDescriptor" in each):
            continue
        if each.get("/Subtype") in ("/Type0", "/TrueType"):
            yield each.objgen, each


def _program_of(font: Any) -> tuple[Number, Any, str]:
    """Find a font's program: its number, its stream and its kind."""
    descriptor = (font.DescendantFonts[0] if "/DescendantFonts" in font else font).FontDescriptor
    if "/FontFile2" in descriptor:
        return descriptor.FontFile2.objgen, descriptor.FontFile2, "/FontFile2"
    program = descriptor.FontFile3
    return program.objgen, program, str(program.Subtype)


def _programs(pdf: pikepdf.Pdf, fonts: dict[Number, Any]) -> dict[Number, _Program]:
    """Find the large font programs, and which of them only fonts use that we can follow."""
    found: dict[Number, _Program] = {}
    for number, font in fonts.items():
        try:
            own, stream, kind = _program_of(font)
        except (AttributeError, KeyError, IndexError, TypeError):
            continue  # not embedded
        if len(stream.read_raw_bytes()) < LARGE:
            continue
        program = found.setdefault(own, _Program(stream, kind))
        program.fonts.append(number)
        if "/DescendantFonts" in font:
            followed = font.get("/Encoding") in ("/Identity-H", "/Identity-V")
            program.understood &= followed and kind in ("/FontFile2", "/CIDFontType0C", "/OpenType")
        else:
            program.understood &= kind == "/FontFile2"
    if found:
        _mark_shared(pdf, found)
    return found


def _mark_shared(pdf: pikepdf.Pdf, found: dict[Number, _Program]) -> None:
    """Leave alone what a Type 1 font uses too: its characters have names, not numbers."""
    import pikepdf

    for each in pdf.objects:
        if not isinstance(each, pikepdf.Dictionary) or "/FontDescriptor" not in each:
            continue
        if each.get("/Subtype") not in ("/Type1", "/MMType1"):
            continue
        descriptor = each.get("/FontDescriptor")
        for key in ("/FontFile", "/FontFile2", "/FontFile3"):
            stream = descriptor.get(key) if isinstance(descriptor, pikepdf.Dictionary) else None
            if isinstance(stream, pikepdf.Stream) and stream.objgen in found:
                found[stream.objgen].understood = False


def _want(program: _Program, font: Any, shown: set[bytes]) -> None:
    """Add what *font* shows to the numbers by which the program is cut: glyphs, or CIDs for CFF."""
    import pikepdf

    if "/DescendantFonts" not in font:
        try:
            found = characters.glyphs(program.stream.read_bytes(), font, set(b"".join(shown)))
        except MemoryError:
            raise
        except Exception:  # NotUnderstood, and what reading odd tables raises
            program.understood = False
            return
        program.wanted |= found
        return
    codes = {int.from_bytes(each[at : at + 2], "big") for each in shown for at in range(0, len(each), 2)}
    table = font.DescendantFonts[0].get("/CIDToGIDMap")
    if program.kind != "/CIDFontType0C" and isinstance(table, pikepdf.Stream):
        numbers = table.read_bytes()
        codes = {int.from_bytes(numbers[2 * each : 2 * each + 2], "big") for each in codes}
    program.wanted |= codes


def _shown(pdf: pikepdf.Pdf, fonts: dict[Number, Any]) -> dict[Number, set[bytes]]:
    """Read every string that any content shows in one of *fonts*."""
    import pikepdf

    shown: dict[Number, set[bytes]] = {number: set() for number in fonts}
    left = MOST_STRINGS
    for holder, resources in _contents(pdf):
        listed = resources.get("/Font") if isinstance(resources, pikepdf.Dictionary) else None
        named: dict[str, Any] = dict(listed.items()) if isinstance(listed, pikepdf.Dictionary) else {}
        if any(not each.is_indirect and each.get("/Subtype") in ("/Type0", "/TrueType") for each in named.values()):
            # A font that is no object of its own has no number to be known by.
            raise _Unsure
        left -= _read(holder, {key: each.objgen for key, each in named.items()}, resources, shown)
        if left < 0:
            raise _Unsure
    return shown


def _contents(pdf: pikepdf.Pdf) -> Iterator[tuple[Any, Any]]:
    """Give each page, form, pattern and glyph procedure that may show text, with its resources."""
    import pikepdf

    for page in pdf.pages:
        yield page.obj, page.resources
    for each in pdf.objects:
        if isinstance(each, pikepdf.Stream) and (each.get("/Subtype") == "/Form" or "/PatternType" in each):
            if "/Resources" not in each:
                # It borrows those of whatever draws it.
                raise _Unsure
            yield each, each.Resources
        elif isinstance(each, pikepdf.Dictionary) and "/CharProcs" in each:
            procedures = each.get("/CharProcs")
            for procedure in procedures.values() if isinstance(procedures, pikepdf.Dictionary) else ():
                if isinstance(procedure, pikepdf.Stream):
                    yield procedure, each.get("/Resources", pikepdf.Dictionary())


def _read(holder: Any, named: dict[str, Number], resources: Any, shown: dict[Number, set[bytes]]) -> int:
    """Follow one content stream's fonts and strings, and count the strings."""
    import pikepdf

    font: Number | None = None
    stack: list[Number | None] = []
    count = 0
    try:
        instructions = pikepdf.parse_content_stream(holder, _SHOWING)
    except (pikepdf.PdfError, TypeError, UnicodeDecodeError) as error:
        raise _Unsure from error
    for instruction in instructions:
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "q":
            stack.append(font)
        elif operator == "Q":
            font = stack.pop() if stack else font
        elif operator == "Tf":
            font = named.get(str(operands[0]))
        elif operator == "gs":
            font = _font_of_state(resources, str(operands[0]), font)
        else:
            strings = operands[0] if operator == "TJ" else [operands[-1]]
            count += len(strings)
            if font is None:
                # Set by whatever draws this form: no string of ours may be lost in it.
                raise _Unsure
            if font in shown:
                _note(strings, shown[font])
    return count


def _note(strings: Any, shown: set[bytes]) -> None:
    import pikepdf

    shown.update(bytes(each) for each in strings if isinstance(each, pikepdf.String))


def _font_of_state(resources: Any, name: str, font: Number | None) -> Number | None:
    """Give the font that a graphics state sets, or the one that was set (ISO 32000-1, table 58)."""
    import pikepdf

    states = resources.get("/ExtGState") if isinstance(resources, pikepdf.Dictionary) else None
    state = states.get(name) if isinstance(states, pikepdf.Dictionary) else None
    wanted = state.get("/Font") if isinstance(state, pikepdf.Dictionary) else None
    return wanted[0].objgen if isinstance(wanted, pikepdf.Array) else font
