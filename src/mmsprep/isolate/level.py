"""Tell which layers of isolation this machine grants, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Layer:
    """One measure: whether it holds, and in a few words what it does or why it is missing."""

    name: str
    granted: bool
    why: str


@dataclass(frozen=True, slots=True)
class Level:
    """All measures, as probed once when the helper starts."""

    layers: tuple[Layer, ...]
    namespaces: int = 0
    """The flags with which items are cloned."""
    landlock: int = 0
    """The version of Landlock's interface, 0 without."""

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if not layer.granted)

    def has(self, name: str) -> bool:
        """Say whether the layer of that name holds."""
        return any(layer.granted for layer in self.layers if layer.name == name)

    def __str__(self) -> str:
        return ", ".join(f"{'' if layer.granted else 'no '}{layer.name} ({layer.why})" for layer in self.layers)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        layers = tuple(Layer(**layer) for layer in values["layers"])
        return cls(layers, values["namespaces"], values["landlock"])
