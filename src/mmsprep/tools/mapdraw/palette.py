"""The two styles of the map: calm colours, so that the pin and the names stand out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they paint."""

    water: str
    shallow: str
    coast: str
    land: str
    home: str
    """The country that the pin is in."""
    border: str
    state: str
    river: str
    grid: str
    town: str
    village: str
    country: str
    sea: str
    pin: str
    pin_edge: str
    panel: str
    title: str
    text: str
    rule: str
    rim: str
    """Of the globe."""


LIGHT = Palette(
    water="#c3dbe8",
    shallow="#d8e9f1",
    coast="#9dc0d3",
    land="#f1ece1",
    home="#fbf9f3",
    border="#bcae9a",
    state="#d9cfbf",
    river="#b3d2e2",
    grid="#b2cfde",
    town="#343a43",
    village="#626973",
    country="#a29581",
    sea="#6f9ab2",
    pin="#e5383b",
    pin_edge="#b3262b",
    panel="#ffffff",
    title="#1b212b",
    text="#5d6673",
    rule="#e4e0d8",
    rim="#ffffff",
)

DARK = Palette(
    water="#141d27",
    shallow="#1b2733",
    coast="#3a5063",
    land="#2a313a",
    home="#363e49",
    border="#626e7d",
    state="#465160",
    river="#22384a",
    grid="#20303f",
    town="#e3e7ec",
    village="#a3adb9",
    country="#7e8a99",
    sea="#587892",
    pin="#ff5a5f",
    pin_edge="#d33c42",
    panel="#1c222a",
    title="#f3f5f8",
    text="#a1abb8",
    rule="#2d3540",
    rim="#56626f",
)

PALETTES = {"light": LIGHT, "dark": DARK}
