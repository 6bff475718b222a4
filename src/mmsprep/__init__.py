"""Prepare anything that people text so that carriers deliver it: photos, clips, documents, contacts, places.

from mmsprep import Pipeline

print(Pipeline(store="out").prepare("photo.heic").media_urls)
"""

from mmsprep.errors import Misconfigured, Rejected, Unavailable
from mmsprep.limits import Limits
from mmsprep.pipeline import Pipeline
from mmsprep.prepared import Prepared
from mmsprep.profile import Profile

__all__ = ["Limits", "Misconfigured", "Pipeline", "Prepared", "Profile", "Rejected", "Unavailable"]
