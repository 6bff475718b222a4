"""Paint pictures that a codec finds as hard as photographs.

Flat colour and white noise both flatter an encoder, so these are made of what photographs are
made of: 1/f noise, gradients, soft light, hard silhouettes and a little grain. Every function is
a pure function of its arguments: the same call gives the same pixels.

A canvas is an array of floats, height x width x 3, sRGB from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Plane = NDArray[np.floating]
Canvas = NDArray[np.floating]
Stops = Sequence[tuple[float, str]]


def rgb(colour: str) -> Plane:
    """Read '#rrggbb'."""
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)


def smooth(low: float, high: float, x: Plane) -> Plane:
    """Go from 0 at *low* to 1 at *high* without a visible edge."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blend(canvas: Canvas, colour: Canvas | Plane, amount: Plane) -> Canvas:
    """Cover *canvas* with *colour* where *amount* is 1."""
    return np.asarray(canvas + (colour - canvas) * amount[..., None], np.float32)


def gradient(t: Plane, stops: Stops) -> Canvas:
    """Colour *t* by linear interpolation between colour stops."""
    at = [stop for stop, _ in stops]
    colours = np.stack([rgb(colour) for _, colour in stops])
    channels = [np.interp(t, at, colours[:, c]).astype(np.float32) for c in range(3)]
    return np.stack(channels, axis=-1)


def grid(width: int, height: int) -> tuple[Plane, Plane]:
    """x and y of every pixel, both in units of the height, so that circles are round."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x / height, y / height


def fractal(width: int, height: int, *, seed: int, slope: float = 1.6, stretch: float = 1) -> Plane:
    """1/f noise of mean 0 and deviation 1 that tiles; *stretch* draws it out horizontally.

    RandomState, not default_rng: numpy promises that its stream never changes.
    """
    white = np.random.RandomState(seed).standard_normal((height, width)).astype(np.float32)
    down = np.fft.fftfreq(height)[:, None] * height / width
    across = np.fft.rfftfreq(width)[None, :] * stretch
    frequency = np.hypot(down, across) * width
    frequency[0, 0] = np.inf
    noise = np.fft.irfft2(np.fft.rfft2(white) / frequency**slope, s=(height, width))
    return np.asarray(noise / noise.std(), np.float32)


def ridge(width: int, *, seed: int, rough: float = 0.55) -> Plane:
    """A skyline between -1 and 1, by midpoint displacement."""
    random = np.random.RandomState(seed)
    line = random.uniform(-0.5, 0.5, 4)
    step = 0.5
    while len(line) < width:
        middle = (line[:-1] + line[1:]) / 2 + random.uniform(-step, step, len(line) - 1)
        line = np.insert(line, np.arange(1, len(line)), middle)
        step *= rough
    line = np.interp(np.linspace(0, 1, width), np.linspace(0, 1, len(line)), line)
    return np.asarray(line / np.abs(line).max(), np.float32)


def sample(texture: Plane, u: Plane, v: Plane) -> Plane:
    """Read a tiling texture at fractional positions."""
    height, width = texture.shape
    left, top = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
    fx, fy = u - left, v - top
    x0, x1, y0, y1 = left % width, (left + 1) % width, top % height, (top + 1) % height
    upper = texture[y0, x0] * (1 - fx) + texture[y0, x1] * fx
    lower = texture[y1, x0] * (1 - fx) + texture[y1, x1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)


def sky(canvas: Canvas, stops: Stops, *, horizon: float) -> Canvas:
    """Fill the sky from the zenith (0) to the horizon (1)."""
    height, width, _ = canvas.shape
    _, y = grid(width, height)
    return gradient(y / horizon, stops)


def sun(canvas: Canvas, at: tuple[float, float], *, radius: float, colour: str) -> Canvas:
    """A disc in its glow."""
    height, width, _ = canvas.shape
    x, y = grid(width, height)
    away = np.hypot(x - at[0], y - at[1])
    glow = 0.55 * np.exp(-away / 0.28) + 0.45 * np.exp(-away / 0.07)
    canvas = blend(canvas, rgb(colour), np.asarray(glow, np.float32))
    return blend(canvas, rgb("#fffbe8"), 1 - smooth(radius * 0.94, radius * 1.06, away))


def clouds(canvas: Canvas, *, seed: int, horizon: float, cover: float, lit: str, shade: str) -> Canvas:
    """Clouds that flatten towards the horizon, bright where they are thin."""
    height, width, _ = canvas.shape
    x, y = grid(width, height)
    texture = fractal(1536, 1536, seed=seed, slope=1.75)
    depth = 0.16 / (horizon - np.minimum(y, horizon) + 0.09)
    noise = sample(texture, 520 * x * (0.55 + depth), 900 * depth)
    below = sample(texture, 520 * x * (0.55 + depth), 900 * depth + 22)
    body = smooth(1 - 2 * cover, 2.1 - 2 * cover, noise) * smooth(horizon, horizon - 0.09, y)
    light = np.clip(0.62 + 0.9 * (noise - below), 0, 1)[..., None]
    colour = rgb(shade) * (1 - light) + rgb(lit) * light
    return blend(canvas, np.asarray(colour, np.float32), body * 0.85)


def hills(
    canvas: Canvas,
    *,
    seed: int,
    base: float,
    tall: float,
    stops: Stops,
    rough: float = 0.5,
    texture: float = 0.08,
    mist: float = 0.0,
) -> Canvas:
    """One range of hills; *stops* colours it from the crest (0) to the foot (1)."""
    height, width, _ = canvas.shape
    _, y = grid(width, height)
    crest = base - tall * (0.55 + 0.45 * ridge(width, seed=seed, rough=rough))
    down = (y - crest[None, :]) / tall
    altitude = (y - base) / tall + 1
    noise = fractal(width, height, seed=seed + 1, slope=1.5)
    relief = noise - np.roll(noise, (-height // 300, height // 170), (0, 1))
    relief /= relief.std()
    colour = gradient(0.5 * down + 0.5 * altitude + 0.13 * np.abs(noise) - 0.05, stops)
    light = texture * (np.clip(relief, -2.5, 2.5) + 0.5 * noise)
    colour *= (1 + light)[..., None]
    if mist:
        colour = blend(colour, rgb(stops[-1][1]), mist * smooth(0.2, 1.1, down))
    edge = np.clip(down * tall * height + 0.5, 0, 1)
    return blend(canvas, np.clip(colour, 0, 1), np.asarray(edge, np.float32))


def water(canvas: Canvas, *, seed: int, horizon: float, chop: float, tint: str, depth: float = 0.35) -> Canvas:
    """Everything below *horizon* mirrors what is above it, broken by waves in perspective."""
    height, width, _ = canvas.shape
    x, y = grid(width, height)
    edge = round(horizon * height)
    x, y = x[edge:], y[edge:]
    down = y - horizon + 0.004
    far = 0.09 / down
    middle = width / height / 2
    texture = fractal(1024, 1024, seed=seed, slope=1.15, stretch=0.3)
    u, v = (x - middle) * far * 900, far * 1500
    calm = smooth(12, 1, far) * 0.8 + 0.2
    waves = calm * (sample(texture, u, v) + 0.45 * sample(texture, u * 3.1 + 77, v * 3.1))
    mirror_y = horizon - down * 0.92 - chop * (0.006 + down * 0.32) * np.abs(waves)
    mirror_x = x + chop * 0.02 * waves
    row = np.clip(mirror_y * height, 0, edge - 1).astype(np.int32)
    column = np.clip(mirror_x * height, 0, width - 1).astype(np.int32)
    mirrored = canvas[row, column]
    steep = np.clip(0.18 + depth * smooth(0, 0.5, down) + 0.13 * chop * waves, 0, 0.9)
    surface = blend(mirrored, rgb(tint), np.asarray(steep, np.float32))
    surface *= (1 + 0.07 * chop * waves)[..., None]
    out = canvas.copy()
    out[edge:] = np.clip(surface, 0, 1)
    return out


def glitter(canvas: Canvas, *, seed: int, horizon: float, at: float, colour: str, to: float) -> Canvas:
    """The broken path of light from the sun to the viewer."""
    height, width, _ = canvas.shape
    x, y = grid(width, height)
    down = np.maximum(y - horizon, 0) + 0.003
    texture = fractal(1024, 1024, seed=seed, slope=0.75, stretch=0.25)
    far = 0.09 / down
    waves = sample(texture, (x - at) * far * 1400, far * 2600)
    path = np.exp(-(((x - at) / (0.03 + 0.30 * down)) ** 2))
    sparks = smooth(0.5, 1.7, waves + 1.5 * path - 0.6) * path * (y > horizon) * (y < to)
    return blend(canvas, rgb(colour), np.asarray(np.clip(sparks, 0, 0.95), np.float32))


def sand(canvas: Canvas, *, seed: int, shore: float) -> Canvas:
    """A beach from a wavering waterline at *shore* down: foam, wet sand, dry sand, ripples."""
    height, width, _ = canvas.shape
    x, y = grid(width, height)
    line = shore + 0.05 * ridge(width, seed=seed, rough=0.35)[None, :] + 0.06 * (x - 0.65)
    inland = np.asarray(y - line, np.float32)
    coarse = fractal(width, height, seed=seed + 1, slope=1.3, stretch=0.5)
    fine = fractal(width, height, seed=seed + 2, slope=0.35)
    ripples = np.sin(90 * (y + 0.3 * x) / (0.35 + y) + 2.2 * coarse)
    dry = gradient(np.clip(0.5 + 0.16 * coarse, 0, 1), [(0, "#a98a5f"), (1, "#e3c593")])
    dry *= (1 + 0.055 * fine + 0.035 * ripples * smooth(0.06, 0.2, inland))[..., None]
    wet = canvas * 0.35 + rgb("#6d5540") * 0.65 + (0.012 * fine)[..., None]
    ground = blend(np.asarray(wet, np.float32), dry, smooth(0.035, 0.13, inland + 0.012 * coarse))
    out = blend(canvas, np.clip(ground, 0, 1), smooth(-0.002, 0.004, inland))
    lace = fractal(width, height, seed=seed + 3, slope=0.95, stretch=0.6)
    near = np.exp(-((inland / 0.012) ** 2)) + 0.6 * np.exp(-(((inland + 0.045) / 0.014) ** 2))
    foam = smooth(0.55, 1.2, np.asarray(near + 0.28 * lace, np.float32))
    foam *= (inland < 0.02) & (inland > -0.09)
    return blend(out, rgb("#fff6ea"), np.asarray(0.88 * foam, np.float32))


def pines(canvas: Canvas, *, seed: int, base: float, tall: float, count: int, dark: str) -> Canvas:
    """A row of conifers in silhouette: the hardest edges of a landscape."""
    height, width, _ = canvas.shape
    random = np.random.RandomState(seed)
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    for _ in range(count):
        middle = random.uniform(-0.02, 1.02) * width
        size = tall * height * random.uniform(0.45, 1.0)
        foot = base * height + random.uniform(0, 0.02) * height
        draw.polygon([(middle - size / 50, foot), (middle, foot - size), (middle + size / 50, foot)], fill=255)
        for level in np.linspace(0.04, 0.92, 15):
            reach = size * (0.015 + 0.20 * level) * random.uniform(0.7, 1.1)
            top, bottom = foot - size * (1 - level) - size * 0.06, foot - size * (0.94 - level)
            tips = [(middle - reach, bottom), (middle, bottom - size * 0.03), (middle + reach, bottom)]
            draw.polygon([(middle, top), *tips[::-1]], fill=255)
    draw.rectangle((0, (base + 0.012) * height, width, height), fill=255)
    shade = 1 + 0.25 * fractal(width, height, seed=seed + 1, slope=0.9)
    colour = np.clip(rgb(dark) * shade[..., None], 0, 1)
    cover = np.asarray(mask.filter(ImageFilter.GaussianBlur(0.6)), np.float32) / 255
    return blend(canvas, np.asarray(colour, np.float32), cover)


def grain(canvas: Canvas, *, seed: int, amount: float) -> Canvas:
    """The noise of a sensor: what makes a photograph expensive."""
    noise = np.random.RandomState(seed).standard_normal(canvas.shape[:2]).astype(np.float32)
    return np.asarray(canvas + amount * noise[..., None], np.float32)


def photograph(canvas: Canvas) -> Image.Image:
    """Round a canvas to an 8-bit picture."""
    return Image.fromarray(np.uint8(np.clip(canvas, 0, 1) * 255 + 0.5))


# --- whole pictures ----------------------------------------------------------------------------


def beach(width: int, height: int) -> Image.Image:
    """The sun going down over a bay."""
    canvas = np.zeros((height, width, 3), np.float32)
    dusk = [(0, "#2f5f9e"), (0.45, "#7fa0c4"), (0.75, "#f3c08a"), (1, "#ff9a5a")]
    canvas = sky(canvas, dusk, horizon=0.5)
    canvas = sun(canvas, (0.88, 0.41), radius=0.03, colour="#ffd98a")
    canvas = clouds(canvas, seed=11, horizon=0.5, cover=0.42, lit="#fff0d8", shade="#a5697c")
    far = [(0, "#8b6f86"), (1, "#c98f7c")]
    near = [(0, "#4d4358"), (0.5, "#5b4a55"), (1, "#8c6660")]
    canvas = hills(canvas, seed=21, base=0.503, tall=0.10, stops=far, texture=0.04)
    canvas = hills(canvas, seed=64, base=0.503, tall=0.06, stops=near, texture=0.10, rough=0.6)
    canvas = water(canvas, seed=31, horizon=0.5, chop=0.9, tint="#1f4a63", depth=0.5)
    canvas = glitter(canvas, seed=32, horizon=0.5, at=0.88, colour="#ffe2a6", to=0.85)
    canvas = sand(canvas, seed=41, shore=0.80)
    return photograph(grain(canvas, seed=1, amount=0.012))


def lake(width: int, height: int) -> Image.Image:
    """Mountains in still water, on a clear day."""
    canvas = np.zeros((height, width, 3), np.float32)
    canvas = sky(canvas, [(0, "#2a6fb8"), (0.6, "#79b0dd"), (1, "#d6e8f2")], horizon=0.6)
    canvas = clouds(canvas, seed=6, horizon=0.6, cover=0.52, lit="#ffffff", shade="#b9c6d6")
    peaks = [(0, "#f7fafc"), (0.36, "#e3eaf0"), (0.46, "#8b939d"), (0.8, "#5b6670"), (1, "#6e8794")]
    canvas = hills(canvas, seed=8, base=0.6, tall=0.40, stops=peaks, rough=0.58, texture=0.11)
    woods = [(0, "#3d5c3a"), (0.5, "#2f4d33"), (1, "#4f6b4d")]
    canvas = hills(canvas, seed=17, base=0.602, tall=0.12, stops=woods, rough=0.6, texture=0.18)
    canvas = water(canvas, seed=9, horizon=0.6, chop=0.35, tint="#123f4d", depth=0.3)
    canvas = pines(canvas, seed=3, base=0.97, tall=0.42, count=9, dark="#15231a")
    return photograph(grain(canvas, seed=2, amount=0.008))


def mist(width: int, height: int) -> Image.Image:
    """Range behind range on a hazy morning: big, smooth and cheap to store."""
    canvas = np.zeros((height, width, 3), np.float32)
    canvas = sky(canvas, [(0, "#5d86b8"), (0.6, "#f0cfa8"), (1, "#f7dcb8")], horizon=0.6)
    canvas = sun(canvas, (0.45, 0.30), radius=0.035, colour="#ffe9bd")
    tones = ["#c9b7ae", "#a99fa6", "#84869a", "#5d6a84", "#3c4d66", "#233246", "#131d2b"]
    for n, tone in enumerate(tones):
        stops = [(0.0, tone), (1.0, "#d9c8bb" if n < 5 else tone)]
        canvas = hills(
            canvas,
            seed=70 + 3 * n,
            base=0.56 + 0.075 * n,
            tall=0.13 + 0.012 * n,
            stops=stops,
            texture=0.0,
            rough=0.5,
            mist=0.55 if n < 5 else 0.0,
        )
    return photograph(canvas)


def street(width: int, height: int) -> Image.Image:
    """A wet street at night: hard edges, small lights, soft blobs of light, deep shadow."""
    canvas: Canvas = np.zeros((height, width, 3), np.float32)
    night = [(0, "#0d1526"), (0.6, "#2a3350"), (1, "#6b4c58")]
    canvas = sky(canvas, night, horizon=0.68)
    picture = photograph(canvas)
    random = np.random.RandomState(77)
    for depth in (0.35, 0.6, 1.0):
        _block(picture, random, depth)
    canvas = np.asarray(picture, np.float32) / 255
    brick = fractal(width, height, seed=78, slope=0.8)
    canvas *= (1 + 0.05 * brick)[..., None]
    canvas = _lamps(np.clip(canvas, 0, 1), seed=79)
    canvas = water(canvas, seed=80, horizon=0.70, chop=0.55, tint="#0c0f16", depth=0.25)
    return photograph(grain(canvas, seed=3, amount=0.016))


def _block(picture: Image.Image, random: np.random.RandomState, depth: float) -> None:
    """One row of houses with lit and unlit windows; *depth* 1 is nearest."""
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    foot = int(height * 0.70)
    x = -random.uniform(0, 0.05) * width
    while x < width:
        wide = width * random.uniform(0.08, 0.14) * (0.55 + 0.45 * depth)
        middle = abs((x + wide / 2) / width - 0.52)
        tall = height * (0.12 + 0.80 * middle * depth + random.uniform(0.04, 0.16))
        top = foot - min(tall, height * 0.64)
        grey, warmth = random.randint(34, 60), random.randint(-6, 14)
        bright = 1.25 - depth * 0.75
        tone = tuple(int(c * bright) for c in (grey + warmth, grey, grey + 6 - warmth))
        if depth < 1 or middle > 0.16:
            draw.rectangle((x, top, x + wide, foot), fill=tone)
            _windows(draw, random, (x, top, x + wide, foot), depth)
        x += wide * random.uniform(0.98, 1.10)


def _windows(
    draw: ImageDraw.ImageDraw,
    random: np.random.RandomState,
    house: tuple[float, float, float, float],
    depth: float,
) -> None:
    left, top, right, foot = house
    columns = max(2, int((right - left) / (26 + 22 * depth)))
    pitch = (right - left) / columns
    rows = max(1, int((foot - top) / (pitch * 1.35)))
    warm = ["#ffd27a", "#ffb85c", "#ffe7b0", "#bcd8ff"]
    for row in range(rows):
        for column in range(columns):
            x, y = left + pitch * (column + 0.22), top + pitch * (1.35 * row + 0.3)
            lit = random.uniform() < 0.34
            colour = warm[random.randint(len(warm))] if lit else "#10141d"
            draw.rectangle((x, y, x + pitch * 0.56, y + pitch * 0.85), fill=colour)
            draw.line((x + pitch * 0.28, y, x + pitch * 0.28, y + pitch * 0.85), fill="#1b1d24", width=2)


def _lamps(canvas: Canvas, *, seed: int) -> Canvas:
    """Out-of-focus lights along the street and in the distance."""
    height, width, _ = canvas.shape
    random = np.random.RandomState(seed)
    x, y = grid(width, height)
    colours = ["#ffcf87", "#ff8f5a", "#ff5a4a", "#8fd0ff", "#ffe9c4"]
    for n in range(34):
        at_x = random.uniform(0.05, 1.45)
        at_y = random.uniform(0.56, 0.69)
        radius = random.uniform(0.006, 0.03)
        away = np.hypot(x - at_x, y - at_y)
        disc = 0.65 * (1 - smooth(radius * 0.85, radius * 1.1, away))
        glow = 0.35 * np.exp(-away / (radius * 2.2))
        cover = np.asarray(np.clip(disc + glow, 0, 1), np.float32)
        canvas = blend(canvas, rgb(colours[n % len(colours)]), cover)
    return canvas
