"""Settings: flags over environment over ``mmsprep.toml`` over defaults, read once into one frozen value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, PositiveInt, SecretStr, ValidationError
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

FILE = Path("mmsprep.toml")


class Settings(BaseSettings):
    """Everything that can be set, with its default.

    Each is ``MMSPREP_NAME`` in the environment (``MMSPREP_LIMITS__WALL_SECONDS`` for one inside a table) and
    ``name`` in ``mmsprep.toml`` of the current folder.
    """

    model_config = SettingsConfigDict(
        env_prefix="MMSPREP_", env_nested_delimiter="__", toml_file=FILE, frozen=True, extra="forbid"
    )

    profile: str = Field(default=profile.DEFAULT, description="what may leave; a + b is the stricter of both")
    profiles_file: Path | None = Field(default=None, description="a TOML file with profiles of your own")
    max_bytes: PositiveInt | None = Field(
        default=None, description="bytes a file must stay below, instead of the profile's"
    )
    store: str | None = Field(default=None, description="where results are kept: a folder, or a store's URL")
    base_url: str | None = Field(default=None, description="the public URL of what the store's URL names")
    s3: S3Options = Field(default_factory=S3Options, description="how an S3 store is reached, what it promises")
    key_salt: SecretStr | None = Field(
        default=None, description="a tenant's secret: URLs cannot be guessed from files, nor shared with other tenants"
    )
    source_buckets: tuple[str, ...] = Field(default=(), description="buckets whose s3:// URLs may be sources")
    tiles: TileSource | None = Field(
        default=None, description="where map tiles come from; the embedded map if not given"
    )
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
        try:
            return cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            raise Misconfigured("wrong settings: " + "; ".join(wrong)) from error
        except ValueError as error:
            raise Misconfigured(f"{FILE}: {error}") from error

    def named_profile(self, name: str) -> Profile:
        """Find a profile by name, the user's own among them."""
        return profile.load(name, self.profiles_file)

    def resolve_profile(self) -> Profile:
        """Find the profile that is meant, with the byte limit that was asked for if there is one."""
        found = self.named_profile(self.profile)
        return found if self.max_bytes is None else replace(found, max_bytes=self.max_bytes)
