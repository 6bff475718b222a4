"""Every store there is, each behind the same few handles, for tests that hold all of them to one behaviour."""

from __future__ import annotations

import hashlib
import os
import ssl
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.servers import ceph, rabbitmq, s3

from mmsprep import defaults
from mmsprep.media import Facts, Media
from mmsprep.settings import Settings
from mmsprep.stores import Upkeep, key_of

Servers = Callable[[str], s3.Server]
Make = Callable[..., tuple[Media, str]]
STARTS = {"rclone": s3.rclone, "moto": s3.moto, "ceph": ceph.ceph, "rabbitmq": rabbitmq.rabbitmq}
EACH_S3 = ["rclone", *(pytest.param(name, marks=pytest.mark.services) for name in ("moto", "ceph", "ceph-tls"))]


@dataclass
class House:
    """A store under test, empty, and what a test needs to know and to do around it.

    ``settings`` open it again, ``fetch`` gets what a URL leads to, ``plant`` puts somebody else's file beside ours.
    """

    url: str
    settings: Settings
    kind: str
    folder: Path | None = None
    server: s3.Server | None = None

    def __post_init__(self) -> None:
        self.store: Any = defaults.open_store(self.url, self.settings)
        assert isinstance(self.store, Upkeep)

    def with_settings(self, **options: Any) -> House:
        """Open the same store with other options of the table ``s3``."""
        values = {name: getattr(self.settings.s3, name) for name in self.settings.s3.__slots__}
        return House(self.url, Settings.load(s3=values | options), self.kind, server=self.server)

    def fetch(self, url: str) -> tuple[bytes, dict[str, str]]:
        """Get a URL as a stranger does, without credentials."""
        trusted = ssl.create_default_context(cafile=self.server.authority or None) if self.server else None
        if not self.server and not url.startswith("file:"):
            assert self.folder is not None
            url = (self.folder / url.rpartition("/")[2]).as_uri()
        with urllib.request.urlopen(url, timeout=10, context=trusted) as answer:
            return answer.read(), {name.lower(): value for name, value in answer.headers.items()}

    def names(self) -> list[str]:
        """List what is kept, other people's too."""
        if self.folder:
            return sorted(os.listdir(self.folder)) if self.folder.exists() else []
        listed = self.store.client().list_objects_v2(Bucket=self.store.bucket)
        return [each["Key"].removeprefix(self.store.prefix) for each in listed.get("Contents", [])]

    def plant(self, name: str, content: bytes) -> None:
        """Keep a file that the store did not make."""
        if self.folder:
            self.folder.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(content)
        else:
            self.store.client().put_object(Bucket=self.store.bucket, Key=self.store.prefix + name, Body=content)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Start servers when they are first asked for, once for all workers."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "servers"
    running: dict[str, s3.Server] = {}
    with ExitStack() as stack:

        def ask(name: str) -> s3.Server:
            if name == "ceph" and (missing := ceph.missing()):
                pytest.skip(f"Ceph is not installed: {', '.join(missing)} (packages radosgw ceph-mon ceph-osd)")
            if name == "rabbitmq" and (missing := rabbitmq.missing()):
                pytest.skip(f"RabbitMQ is not installed: {', '.join(missing)} (package rabbitmq-server)")
            if name not in running:
                running[name] = stack.enter_context(s3.shared(STARTS[name], root))
            return running[name]

        yield ask


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give boto3 the test servers' keys, and nothing of this machine's."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MMSPREP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.SECRET_KEY)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "no-such-file"))


def opened(name: str, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> House:
    """Open an empty store: a folder, or a new bucket on a server."""
    monkeypatch.chdir(tmp_path)
    if name in ("folder", "published"):
        base_url = "https://media.example.com/mms" if name == "published" else None
        folder = tmp_path / "kept"
        return House(str(folder), Settings.load(base_url=base_url), name, folder=folder)
    server = servers(name.partition("-")[0])
    endpoint = server.endpoint
    if name == "ceph-tls":
        endpoint = server.secure_endpoint
        monkeypatch.setenv("AWS_CA_BUNDLE", server.authority)
    # A provider has no credentials: what a server shows to nobody without them, it shows by a presigned URL.
    shown = {} if server.public else {"presign_seconds": 600}
    settings = Settings.load(s3={"endpoint": endpoint, **shown, **options})
    house = House(f"s3://test-{uuid.uuid4().hex[:12]}/mms", settings, name, server=server)
    list(house.store.init(public=server.public))
    return house


@pytest.fixture(params=["folder", "published", *EACH_S3])
def house(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Each store in turn."""
    return opened(request.param, servers, tmp_path, monkeypatch)


@pytest.fixture(params=["published", *EACH_S3])
def public(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Each store that strangers fetch from in turn: not the folder that is a person's own."""
    return opened(request.param, servers, tmp_path, monkeypatch)


@pytest.fixture(params=EACH_S3)
def bucket(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Each S3 server in turn."""
    return opened(request.param, servers, tmp_path, monkeypatch)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[Media, str]]:
    """Make media of any content, with its key."""

    def made(content: bytes, name: str = "Jane's beach.jpg", mime: str = "image/jpeg") -> tuple[Media, str]:
        digest = hashlib.sha256(content).hexdigest()
        suffix = "." + name.partition(".")[2]
        path = tmp_path / f"{digest[:16]}{suffix}"
        path.write_bytes(content)
        return Media(path, name, Facts(type=mime, bytes=len(content))), key_of(digest, suffix)

    return made
