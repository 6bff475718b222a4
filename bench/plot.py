"""Draw a few figures as SVG: bars and lines, readable on any background, a few kilobytes each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

INK, GREY, RULE = "#1c2733", "#5b6b7b", "#d7dee5"
COLOURS = ("#0b6bcb", "#e08a1e", "#2f9e6e", "#8a5cc2")
FONT = "system-ui, -apple-system, 'Segoe UI', Inter, sans-serif"
WIDTH = 680


def bars(title: str, unit: str, values: Mapping[str, float], *, mark: float | None = None, marked: str = "") -> str:
    """Draw one bar for each of *values*, and a line at *mark*, which is what was promised."""
    left, row, top = 240, 30, 54
    most = max([*values.values(), mark or 0]) or 1
    scale = (WIDTH - left - 90) / most
    height = top + row * len(values) + (34 if mark is not None else 12)
    body = []
    for index, (name, value) in enumerate(values.items()):
        y = top + row * index
        body.append(_text(left - 12, y + 15, name, anchor="end"))
        body.append(
            f'<rect x="{left}" y="{y + 3}" width="{max(value * scale, 1):.1f}" height="17" rx="2" fill="{COLOURS[0]}"/>'
        )
        body.append(_text(left + value * scale + 8, y + 16, number(value), weight=600))
    if mark is not None:
        x, bottom = left + mark * scale, top + row * len(values)
        body.append(
            f'<path d="M{x:.1f} {top - 4}V{bottom}" stroke="{COLOURS[1]}" stroke-width="2" stroke-dasharray="4 3"/>'
        )
        body.append(_text(x, bottom + 16, f"{marked} {number(mark)}", anchor="middle", fill=COLOURS[1]))
    return _figure(height, title, unit, body)


def lines(title: str, across: str, unit: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Draw each of *series* as a line through its points, on axes that begin at nothing."""
    left, right, top, bottom = 56, 150, 62, 300
    far = max(x for points in series.values() for x, _ in points)
    high = max(y for points in series.values() for _, y in points)
    step = _step(high)
    high = step * -(-high // step)
    across_scale, up_scale = (WIDTH - left - right) / far, (bottom - top) / high
    body = []
    for level in range(round(high / step) + 1):
        y = bottom - level * step * up_scale
        body.append(f'<path d="M{left} {y:.1f}H{WIDTH - right}" stroke="{RULE}"/>')
        body.append(_text(left - 8, y + 4, number(level * step), anchor="end", fill=GREY))
    ticks = sorted({x for points in series.values() for x, _ in points})
    body += [_text(left + x * across_scale, bottom + 20, number(x), anchor="middle", fill=GREY) for x in ticks]
    body.append(_text((left + WIDTH - right) / 2, bottom + 40, across, anchor="middle", fill=GREY))
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        placed = [(left + x * across_scale, bottom - y * up_scale) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in placed]
        body.append(_text(placed[-1][0] + 10, placed[-1][1] + 4, name, fill=colour, weight=600))
    return _figure(bottom + 52, title, unit, body)


def number(value: float) -> str:
    """Write a number with as many digits as can be meant: three."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def _step(high: float) -> float:
    """Choose the distance of four to eight rules: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** (len(str(int(high))) - 1)
    return next(power * part for part in (0.1, 0.2, 0.5, 1, 2, 5) if high / (power * part) <= 8)


def _figure(height: float, title: str, unit: str, body: Sequence[str]) -> str:
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"',
        f' height="{height:.0f}" font-family="{FONT}" font-size="13"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{height:.0f}" rx="6" fill="#fff"/>',
        _text(18, 28, title, weight=600, size=15),
        _text(WIDTH - 18, 28, unit, anchor="end", fill=GREY),
    ]
    return "".join(head) + "".join(body) + "</svg>\n"


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK, weight: int = 400, size: int = 13
) -> str:
    look = f'text-anchor="{anchor}" fill="{fill}" font-weight="{weight}" font-size="{size}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(words)}</text>'
