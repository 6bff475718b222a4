"""What the tests have done inside: honest tasks, and every misbehaviour that the walls are for."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from mmsprep.errors import Rejected, Unavailable
from mmsprep.isolate import Inside


def echo(arguments: dict[str, Any], inside: Inside) -> Any:
    return arguments
