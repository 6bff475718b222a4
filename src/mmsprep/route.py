"""One item's whole round, run inside the isolation: detect, stage, detect what came out, until it may leave."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsprep import defaults
from mmsprep.contact import Contact
from mmsprep.detect import detect, knows
from mmsprep.detect.card import CARD
from mmsprep.errors import Rejected
from mmsprep.limits import Limits, allowance
from mmsprep.media import Facts, Media
from mmsprep.profile import Profile
from mmsprep.stage import Declined, Event, Job, Stage
from mmsprep.tools.preview import previews
from mmsprep.tools.whereabouts import place_in

if TYPE_CHECKING:
    from mmsprep.isolate import Inside

# What people send most that no carrier delivers, and what to do about it.
REMEDIES = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "a Word document; send it as PDF",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "an Excel workbook; send it as PDF",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "a PowerPoint file; send it as PDF",
    "application/msword": "a Word document; send it as PDF",
    "application/vnd.oasis.opendocument.text": "an OpenDocument text; send it as PDF",
    "application/rtf": "a rich-text document; send it as PDF",
    "text/rtf": "a rich-text document; send it as PDF",
    "application/postscript": "a PostScript file; send it as PDF",
    "application/zip": "an archive; send what is in it, one file at a time",
    "application/x-7z-compressed": "an archive; send what is in it, one file at a time",
    "application/x-rar": "an archive; send what is in it, one file at a time",
    "application/gzip": "an archive; send what is in it, one file at a time",
    "application/x-tar": "an archive; send what is in it, one file at a time",
    "image/svg+xml": "a drawing that handsets do not show; send it as PNG",
    "image/x-adobe-dng": "a camera raw file; send it as JPEG",
    "image/x-canon-cr2": "a camera raw file; send it as JPEG",
    "image/vnd.adobe.photoshop": "a Photoshop file; send it as JPEG or PNG",
    "image/jxl": "a JPEG XL picture; send it as JPEG",
    "text/html": "a web page; send its link or a PDF of it",
    "text/plain": "plain text; put it into the message itself",
    "application/x-dosexec": "a program; nothing delivers those",
    "application/octet-stream": "of no type that we know; if it should be, send it again from where it was made",
}


def route(media: Media, stages: Sequence[Stage], job: Job, steps: list[str]) -> tuple[Media, ...]:
    """Send *media* through the stages until the profile admits all that comes out, in the order it is to be sent.

    The names of the stages that ran are added to *steps*. Raises Rejected when nothing is left to try.
    """
    for stage in stages:
        if not stage.accepts(media, job.profile):
            continue
        job.emit(Event(stage.name))
        try:
            paths = stage.run(media, job)
        except Declined:
            continue
        steps.append(stage.name)
        # Each stage runs at most once for a media and what comes of it, so this ends.
        rest = [other for other in stages if other is not stage]
        made = [Media(path, path.name, detect(path, job.limits)) for path in paths]
        return tuple(
            out for each in made for out in ((each,) if _may_leave(each, job) else route(each, rest, job, steps))
        )
    raise _objection(media, job.profile, steps)


def prepare_item(arguments: Mapping[str, Any], inside: Inside) -> dict[str, Any]:
    """Run one item's round in its child: only plain values come in, and only facts and file names go out."""
    warnings.simplefilter("ignore")
    assert inside.source is not None
    limits = Limits(**arguments["limits"])
    job = Job(
        profile=Profile.from_dict(arguments["profile"]),
        workdir=inside.workdir,
        limits=limits,
        options=arguments["options"],
        threads=arguments["threads"],
        ffmpeg=arguments["ffmpeg"],
        emit=lambda event: inside.emit({"step": event.step, "fraction": event.fraction, "eta": event.eta_seconds}),
    )
    stages = [defaults.load_stage(name) for name in arguments["stages"]]
    source = Media(inside.source, "source", detect(inside.source, limits))
    granted = allowance(source.facts, limits)
    inside.lower(granted.memory_bytes, granted.cpu_seconds, granted.wall_seconds)
    steps: list[str] = []
    outputs = route(source, stages, job, steps)
    links = [_checked_link(path, limits) for path in job.links]
    drawn = previews(source, outputs, job, cpu_seconds=granted.cpu_seconds) if arguments.get("previews") else []
    return {
        "original": source.facts.as_dict(),
        "outputs": [_described(media) for media in outputs],
        "links": [_described(media) for media in links],
        "previews": drawn,
        "steps": steps,
        "warnings": job.warnings,
        "texts": job.texts,
        "loss": max(job.losses, default=None),
    }


def inspect_item(arguments: Mapping[str, Any], inside: Inside) -> dict[str, Any]:
    """Detect what one item is, in its child, and prepare nothing."""
    warnings.simplefilter("ignore")
    assert inside.source is not None
    limits = Limits(**arguments["limits"])
    facts = detect(inside.source, limits)
    return {"original": facts.as_dict(), "tells": _told(inside.source, facts, limits)}


def foresee_item(arguments: Mapping[str, Any], inside: Inside) -> dict[str, Any]:
    """Tell per profile which stage would begin with one item, or why none would; in its child, preparing nothing."""
    warnings.simplefilter("ignore")
    assert inside.source is not None
    media = Media(inside.source, "source", detect(inside.source, Limits(**arguments["limits"])))
    stages = [defaults.load_stage(name) for name in arguments["stages"]]
    foreseen = [_foreseen(media, stages, Profile.from_dict(values)) for values in arguments["profiles"]]
    return {"original": media.facts.as_dict(), "foreseen": foreseen}


def _foreseen(media: Media, stages: Sequence[Stage], profile: Profile) -> dict[str, str]:
    first = next((stage for stage in stages if stage.accepts(media, profile)), None)
    if first is not None:
        return {"step": first.name}
    objection = _objection(media, profile, [])
    return {"reason": objection.reason, "message": objection.message}


def _told(path: Path, facts: Facts, limits: Limits) -> dict[str, str]:
    """Say in words what a file would have told: the place of a photo or a received location, a card's contact."""
    told = {}
    if facts.type == CARD:
        with suppress(Rejected):
            contact = Contact.from_vcf(path.read_bytes(), cards=limits.cards, nesting=limits.nesting)[0]
            words = {key: value if isinstance(value, list) else [value] for key, value in contact.summary().items()}
            told = {key.replace("_", " "): ", ".join(map(str, value)) for key, value in words.items()}
    if place := place_in(path, facts):
        told |= {"place": f"{place.label} {place.coordinates}".strip(), "map": place.link()}
    return told


def _described(media: Media) -> dict[str, Any]:
    return {"file": media.path.name, "facts": media.facts.as_dict()}


def _checked_link(path: Path, limits: Limits) -> Media:
    """Detect a version that is offered as a link: it may be as large as it likes, but tell nothing."""
    media = Media(path, path.name, detect(path, limits))
    if media.facts.metadata:
        raise Rejected("not-accepted", f"still carries {', '.join(media.facts.metadata)}; send another type")
    return media


def _may_leave(media: Media, job: Job) -> bool:
    return job.profile.admits(media.facts) and not media.facts.metadata


def _objection(media: Media, profile: Profile, steps: list[str]) -> Rejected:
    facts = media.facts
    if not steps and not knows(facts.type):
        return Rejected(
            "unknown-type", REMEDIES.get(facts.type, f"{facts.type}, which no stage can prepare; send another type")
        )
    objection = profile.objection(facts) or f"still carries {', '.join(facts.metadata)}"
    if facts.type in profile.types and facts.bytes >= profile.limit(facts.type):
        return Rejected("cannot-fit", f"{objection}; allow more bytes or send a smaller one")
    return Rejected("not-accepted", f"{objection}; choose another profile or send another type")
