"""boto3's client: bounded in time, one per process for all threads, silent about secrets."""

from __future__ import annotations

import logging
import os
import pkgutil
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmsprep.stores.s3.options import S3Options

# boto3's own (60 s and 60 s, five times) keep a sender waiting for minutes where a server is gone.
CONNECT_SECONDS, ANSWER_SECONDS, ATTEMPTS = 2, 3, 3
CONNECTIONS = 32

_ours: ContextVar[bool] = ContextVar("_ours", default=False)


class ClientOfProcess:
    """Give every thread of a process the same client, and a forked process its own."""

    def __init__(self, options: S3Options) -> None:
        self.options = options
        self._forget()
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: _call(forget))

    def _forget(self) -> None:
        # Connections cannot be shared with the parent, and its lock may have been held at the fork.
        self._client: Any = None
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _build(self.options)
            return self._client


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    alive = method()
    if alive is not None:
        alive()


def _build(options: S3Options) -> Any:
    """Make the client; credentials come from wherever boto3 finds them."""
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(region_name=options.region)
    own: dict[str, Any] = {}
    if options.checksums != "auto" or options.endpoint:
        # Over TLS boto3 sends CRC trailers in chunks, which older servers answer with MissingContentLength.
        mode = "when_required" if options.checksums == "auto" else options.checksums
        own = {"request_checksum_calculation": mode, "response_checksum_validation": mode}
    # Left to itself boto3 presigns for AWS's global host, which answers for a new bucket with a redirection.
    style = "virtual" if options.addressing == "auto" and not options.endpoint else options.addressing
    return session.client(
        "s3",
        region_name=session.region_name or ("us-east-1" if options.endpoint else None),
        endpoint_url=options.endpoint,
        config=Config(
            signature_version="s3v4",  # else boto3 presigns by version 2 for some, which newer servers refuse
            s3={"addressing_style": style},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            user_agent_extra="mmsprep",
            **own,
        ),
    )


@contextmanager
def silence() -> Iterator[None]:
    """Withhold what botocore logs below INFO meanwhile: signatures, session tokens, whole answers of the token service.

    Only in this thread and in here, so that a program's own use of boto3 can be looked into as ever.
    """
    _withhold()
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def _withhold() -> None:
    """Put the filter on each of botocore's loggers: one on their parent does not see its children's records."""
    import botocore

    folder = Path(botocore.__file__).parent
    if _is_fit_to_log in logging.getLogger("botocore").filters:
        return
    for path, prefix in ((each, f"botocore.{each.relative_to(folder)}.") for each in folder.iterdir() if each.is_dir()):
        for module in pkgutil.iter_modules([str(path)], prefix):
            logging.getLogger(module.name).addFilter(_is_fit_to_log)
    for module in pkgutil.iter_modules([str(folder)], "botocore."):
        logging.getLogger(module.name).addFilter(_is_fit_to_log)
    # Last, because it says that all the others are done.
    logging.getLogger("botocore").addFilter(_is_fit_to_log)


def _is_fit_to_log(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO or not _ours.get()
