"""The files that an image and a first `docker compose up` are made of fit the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmsprep.settings import Settings
from mmsprep.worker import queues

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def compose() -> dict[str, Any]:
    """Read compose.yaml as Compose does where nobody has set a variable."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "compose.yaml").read_text())
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_what_the_image_is_made_of_is_all_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["worker"]]
    locked = {line.partition("==")[0] for line in (ROOT / "requirements-worker.lock").read_text().splitlines()}
    names = {re.split(r"[\[<>=~! ;]", each)[0].lower() for each in asked}
    assert names
    assert names <= locked, "run make lock"


def test_the_image_is_given_every_file_that_the_wheel_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = [*wheel["shared-data"], *wheel["force-include"], "src", "LICENSE", "NOTICE", "README.md", "pyproject.toml"]
    copied = " ".join(re.findall(r"^COPY (.*) \S+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)).split()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert [name for name in wanted if name not in copied] == []
    assert [name for name in wanted if f"!{name}" not in ignored] == []


def test_the_settings_of_compose_are_settings(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in compose["services"]["worker"]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert queues.engine(settings.worker) == "amqp"
    assert (settings.store, settings.source_buckets) == ("s3://acme/mms", ("uploads",))
    assert settings.worker.listen_host == "0.0.0.0"
    port = compose["configs"]["prometheus"]["content"]
    assert f"port: {settings.worker.listen_port}" in port


def test_the_workers_of_compose_are_two_and_may_do_nothing_but_work(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["read_only"]
    assert worker["cap_drop"] == ["ALL"]
    assert worker["security_opt"] == ["no-new-privileges:true"]
    assert worker["user"] == "10001:10001"
    assert all(port.startswith("127.0.0.1:") for each in compose["services"].values() for port in each.get("ports", []))
    grace = int(worker["stop_grace_period"].removesuffix("m")) * 60
    assert grace > Settings.load().worker.job_seconds
