"""Run the work on one untrusted file in a process that can do no harm."""

from .item import Item, Usage
from .job import Inside
from .level import Layer, Level
from .sandbox import Sandbox
from .scratch import item_directory, remove_scratch
from .verdict import Cancelled, printable

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
]
