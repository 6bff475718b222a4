"""Fuzz one parser in this process: `python fuzz/harness.py TARGET [libFuzzer's options]`.

With atheris the bytes follow the code that they reach; without it they are mutated at random, as many times as
``-runs`` says. Whatever is raised but `Rejected` is a finding, and so is a call that takes more than `SECONDS` of CPU.
"""

from __future__ import annotations

import importlib
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SECONDS = 5.0
MODULES = ("mmsprep.errors", "mmsprep.limits", "mmsprep.detect", "mmsprep.contact", "mmsprep.place")


def detect(path: Path) -> None:
    from mmsprep.detect import detect
    from mmsprep.limits import Limits

    detect(path, Limits())


def picture(path: Path) -> None:
    from mmsprep.detect import picture
    from mmsprep.limits import Limits

    data = path.read_bytes()
    kinds = sorted(picture.FORMATS)
    picture.parse(path, kinds[data[-1] % len(kinds)] if data else kinds[0], len(data), Limits())


def contact(path: Path) -> None:
    from mmsprep.detect import card
    from mmsprep.limits import Limits

    card.parse(path, card.CARD, path.stat().st_size, Limits())


def place(path: Path) -> None:
    from mmsprep import place

    place.parse(path.read_bytes().decode("utf-8", "replace"))


TARGETS: dict[str, Callable[[Path], None]] = {each.__name__: each for each in (detect, picture, contact, place)}


def seeds() -> list[bytes]:
    from tests.hostile import made

    written = [maker() for maker, _ in made.CLEANED.values()]
    links = [b"geo:37.77,-122.42", b"https://maps.apple.com/?ll=50.1,7.2", b"37.77,-122.42", b"8FVC9G8F+6X"]
    return [*written, *links, made.tiff_loop(), made.gif((9, 9), frames=3)]


def once(target: Callable[[Path], None], data: bytes, path: Path) -> None:
    """Try one input; raises what a parser should not raise."""
    from mmsprep.errors import Rejected

    path.write_bytes(data)
    started = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target(path)
    except (Rejected, MemoryError):
        pass
    if time.process_time() - started > SECONDS:
        raise TimeoutError(f"took {time.process_time() - started:.1f} s of CPU")


def mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0 if at < len(changed):
                changed[at] = chance.randrange(256)
            case 1:
                changed[at:at] = chance.randbytes(chance.randint(1, 8))
            case 2:
                del changed[at : at + chance.randint(1, 64)]
            case _:
                changed[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
    return bytes(changed)


def at_random(name: str, runs: int, path: Path) -> None:
    """Try *runs* mutations, the same ones each time; a finding is kept beside."""
    chance, known = random.Random(1), seeds()
    for count in range(runs):
        data = mutated(chance.choice(known), chance)
        try:
            once(TARGETS[name], data, path)
        except BaseException:
            Path(f"finding-{name}-{count}").write_bytes(data)
            raise
    print(f"{name}: {runs} inputs, nothing found")


def main() -> None:
    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        try:
            import atheris
        except ImportError:
            runs = next((int(each.partition("=")[2]) for each in options if each.startswith("-runs=")), 1_000)
            return at_random(name, runs, path)
        corpus = Path(folder) / "seeds"
        corpus.mkdir()
        for count, data in enumerate(seeds()):
            (corpus / str(count)).write_bytes(data)
        # Our own modules alone: to instrument the libraries takes longer than the fuzzing.
        with atheris.instrument_imports(include=["mmsprep"]):
            for module in MODULES:
                importlib.import_module(module)
        atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: once(TARGETS[name], data, path))
        atheris.Fuzz()
    return None


if __name__ == "__main__":
    main()
