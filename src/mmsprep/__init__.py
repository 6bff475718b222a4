"""Prepare anything that people text so that carriers deliver it: photos, clips, documents, contacts, places.

from mmsprep import Pipeline

print(Pipeline(store="out").prepare("photo.heic").media_urls)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmsprep.contact import Contact
    from mmsprep.errors import Misconfigured, Rejected, Unavailable
    from mmsprep.limits import Limits
    from mmsprep.message import Message
    from mmsprep.pipeline import Pipeline
    from mmsprep.place import Place
    from mmsprep.prepared import Prepared
    from mmsprep.profile import Profile

__all__ = [
    "Contact",
    "Limits",
    "Message",
    "Misconfigured",
    "Pipeline",
    "Place",
    "Prepared",
    "Profile",
    "Rejected",
    "Unavailable",
]

# Each name is imported when it is first used: the package itself, and every --help, costs nothing.
_HOMES = {
    "Contact": "contact",
    "Limits": "limits",
    "Message": "message",
    "Misconfigured": "errors",
    "Pipeline": "pipeline",
    "Place": "place",
    "Prepared": "prepared",
    "Profile": "profile",
    "Rejected": "errors",
    "Unavailable": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"mmsprep.{_HOMES[name]}"), name)
