"""A server on loopback that speaks the API as documented, and fails in every way when told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.servers.loopback import Loopback, Quiet

KEY = "sk-7Qm2-very-secret"

MMS = {"to", "from", "text", "media_urls", "media_captions", "delivery_receipt", "webhook_url", "tags"}
SMS = {"to", "from", "text", "encoding", "priority", "delivery_receipt", "webhook_url", "tags"}
PATHS = {"/v1/messages/mms": MMS, "/v1/messages/sms": SMS}

Fault = Callable[["Handler"], None]


class Api(Loopback):
    def __init__(self, *, listening: bool = True) -> None:
        super().__init__(Handler, listening=listening)
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.messages: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        """What goes wrong, request by request; then all is well."""
        self.states = ["queued", "sent", "delivered"]
        self.keeps_open = False
        self.ports: list[int] = []
        self.header, self.credential = "Authorization", f"Bearer {KEY}"


class Handler(Quiet):
    server: Api

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        if self._goes_wrong():
            return None
        wanted = PATHS.get(self.path)
        if wanted is None or not body.keys() <= wanted or not {"to", "from", "text"} <= body.keys():
            return self.give(400, {"error": {"code": "nothing", "message": "not as documented"}})
        kind = self.path.rpartition("/")[2]
        message = {
            "message_id": f"msg-{len(self.server.messages) + 1:08d}",
            **{key: body[key] for key in ("to", "from", "text", "media_urls") if key in body},
            "status": "queued",
            "segments": 1,
            "direction": "outbound",
            "type": kind,
            "created_at": "2026-11-22T12:00:00Z",
            "cost": 0.0275,
            "currency": "USD",
        }
        self.server.messages[str(message["message_id"])] = message | {"tags": body.get("tags", {})}
        return self.give(201, message)

    def do_GET(self) -> None:
        if self._goes_wrong():
            return None
        message = self.server.messages.get(self.path.rpartition("/")[2])
        if message is None:
            return self.give(404, {"error": "not found"})
        states = self.server.states
        status = states.pop(0) if len(states) > 1 else states[0]
        details = {"status": status, "status_details": f"it is {status}", "updated_at": "2026-11-22T12:00:05Z"}
        if status == "delivered":
            details["delivered_at"] = "2026-11-22T14:00:07+02:00"
        return self.give(200, message | details)

    def _goes_wrong(self) -> bool:
        self.close_connection = not self.server.keeps_open
        self.server.ports.append(self.client_address[1])
        self.server.asked.append((self.command, self.path))
        self.server.headers.append(dict(self.headers))
        if self.server.faults:
            self.server.faults.pop(0)(self)
            return True
        if self.headers.get(self.server.header) != self.server.credential:
            said = {"error": {"code": "unauthorized", "message": f"bad key {self.headers.get(self.server.header)}"}}
            self.give(401, said)
            return True
        return False

    def give(
        self, status: int, body: Any, kind: str = "application/json", length: int | None = None, **headers: str
    ) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)
