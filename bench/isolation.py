"""Measure what isolating one item costs: `python bench/isolation.py`.

Prints milliseconds per item for a task that does nothing, with each layer added, and for pictures the ratio to the
same work in this process. Wall time depends on what else the machine does; CPU time hardly does.
"""

from __future__ import annotations

import io
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmsprep.isolate import Inside, Sandbox, item_directory
from mmsprep.limits import Limits

ITEMS = 200
LAYERS = ("user namespace", "pid namespace", "net namespace", "ipc namespace", "landlock", "seccomp")
PRELOAD = ("mmsprep.warm",)


def nothing(arguments: dict[str, Any], _inside: Inside | None = None) -> dict[str, Any]:
    return arguments


def picture(arguments: dict[str, Any], _inside: Inside | None = None) -> int:
    """Make a picture of some pixels smaller: about what a small photo costs."""
    from PIL import Image

    size = arguments["pixels"]
    out = io.BytesIO()
    Image.effect_noise((size, size), 50).resize((size // 2, size // 2)).save(out, "JPEG")
    return len(out.getvalue())


def cpu_seconds(sandbox: Sandbox) -> float:
    """Count this process, the helper and the items that have ended (proc(5): fields 14 to 17)."""
    assert sandbox._helper is not None
    stat = Path(f"/proc/{sandbox._helper._process.pid}/stat").read_text()
    ticks = sum(map(int, stat.rpartition(")")[2].split()[11:15]))
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def median_ms(call: Callable[[], object]) -> tuple[float, float]:
    walls = []
    for _ in range(ITEMS):
        started = time.perf_counter()
        call()
        walls.append((time.perf_counter() - started) * 1000)
    return statistics.median(walls), min(walls)


def isolated(task: str, arguments: dict[str, Any], without: tuple[str, ...] = (), **options: Any) -> str:
    with Sandbox(preload=(*PRELOAD, "isolation"), without=without, **options) as sandbox, item_directory() as workdir:

        def call() -> object:
            with sandbox.start(f"isolation:{task}", arguments, limits=Limits(), workdir=workdir) as item:
                return item.result()

        call()
        before = cpu_seconds(sandbox)
        median, least = median_ms(call)
        cpu = (cpu_seconds(sandbox) - before) / ITEMS * 1000
    return f"median {median:6.2f}  least {least:6.2f}  cpu {cpu:6.2f} ms"


def main() -> None:
    # The items import this file by name.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    print(f"{ITEMS} items each, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for count in range(len(LAYERS) + 1):
        name = f"+ {LAYERS[count - 1]}" if count else "processes and limits alone"
        if count == 1:
            continue  # a PID namespace is never had without the user namespace, nor the reverse
        print(f"{name if count != 2 else '+ user and pid namespace':28}", isolated("nothing", {}, LAYERS[count:]))
    for pixels in (500, 2000):
        median, least = median_ms(lambda pixels=pixels: picture({"pixels": pixels}))  # type: ignore[misc]
        print(f"{f'picture of {pixels}²':28} median {median:6.2f}  least {least:6.2f}  in this process")
        print(f"{'':28}", isolated("picture", {"pixels": pixels}), " isolated")


if __name__ == "__main__":
    main()
