"""An animated picture becomes a film of what a browser would show of it."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from PIL import Image, ImageCms

from mmsprep.tools.ffmpeg import Runner, find
from mmsprep.tools.video.unroll import unrolled

RED, BLUE = (220, 20, 30), (20, 40, 220)


def still(colour: tuple[int, int, int], corner: tuple[int, int, int] | None = None) -> Image.Image:
    picture = Image.new("RGB", (96, 64), colour)
    if corner:
        picture.paste(corner, (0, 0, 48, 32))
    return picture


def animated(path: Path, frames: list[Image.Image], **options: object) -> Path:
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=200, **options)  # type: ignore[arg-type]
    return path


def shown(source: Path, mime: str, tmp_path: Path) -> list[Image.Image]:
    """Give the frames of the film that *source* becomes, one for each fifth of a second."""
    clip = unrolled(Runner(find(), tmp_path), source, mime)
    with av.open(str(clip.path)) as film:
        return [frame.to_image() for frame in film.decode(video=0)]


def near(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 30 for a, b in zip(first, second, strict=True))


def test_the_picture_for_old_viewers_is_no_frame(tmp_path: Path) -> None:
    cover = Image.new("RGB", (96, 64), (0, 255, 0))
    path = animated(tmp_path / "a.png", [cover, still(RED), still(BLUE)], default_image=True)
    frames = shown(path, "image/png", tmp_path)
    assert [near(frame.getpixel((5, 5)), (0, 255, 0)) for frame in frames] == [False] * len(frames)
    assert near(frames[0].getpixel((5, 5)), RED)
    assert near(frames[-1].getpixel((5, 5)), BLUE)


@pytest.mark.parametrize(("name", "mime"), [("a.webp", "image/webp"), ("a.png", "image/png")])
def test_a_film_of_an_animation_that_is_to_be_turned_stands_upright(name: str, mime: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a right angle (EXIF 2.32)
    first, second = still(RED, BLUE), still(RED, BLUE)
    second.putpixel((90, 60), (0, 0, 0))
    frames = shown(animated(tmp_path / name, [first, second], exif=exif.tobytes(), lossless=True), mime, tmp_path)
    assert frames[0].size == (64, 96)
    assert near(frames[0].getpixel((60, 5)), BLUE)
    assert near(frames[0].getpixel((5, 5)), RED)


def test_a_film_of_an_animation_has_the_colours_that_its_profile_says(tmp_path: Path) -> None:
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = swapped.index(b"rXYZ"), swapped.index(b"gXYZ")
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    path = animated(tmp_path / "a.webp", [still(RED), still(BLUE)], icc_profile=bytes(swapped), lossless=True)
    red_seen, green_seen, _ = shown(path, "image/webp", tmp_path)[0].getpixel((5, 5))
    assert green_seen > red_seen + 100
