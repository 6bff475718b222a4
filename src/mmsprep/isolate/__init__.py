"""Run the work on one untrusted file in a process that can do no harm."""

from mmsprep.isolate.item import Item, Usage
from mmsprep.isolate.job import Inside
from mmsprep.isolate.level import Layer, Level
from mmsprep.isolate.sandbox import Sandbox
from mmsprep.isolate.scratch import item_directory, remove_scratch
from mmsprep.isolate.scratch import sweep as sweep_scratch
from mmsprep.isolate.verdict import Cancelled, printable

__all__ = [
    "Cancelled",
    "Inside",
    "Item",
    "Layer",
    "Level",
    "Sandbox",
    "Usage",
    "item_directory",
    "printable",
    "remove_scratch",
    "sweep_scratch",
]
