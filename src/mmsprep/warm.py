"""What the isolation's helper imports before it forks, so that no item pays for it.

The one module that works at import: it loads rules and codecs, and decodes nothing.
"""

from mmsprep import route
from mmsprep.detect import warm

warm()

__all__ = ["route"]
