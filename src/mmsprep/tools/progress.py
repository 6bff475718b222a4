"""Tell how far the work on one item has come, from the seconds of media that each of its phases has done."""

from __future__ import annotations

import time
from collections.abc import Callable

from mmsprep.stage import Event

STEP = 0.01
"""An event for each percent: ffmpeg speaks twice a second, and a bar shows no more."""


class Progress:
    """Turn the seconds done in each phase into events that never fall back."""

    def __init__(self, emit: Callable[[Event], None], step: str, seconds: float) -> None:
        self._emit = emit
        self._step = step
        self._seconds = max(seconds, 0.001)
        self._started = time.monotonic()
        self._told = 0.0

    def phase(self, start: float, end: float) -> Callable[[float], None]:
        """Give a callable that is told the seconds a phase has done, which lasts from *start* to *end* of the whole."""

        def tell(done: float) -> None:
            fraction = start + (end - start) * min(1.0, done / self._seconds)
            if fraction < self._told + STEP:
                return
            self._told = fraction
            spent = time.monotonic() - self._started
            self._emit(Event(self._step, round(fraction, 3), round(spent * (1 - fraction) / fraction, 1)))

        return tell
