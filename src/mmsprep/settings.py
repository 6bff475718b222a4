"""Settings: flags over environment over ``mmsprep.toml`` over defaults, read once into one frozen value."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, SecretStr, StringConstraints, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mmsprep import profile
from mmsprep.errors import Misconfigured
from mmsprep.limits import Limits
from mmsprep.profile import Profile
from mmsprep.stores.s3.options import S3Options
from mmsprep.tools.tiles import TileSource

log = logging.getLogger(__name__)

FILE = Path("mmsprep.toml")
PREFIX = "MMSPREP_"

# Plain HTTP is for this machine alone: a signature does not hide what it signs.
WEBHOOK = r"^(https://[^@\s/?#]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/\S*)?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """Say which queues the worker serves, what a job may take, and whom it tells: the table ``worker``."""

    broker: SecretStr = field(default_factory=lambda: SecretStr("amqp://guest:guest@127.0.0.1:5672//"))
    """``amqp://``, ``amqps://``, ``sqs://`` (credentials from boto3's own chain) or ``redis://``."""
    queue: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = "mmsprep"
    """What the names of the queues begin with: NAME-jobs, NAME-uploads, NAME-results, NAME-dead."""
    sqs_endpoint: str | None = None
    sqs_region: str | None = None
    visibility_seconds: Annotated[int, Field(ge=5, le=43_200)] = 120
    """SQS: until a job whose worker died is given to another; a living worker asks for more in time."""
    answers: str | None = None
    """Where answers are kept, a private folder or bucket prefix; beside the store, ``STORE-answers``, if not given."""
    destinations: dict[str, str] = field(default_factory=dict)
    """Stores that jobs may name instead of the default one."""
    concurrency: PositiveInt | None = None
    """Jobs at a time; one per core if not given."""
    job_seconds: Annotated[int, Field(ge=10, le=40_000)] = 1_500
    """The longest that a job may take. RabbitMQ takes one away after 30 minutes (its ``consumer_timeout``)."""
    tries: PositiveInt = 6
    """How often a job is tried while something of ours is unavailable, before it is a dead letter."""
    retry_seconds: PositiveFloat = 5.0
    """The first pause between tries; each is twice as long, give or take half."""
    deliveries: PositiveInt = 5
    """How many deaths of a worker one job may cause or suffer before it is a dead letter."""
    publish: bool = True
    """Whether answers go to the results queue, which keeps them for four days."""
    webhook_url: Annotated[str, StringConstraints(pattern=WEBHOOK)] | None = None
    webhook_secret: SecretStr | None = None
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=0, le=65_535)] = 9_808
    """Where metrics and health are; 0 for nowhere."""


def _published(url: str) -> str:
    """Give *url* back when URLs can begin with it; raises ValueError, which does not repeat what may be a password."""
    if url and not (url.isascii() and re.fullmatch(r"https?://[^@\s/?#]+(/[^\s?#]*)?", url)):
        raise ValueError("it is http:// or https://, a host and perhaps a path, such as https://media.example.com/mms")
    return url


class Settings(BaseSettings):
    """Everything that can be set, with its default.

    Each is ``MMSPREP_NAME`` in the environment (``MMSPREP_LIMITS__WALL_SECONDS`` for one inside a table) and
    ``name`` in ``mmsprep.toml`` of the current folder.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", toml_file=FILE, frozen=True, extra="forbid"
    )

    profile: str = Field(default=profile.DEFAULT, description="whose limits to meet; a+b is the stricter of both")
    profiles_file: Path | None = Field(default=None, description="a TOML file with profiles of your own")
    max_bytes: PositiveInt | None = Field(
        default=None, description="bytes a file must stay below, instead of the profile's"
    )
    store: str | None = Field(default=None, description="where results are kept: a folder, or a store's URL")
    base_url: Annotated[str, AfterValidator(_published)] | None = Field(
        default=None, description="the address under which a web server or CDN publishes the store"
    )
    s3: S3Options = Field(default_factory=S3Options, description="how an S3 store is reached, and how it keeps objects")
    ledger: Path | None = Field(
        default=None, description="where a batch writes down what it did; with its results if not given, or in ~/.cache"
    )
    key_salt: SecretStr | None = Field(
        default=None, description="a tenant's secret: URLs cannot be guessed from files, nor shared with other tenants"
    )
    source_buckets: tuple[str, ...] = Field(default=(), description="buckets whose s3:// URLs may be sources")
    tiles: TileSource | None = Field(
        default=None, description="where map tiles come from; the embedded map if not given"
    )
    ffmpeg: str | None = Field(default=None, description="the ffmpeg to use instead of the one that pip installs")
    threads: PositiveInt | None = Field(default=None, description="threads of one item; all cores if not given")
    require_sandbox: bool = Field(default=False, description="refuse to run with less than the whole isolation")
    python: str | None = Field(default=None, description="the interpreter, where sys.executable is another program")
    api_key: SecretStr | None = Field(default=None, description="the key of the API that messages are sent by")
    api_url: str = Field(default="https://api.bitpanyun.com", description="the address of that API")
    api_header: str = Field(
        default="Authorization", pattern=r"^[A-Za-z][A-Za-z0-9-]*$", description="the header that carries the key"
    )
    api_scheme: str = Field(
        default="Bearer", pattern=r"^[A-Za-z0-9._-]*$", description="the word before the key in that header, or none"
    )
    worker: WorkerOptions = Field(default_factory=WorkerOptions, description="the queues, and what a job may take")
    limits: Limits = Field(default_factory=Limits, description="what may come in, and what an item may cost")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  part of the signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  part of the signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @classmethod
    def load(cls, **flags: Any) -> Settings:
        """Read the settings, with *flags* that are not None above all; raises Misconfigured for wrong ones."""
        for name, meant in _misspelt(os.environ):
            log.warning("%s is no setting; did you mean %s?", name, meant)
        try:
            return cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            # Not chained: it repeats what was given, and that may be a password.
            raise Misconfigured("wrong settings: " + "; ".join(map(_told, error.errors()))) from None
        except ValueError as error:
            raise Misconfigured(f"{FILE}: {error}") from error

    def named_profile(self, name: str) -> Profile:
        """Find a profile by name, the user's own among them."""
        return profile.load(name, self.profiles_file)

    def resolve_profile(self) -> Profile:
        """Find the profile that is meant, with the byte limit that was asked for if there is one."""
        found = self.named_profile(self.profile)
        return found if self.max_bytes is None else replace(found, max_bytes=self.max_bytes)


def _told(wrong: Mapping[str, Any]) -> str:
    """Say in words what is wrong with one setting, and what might have been meant by a name that there is not."""
    from difflib import get_close_matches

    name = ".".join(map(str, wrong["loc"]))
    if wrong["type"] not in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"{name}: {wrong['msg'].removeprefix('Value error, ')}"
    fields = Settings.model_fields
    known = list(fields) if len(wrong["loc"]) == 1 else _options_of(fields[str(wrong["loc"][0])].annotation)
    near = get_close_matches(str(wrong["loc"][-1]), known)
    return f"{name}: there is no such setting{f'; did you mean {near[0]}?' if near else ''}"


def _misspelt(variables: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find variables that are almost a setting's, with that one's: pydantic looks only for those that it knows."""
    from difflib import get_close_matches

    fields = {f"{PREFIX}{name.upper()}": field.annotation for name, field in Settings.model_fields.items()}
    inner = [f"{table}__{name.upper()}" for table, kind in fields.items() for name in _options_of(kind)]
    for name in variables:
        if name.startswith(PREFIX) and name.partition("__")[0] not in fields:
            for meant in get_close_matches(name, [*fields, *inner], n=1, cutoff=0.85):
                yield name, meant


def _options_of(table: Any) -> list[str]:
    return list(getattr(table, "__dataclass_fields__", ()))
