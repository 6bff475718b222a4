"""SQS takes a message back after a while: ask for more time for as long as its job is being done."""

from __future__ import annotations

import logging
import threading
from typing import Any

log = logging.getLogger(__name__)


class Extender:
    """Keep messages that are being worked on from being given to somebody else."""

    def __init__(self, client: Any, seconds: int) -> None:
        self._client = client
        self._seconds = seconds
        self._held: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, receipt: str, url: str) -> None:
        """Ask for more time for a message from now on."""
        with self._lock:
            self._held[receipt] = url
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mmsprep-visibility", daemon=True)
                self._thread.start()

    def release(self, receipt: str) -> None:
        """Ask no more: it was acknowledged, or is to be given again."""
        with self._lock:
            self._held.pop(receipt, None)

    def close(self) -> None:
        """End the thread."""
        self._stop.set()

    def _run(self) -> None:
        # Three times, so that a question that fails can be asked again before the time is over.
        while not self._stop.wait(self._seconds / 3):
            with self._lock:
                held = list(self._held.items())
            for receipt, url in held:
                try:
                    self._client.change_message_visibility(
                        QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=self._seconds
                    )
                except Exception as error:  # whatever it is, the next round tries again
                    log.warning("SQS gives no more time for a job: %s", type(error).__name__)
