"""How large each picture of a document is really shown: the resolution that is worth keeping follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import hypot
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pikepdf

Number: TypeAlias = tuple[int, int]
Matrix: TypeAlias = tuple[float, float, float, float, float, float]

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
DEPTH = 12
"""Forms inside one another that are followed."""
MOST_STEPS = 300_000
"""Instructions that are followed in all; pictures that are not reached by then keep their pixels."""


@dataclass(slots=True)
class Shown:
    """The largest width and height, in points, at which each picture is drawn, and the pages that draw it."""

    sizes: dict[Number, tuple[float, float]] = field(default_factory=dict)
    pages: dict[Number, int] = field(default_factory=dict)


def shown(pdf: pikepdf.Pdf) -> Shown:
    """Follow the content of all pages, and of the forms that they draw, to every picture.

    A picture fills the unit square of the space it is drawn in (ISO 32000-1, 8.9.4), so its size is that of
    the two unit vectors under the current matrix.
    """
    walk = _Walk()
    for index, page in enumerate(pdf.pages):
        if walk.steps > MOST_STEPS:
            break
        unit = _number(page.obj.get("/UserUnit", 1), 1.0)
        walk.follow(page.obj, page.resources, (unit, 0.0, 0.0, unit, 0.0, 0.0), index, 0)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = Shown()
        self.steps = 0
        self._programs: dict[Number, list[tuple[str, Any]]] = {}

    def follow(self, holder: Any, resources: Any, start: Matrix, page: int, depth: int) -> None:
        import pikepdf

        drawn = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
        if not isinstance(drawn, pikepdf.Dictionary) or depth > DEPTH:
            return
        objects = {key: value for key, value in drawn.items() if isinstance(value, pikepdf.Stream)}
        matrix, stack = start, list[Matrix]()
        for operator, operand in self._program(holder):
            self.steps += 1
            if self.steps > MOST_STEPS:
                return
            if operator == "q":
                stack.append(matrix)
            elif operator == "Q":
                matrix = stack.pop() if stack else start
            elif operator == "cm":
                matrix = _times(operand, matrix)
            elif (target := objects.get(operand)) is not None:
                self._draw(target, resources, matrix, page, depth)

    def _draw(self, target: Any, resources: Any, matrix: Matrix, page: int, depth: int) -> None:
        kind = target.get("/Subtype")
        if kind == "/Image":
            self._note(target, matrix, page)
            mask = target.get("/SMask")
            if mask is not None:
                self._note(mask, matrix, page)
        elif kind == "/Form":
            own = _matrix(target.get("/Matrix"))
            self.follow(target, target.get("/Resources", resources), _times(own, matrix), page, depth + 1)

    def _note(self, image: Any, matrix: Matrix, page: int) -> None:
        size = hypot(matrix[0], matrix[1]), hypot(matrix[2], matrix[3])
        before = self.found.sizes.get(image.objgen, (0.0, 0.0))
        self.found.sizes[image.objgen] = max(size[0], before[0]), max(size[1], before[1])
        self.found.pages.setdefault(image.objgen, page)

    def _program(self, holder: Any) -> list[tuple[str, Any]]:
        """Parse what matters of a content stream, once."""
        number = holder.objgen
        if number not in self._programs or number == (0, 0):
            self._programs[number] = list(_instructions(holder))
        return self._programs[number]


def _instructions(holder: Any) -> Iterator[tuple[str, Any]]:
    import pikepdf

    try:
        parsed = pikepdf.parse_content_stream(holder, "q Q cm Do")
    except (pikepdf.PdfError, TypeError, UnicodeDecodeError):
        return
    for instruction in parsed:
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "cm":
            yield operator, _matrix(operands)
        elif operator == "Do":
            yield operator, str(operands[0]) if len(operands) else ""
        else:
            yield operator, None


def _matrix(values: Any) -> Matrix:
    try:
        numbers = [float(each) for each in values]
    except (TypeError, ValueError):
        return IDENTITY
    return _six(numbers) if len(numbers) == 6 else IDENTITY


def _six(numbers: Sequence[float]) -> Matrix:
    a, b, c, d, e, f = numbers
    return a, b, c, d, e, f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, l = then  # noqa: E741  the field's own letters
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l)


def _number(value: Any, default: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return default
