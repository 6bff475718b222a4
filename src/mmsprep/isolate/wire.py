"""Carry messages: trusted frames with descriptors to the helper, untrusted lines of JSON from the item."""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_LINE_BYTES = 4_000_000
MAX_LINES = 100_000
MAX_TOTAL_BYTES = 64_000_000
"""What one item may say: far above the largest honest report, far below what would hurt the caller."""

MAX_FRAME_BYTES = 16_000_000
_MAX_DESCRIPTORS = 4
_HEADER = struct.Struct("!I")


class Garbage(Exception):
    """The item said something that no honest item says."""


def send_frame(channel: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one message, and *descriptors* with its first byte."""
    body = json.dumps(message).encode()
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"a message of {len(body)} bytes is over {MAX_FRAME_BYTES}")
    frame = _HEADER.pack(len(body)) + body
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    sent = channel.sendmsg([frame], rights)
    channel.sendall(frame[sent:])


def receive_frame(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Wait for one message and its descriptors; raises EOFError when the other side is gone."""
    header, descriptors = _receive_rights(channel)
    try:
        body = _receive_exactly(channel, _HEADER.unpack(header)[0])
        return json.loads(body), descriptors
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def send_bytes(channel: socket.socket, body: bytes) -> None:
    """Send *body* with its length in front."""
    channel.sendall(_HEADER.pack(len(body)) + body)


def receive_bytes(channel: socket.socket) -> bytes:
    """Wait for what `send_bytes` sends; raises EOFError when the other side is gone."""
    return _receive_exactly(channel, _HEADER.unpack(_receive_exactly(channel, _HEADER.size))[0])


def _receive_exactly(channel: socket.socket, size: int) -> bytes:
    """Wait for *size* bytes; raises EOFError when fewer come."""
    parts = bytearray()
    while len(parts) < size:
        part = channel.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _receive_rights(channel: socket.socket) -> tuple[bytes, list[int]]:
    # recvmsg is asked for the header alone: a stream does not merge bytes across descriptors (unix(7)).
    header, ancillary, _, _ = channel.recvmsg(_HEADER.size, socket.CMSG_SPACE(4 * _MAX_DESCRIPTORS))
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    if not header:
        raise EOFError
    header += _receive_exactly(channel, _HEADER.size - len(header))
    return header, list(descriptors)


def as_line(message: Mapping[str, Any]) -> bytes:
    """Write *message* as one line; raises TypeError or ValueError when it is not JSON."""
    return json.dumps(message, allow_nan=False).encode() + b"\n"


class Lines:
    """Take an item's lines apart as they arrive, under caps; raises `Garbage`."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._bytes = 0
        self._count = 0

    def feed(self, untrusted_bytes: bytes) -> Iterator[dict[str, Any]]:
        self._bytes += len(untrusted_bytes)
        searched = len(self._rest)
        self._rest += untrusted_bytes
        while (end := self._rest.find(b"\n", searched)) >= 0:
            untrusted_line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            searched = 0
            self._count += 1
            yield _parse(untrusted_line)
        if len(self._rest) > MAX_LINE_BYTES or self._bytes > MAX_TOTAL_BYTES or self._count > MAX_LINES:
            raise Garbage("more output than an item may have")


def _parse(untrusted_line: bytes) -> dict[str, Any]:
    if len(untrusted_line) > MAX_LINE_BYTES:
        raise Garbage("a line too long")
    try:
        untrusted_value = json.loads(untrusted_line, parse_constant=_refuse)
        # A lone surrogate is legal in JSON and an exception wherever the caller prints it.
        json.dumps(untrusted_value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Garbage(f"a line that is not JSON ({type(error).__name__})") from None
    if not isinstance(untrusted_value, dict):
        raise Garbage("a line that is not an object")
    return untrusted_value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
