"""Places as links: geo URIs, and the links of Apple, Google, OpenStreetMap, Bing, Waze and HERE. Nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, unquote_plus, urlsplit

from mmsprep.errors import Rejected
from mmsprep.place import codes, numbers

LONGEST_LINK = 4_096
PAIR = r"(-?\d{1,3}(?:\.\d+)?),\s?(-?\d{1,3}(?:\.\d+)?)"
MAP_SCHEMES = ("geo", "maps", "comgooglemaps", "google.navigation")

SHORTENERS = (
    "maps.app.goo.gl",
    "goo.gl",
    "g.co",
    "osm.org",
    "maps.apple",
    "bit.ly",
    "w3w.co",
    "what3words.com",
    "her.is",
)
"""Hosts whose links say nothing by themselves: somebody would have to ask a server where they lead."""

GOOGLE = re.compile(r"(?:www\.|maps\.)?google\.(?:com?\.)?[a-z]{2,3}")
# The pin is where somebody tapped; the @ is only the middle of what their screen showed.
GOOGLE_PIN = re.compile(r"!3d(-?\d+(?:\.\d+)?)!4d(-?\d+(?:\.\d+)?)")
# The stops of a route are spelt the other way round: !1d is the longitude.
GOOGLE_STOP = re.compile(r"!2m2!1d(-?\d+(?:\.\d+)?)!2d(-?\d+(?:\.\d+)?)")
GOOGLE_VIEW = re.compile(rf"/@{PAIR}(?:,(\d+(?:\.\d+)?)z)?")


@dataclass(frozen=True, slots=True)
class Found:
    """What a link says about a place."""

    latitude: float
    longitude: float
    label: str = ""
    zoom: int | None = None


def looks_like_link(text: str) -> bool:
    """Tell whether *text* is a geo URI or a link to a map that we know, readable or not."""
    scheme, separator, _ = text.partition(":")
    if separator and scheme.lower() in MAP_SCHEMES:
        return True
    url = _split(text)
    return url is not None and (_host(url) in SHORTENERS or _reader(url) is not None)


def read(text: str) -> Found | None:
    """Read the place that a link names, or None for what is no link to a map.

    Raises Rejected ``unreadable`` for a link from which no coordinates can be had without asking a server.
    """
    if text[:4].lower() == "geo:":
        return _geo_uri(text[4:])
    if re.match(r"google\.navigation:", text, re.IGNORECASE):
        return _need(_of_query({"q": unquote_plus(text.partition(":q=")[2])}, ("q",)))
    url = _split(text)
    if url is None:
        return None
    if _host(url) in SHORTENERS or (url.path.startswith(("/maps/app", "/p/")) and "apple" in _host(url)):
        raise Rejected(
            "unreadable", "is a short link, which only its own server can read; open it and give the long link"
        )
    reader = _reader(url)
    return _need(reader(url)) if reader else None


def _need(found: Found | None) -> Found:
    if found is None:
        raise Rejected("unreadable", "the link holds no coordinates; drop a pin on the map and share that")
    return found


def _split(text: str) -> SplitResult | None:
    if len(text) > LONGEST_LINK or not re.match(
        r"(?:https?|maps|comgooglemaps)://|(?:www\.|maps\.)?\w+\.\w+/", text, re.IGNORECASE
    ):
        return None
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        return url if url.hostname or url.scheme in MAP_SCHEMES else None
    except ValueError:
        return None


def _host(url: SplitResult) -> str:
    return (url.hostname or "").removeprefix("www.")


def _reader(url: SplitResult) -> Callable[[SplitResult], Found | None] | None:
    host = _host(url)
    if url.scheme == "maps" or host in ("maps.apple.com", "beta.maps.apple.com"):
        return _apple
    if url.scheme == "comgooglemaps" or (
        GOOGLE.fullmatch(host) and (host.startswith("maps.") or url.path.startswith("/maps"))
    ):
        return _google
    known = {
        "openstreetmap.org": _openstreetmap,
        "bing.com": _bing,
        "waze.com": _waze,
        "wego.here.com": _here,
        "share.here.com": _here,
        "plus.codes": _plus_codes,
    }
    return known.get(host)


def _query(url: SplitResult) -> dict[str, str]:
    """Give the parameters of a link by name, those after the # too, the first of each."""
    try:
        pairs = parse_qs(f"{url.query}&{url.fragment}", max_num_fields=100)
    except ValueError:
        return {}
    return {name: values[0].strip() for name, values in pairs.items()}


def _of_query(query: Mapping[str, str], names: tuple[str, ...], zoom: str = "") -> Found | None:
    """Read the first parameter that holds coordinates or a code, in ``loc:lat,lon`` and ``lat,lon(label)`` too."""
    for name in names:
        text, _, label = _unbracketed(query.get(name, "").removeprefix("loc:")).partition("(")
        if point := numbers.read(text) or codes.read(text.strip()):
            return Found(*point, label=label.rstrip(") "), zoom=whole_zoom(query.get(zoom, "")))
    return None


def _unbracketed(text: str) -> str:
    """Take off the brackets that some phones put around the whole pair."""
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def whole_zoom(text: str) -> int | None:
    """Round a link's zoom to a whole one that every map has."""
    return min(round(float(text)), 19) if re.fullmatch(r"\d{1,2}(\.\d+)?", text) else None


def _named(found: Found | None, *labels: str) -> Found | None:
    """Give the place the first label that is no mere coordinates."""
    if found is None or found.label:
        return found
    label = next((each for each in labels if each and not _is_point(each)), "")
    return Found(found.latitude, found.longitude, label, found.zoom)


def _is_point(text: str) -> bool:
    try:
        return text.startswith("loc:") or (numbers.read(text) or codes.read(text)) is not None
    except Rejected:
        return False


def _geo_uri(rest: str) -> Found:
    """Read RFC 5870 (``geo:lat,lon,alt;crs=…;u=…``) and Android's ``geo:0,0?q=lat,lon(label)``."""
    where, _, tail = rest.partition("?")
    point, *parameters = where.split(";")
    for parameter in parameters:
        name, _, value = parameter.lower().partition("=")
        if name == "crs" and value != "wgs84":
            raise Rejected("unreadable", f"the geo URI is in the system {value[:20]}; give it in wgs84")
    query = {name: values[0] for name, values in parse_qs(tail, max_num_fields=50).items()}
    if found := _of_query(query, ("q",), "z"):
        return found
    numbers_given = re.fullmatch(rf"{PAIR}(?:,-?\d+(?:\.\d+)?)?", unquote(point).strip())
    if not numbers_given:
        raise Rejected("unreadable", "the geo URI holds no coordinates; write geo:37.7749,-122.4194")
    if "q" in query and float(numbers_given[1]) == float(numbers_given[2]) == 0:
        raise Rejected("unreadable", "the geo URI asks for an address to be searched; give its coordinates")
    # RFC 5870, 3.4.2: what is after the point is an altitude in metres, which no map shows.
    return Found(float(numbers_given[1]), float(numbers_given[2]), query.get("q", ""), whole_zoom(query.get("z", "")))


def _apple(url: SplitResult) -> Found | None:
    query = _query(url)
    found = _of_query(query, ("coordinate", "ll", "q", "daddr", "destination", "address", "center", "sll"), "z")
    return _named(found, query.get("q", ""), query.get("name", ""), query.get("address", ""))


def _google(url: SplitResult) -> Found | None:
    query, path = _query(url), unquote_plus(url.path)
    view = GOOGLE_VIEW.search(path)
    zoom = whole_zoom(view[3] or "") if view else None
    pins = GOOGLE_PIN.findall(path)
    segments = list(_after(path, ("place", "search", "dir")))
    label = next(iter(segments), "") if "/place/" in path else ""
    if pins:
        # In directions every stop has a pin: the last is where one is going.
        return _named(Found(float(pins[-1][0]), float(pins[-1][1]), zoom=zoom), label)
    wanted = ("query", "q", "destination", "daddr", "ll", "center", "viewpoint", "cbll", "sll")
    if found := _of_query(query, wanted, "zoom" if "zoom" in query else "z"):
        return _named(found, query.get("q", ""))
    for segment in reversed(segments):
        if found := _of_query({"": segment}, ("",)):
            return Found(found.latitude, found.longitude, found.label, zoom)
    if stops := GOOGLE_STOP.findall(path):
        return Found(float(stops[-1][1]), float(stops[-1][0]), zoom=zoom)
    # What the screen showed of a route is not where it leads.
    if view is None or "/dir/" in path:
        return None
    return _named(Found(float(view[1]), float(view[2]), zoom=zoom), label)


def _after(path: str, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the parts of a path between one of *names* and the view or data that follows."""
    parts = [part.strip() for part in path.split("/")]
    start = next((at + 1 for at, part in enumerate(parts) if part in names), len(parts))
    for part in parts[start:]:
        if part.startswith(("@", "data=")):
            return
        if part:
            yield part


def _openstreetmap(url: SplitResult) -> Found | None:
    query = _query(url)
    zoom, *centre = query.get("map", "").split("/")
    if "mlat" in query and "mlon" in query:
        point = numbers.read(f"{query['mlat']},{query['mlon']}")
    elif stops := query.get("to") or query.get("route"):
        point = numbers.read(stops.rpartition(";")[2])
    elif len(centre) >= 2:
        point = numbers.read(f"{centre[0]},{centre[1]}")
    else:
        point = numbers.read(f"{query.get('lat', '')},{query.get('lon', '')}")
        zoom = query.get("zoom", "")
    return Found(*point, zoom=whole_zoom(zoom or query.get("zoom", ""))) if point else None


def _bing(url: SplitResult) -> Found | None:
    query = _query(url)
    pin = re.match(r"point\.(-?[\d.]+)_(-?[\d.]+)(?:_([^_]*))?", query.get("sp", ""))
    text = f"{pin[1]},{pin[2]}" if pin else query.get("cp", "").replace("~", ",")
    point = numbers.read(text)
    return Found(*point, label=(pin[3] or "") if pin else "", zoom=whole_zoom(query.get("lvl", ""))) if point else None


def _waze(url: SplitResult) -> Found | None:
    query = {name: value.removeprefix("ll.") for name, value in _query(url).items()}
    return _of_query(query, ("ll", "to", "latlng"), "z")


def _here(url: SplitResult) -> Found | None:
    found = re.search(rf"/{PAIR}(?:,([^/]*))?", unquote_plus(url.path))
    if found:
        return Found(float(found[1]), float(found[2]), found[3] or "")
    latitude, _, rest = _query(url).get("map", "").partition(",")
    longitude, _, zoom = rest.partition(",")
    point = numbers.read(f"{latitude},{longitude}")
    return Found(*point, zoom=whole_zoom(zoom.partition(",")[0])) if point else None


def _plus_codes(url: SplitResult) -> Found | None:
    point = codes.read(unquote(url.path).strip("/").replace(" ", "+"))
    return Found(*point) if point else None
