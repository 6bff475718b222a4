"""A caller without a main guard, to be killed: it says who it is, and keeps two items at work."""

import os
import sys
import threading
from contextlib import ExitStack

from mmsprep.isolate import Sandbox, item_directory
from mmsprep.limits import Limits

limits = Limits(memory_bytes=200_000_000, cpu_seconds=60, wall_seconds=60)
sandbox = Sandbox(preload=["isolated_tasks"])


def say(kind: str, *numbers: int) -> None:
    os.write(1, f"{kind} {' '.join(map(str, numbers))}\n".encode())


def work(task: str) -> None:
    with ExitStack() as stack:
        workdir = stack.enter_context(item_directory())
        (workdir / "left").write_text("x")
        emit = lambda event: say("item", *event.values())  # noqa: E731
        arguments = {"stay": True}
        item = sandbox.start(f"isolated_tasks:{task}", arguments, limits=limits, workdir=workdir, emit=emit)
        stack.enter_context(item).result()


say("caller", os.getpid())
assert sandbox.level
say("helper", sandbox._helper._process.pid)
for task in sys.argv[1:]:
    threading.Thread(target=work, args=[task], daemon=True).start()
threading.Event().wait()
