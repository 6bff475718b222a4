"""The vcard stage: contacts of any version and make in; a card for each person, and their name for the text, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mmsprep.contact import Contact
from mmsprep.detect.card import CARD, CONTACT
from mmsprep.errors import Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Job, Stage
from mmsprep.tools.vcard import PHOTO_SHARE, build
from mmsprep.tools.vcard.lines import as_sent
from mmsprep.tools.vcard.photo import square

WARNING_CHARS = 400
"""The longest warning: what is told to people is cut at 500."""

NAME_CHARS = 80
"""The longest name that is offered for the message's text."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take every contact, where a card may leave."""
    return media.facts.type in {CARD, CONTACT} and CARD in profile.types


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write one card for each person: a handset that is given several in one file may open only the first."""
    data = media.path.read_bytes()
    if media.facts.type == CONTACT:
        contacts: Sequence[Contact] = (Contact.from_json(data),)
    else:
        contacts = Contact.from_vcf(data, cards=job.limits.cards, nesting=job.limits.nesting)
    filled = [contact for contact in contacts if not contact.empty]
    if not filled:
        raise Rejected("damaged", "the card has no name, number, address or note to show; fill it in and send it again")
    if len(filled) < len(contacts):
        job.warn(f"{len(contacts) - len(filled)} of {len(contacts)} cards are left out: they have nothing to show")
    return tuple(_written(contact, job, several=len(filled) > 1) for contact in filled)


STAGE = Stage("vcard", accepts, run, options=frozenset({"region"}))


def _written(contact: Contact, job: Job, *, several: bool) -> Path:
    """Write one person's card below the limit, with the best photo that there is room for."""
    region = job.options.get("region")
    sent, warnings = as_sent(contact, str(region).strip().upper() if region else None)
    version = "2.1" if job.profile.vcard == "2.1" else "3.0"
    limit = min(job.profile.limit(CARD), job.limits.card_bytes)
    data = build(sent, None, version)
    if len(data) >= limit:
        raise Rejected(
            "cannot-fit", f"the card has {len(data):,} bytes without a photo; {limit:,} is the limit: shorten its note"
        )
    if contact.photo is not None:
        try:
            room = int((limit - len(data) - 100) * PHOTO_SHARE)
            photo, whole = square(contact.photo, job.workdir, job.limits, below=room)
            data = build(sent, photo, version)
            warnings.extend([] if whole else ["part of the photo is damaged"])
        except Rejected as problem:
            warnings.append(f"the photo is left out: {_fact(problem)}")
    who = f"{sent.name[:60]}: " if several else ""
    for warning in (*_left_out(contact.dropped), *warnings):
        job.warn(f"{who}{warning}")
    if contact.shown_name:
        job.offer_text(contact.shown_name[:NAME_CHARS])
    path = job.new_path(".vcf")
    path.write_bytes(data)
    return path


def _fact(problem: Rejected) -> str:
    return "it cannot be opened; use a JPEG or PNG" if problem.reason == "damaged" else problem.message


def _left_out(dropped: Sequence[str]) -> Iterator[str]:
    """Tell what handsets do not show, in as many warnings as it takes."""
    line = ""
    for each in dropped:
        if line and len(line) + len(each) > WARNING_CHARS:
            yield f"left out or changed: {line}"
            line = ""
        line = f"{line}, {each}" if line else each
    if line:
        yield f"left out or changed: {line}"
