"""What an ordinary user sees of the isolation; each word said is a fact that held."""

import os
import sys
from pathlib import Path

from outside import QUICK, alive, soon

from mmsprep.errors import Rejected
from mmsprep.isolate import Sandbox, item_directory

assert os.geteuid() != 0
directory = Path(sys.argv[1])


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")


(directory / "input").write_text("the input")
(directory / "secret").write_text("hunter2")
sandbox = Sandbox()

with item_directory() as workdir, sandbox.start("isolated_tasks:echo", {}, limits=QUICK, workdir=workdir) as item:
    assert item.result() == {}
    assert sandbox.level.complete, sandbox.level
say("echo")

source = os.open(directory / "input", os.O_RDONLY)
with (
    item_directory() as workdir,
    sandbox.start("isolated_tasks:read_twice", {}, limits=QUICK, workdir=workdir, source=source) as item,
):
    assert item.result() == ["the input"] * 3
say("input")

attacks = {"secret": str(directory / "secret"), "source": f"/proc/self/fd/{source}", "victim": os.getpid(), "tcp": 9}
for attack in (
    "read_file",
    "change_mode",
    "rename_file",
    "tcp",
    "read_environment",
    "signal_victim",
    "clone_namespace",
):
    with (
        item_directory() as workdir,
        sandbox.start("attacks:attempt", {"attack": attack, **attacks}, limits=QUICK, workdir=workdir) as item,
    ):
        assert item.result().startswith("refused"), attack
say("closed")

events: list[dict[str, int]] = []
with (
    item_directory() as workdir,
    sandbox.start("isolated_tasks:escape", {"stay": False}, limits=QUICK, workdir=workdir, emit=events.append) as item,
):
    item.result()
assert soon(lambda: not alive(events[0]["escaped"]))
say("escaped")

for task in ("fork_bomb", "allocate_slowly"):
    with (
        item_directory() as workdir,
        sandbox.start(f"isolated_tasks:{task}", {}, limits=QUICK, workdir=workdir) as item,
    ):
        try:
            item.result()
        except Rejected:
            continue
        raise AssertionError(task)
say("ended")

with (
    item_directory() as workdir,
    sandbox.start("isolated_tasks:litter", {"depth": 300}, limits=QUICK, workdir=workdir) as item,
):
    item.result()
sandbox.close()
assert not workdir.exists()
say("removed")
