"""The PDF stage: any document in; the same pages, cleaned and small enough, out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmsprep.detect.document import TYPE, open_document
from mmsprep.errors import PrepError, Rejected
from mmsprep.media import Media
from mmsprep.profile import Profile
from mmsprep.stage import Event, Job, Stage
from mmsprep.tools.pdf import clean, fonts, forms, save, shrink, trace, verdict, verify

if TYPE_CHECKING:
    import pikepdf

LOOKED_AT = 4
"""Pages that are drawn and compared: with the text of all, enough to find a document that came out wrong."""


def accepts(media: Media, profile: Profile) -> bool:
    """Take every PDF where PDF may leave."""
    return media.facts.type == TYPE and TYPE in profile.types


def run(media: Media, job: Job) -> tuple[Path, ...]:
    """Write the one document that is sent for *media*."""
    try:
        return (_prepared(media, job),)
    except (PrepError, MemoryError, OSError):
        raise
    except Exception as error:  # KeyError, TypeError, RecursionError … of structures that are not what they should be
        raise Rejected("damaged", "is not built as a PDF is; print it to PDF and send that") from error


def _prepared(media: Media, job: Job) -> Path:
    path = job.new_path(".pdf")
    with open_document(media.path) as pdf:
        verdict.judge(media.path, pdf, job.limits)
        interactive = forms.examine(pdf, media.path)
        job.emit(Event("pdf", 0.1))
        whole = forms.drawn(pdf, interactive)
        forms.flatten(whole, interactive)
        _tell(clean.clean(whole), interactive, job)
        job.emit(Event("pdf", 0.3))
        touched = _write(whole, media.facts.bytes, path, job)
    job.emit(Event("pdf", 0.8))
    _verify(media, path, touched, interactive, job)
    return path


STAGE = Stage("pdf", accepts, run)


def _write(pdf: pikepdf.Pdf, source_bytes: int, path: Path, job: Job) -> list[int]:
    """Write the document below the limit and return the pages whose pictures were written anew.

    What costs nothing that can be seen comes first; each further step is only taken when it has to be.
    """
    limit = job.profile.limit(TYPE)
    touched: list[int] = []
    pdf.remove_unreferenced_resources()
    data = save.save(pdf, source_bytes)
    if len(data) >= limit:
        save.repack(pdf)
        fonts.shrink(pdf)
        data = save.save(pdf, source_bytes)
    if len(data) >= limit:
        data, touched = _with_less(pdf, data, limit, job)
    path.write_bytes(data)
    return touched


def _with_less(pdf: pikepdf.Pdf, data: bytes, limit: int, job: Job) -> tuple[bytes, list[int]]:
    """Write it with lighter pictures; without its tags, and heavy drawings as pictures, when that is not enough."""
    made = shrink.found(pdf)
    chosen = shrink.fit(made, _rest(data, made), limit)
    if chosen is None and clean.drop_tags(pdf):
        job.warn("the reading order for screen readers was left out so that it fits")
        data = save.save(pdf, len(data))
        chosen = shrink.fit(made, _rest(data, made), limit)
    if chosen is None and (traced := _traced(pdf, data, made, limit, job)):
        data, made = traced, shrink.found(pdf)
        chosen = shrink.fit(made, _rest(data, made), limit)
    if chosen is None:
        raise _cannot_fit(pdf, made, _rest(data, made), limit)
    if len(data) < limit:
        return data, []
    pages = shrink.apply(pdf, made, chosen)
    data = save.save(pdf, len(data))
    if len(data) >= limit:
        raise _cannot_fit(pdf, made, _rest(data, made), limit)
    return data, pages


def _traced(pdf: pikepdf.Pdf, data: bytes, made: list[shrink.Picture], limit: int, job: Job) -> bytes | None:
    """Write it with its heaviest drawings as pictures, if they are what is too much."""
    least = sum(min(one.bytes, one.cost(len(shrink.LADDER) - 1)) for one in made)
    pages = trace.lighten(pdf, data, _rest(data, made) + least - limit)
    if not pages:
        return None
    said = "a page is now a picture" if pages == 1 else f"{pages} pages are now pictures"
    job.warn(f"{said}, because of very detailed drawings; the words can still be found and copied")
    pdf.remove_unreferenced_resources()
    return save.save(pdf, len(data))


def _rest(data: bytes, made: list[shrink.Picture]) -> int:
    """Give the bytes that are not in pictures."""
    return len(data) - sum(one.bytes for one in made)


def _cannot_fit(pdf: pikepdf.Pdf, made: list[shrink.Picture], rest: int, limit: int) -> Rejected:
    pages = len(pdf.pages)
    many = f"{pages} page{'s' * (pages > 1)}"
    fixed = min(shrink.fixed_bytes(pdf, made), rest)
    if rest - fixed >= limit * 0.9:
        fact = f"{many} with {rest - fixed:,} bytes of text, fonts and drawings, which cannot be made smaller"
    elif fixed and rest >= limit * 0.9:
        fact = f"{many} with {fixed:,} bytes of pictures in a form that cannot be made smaller"
    else:
        least = rest + sum(min(one.bytes, one.cost(len(shrink.LADDER) - 1)) for one in made)
        fact = f"{many} with {len(made)} pictures need {least:,} bytes even at {shrink.LADDER[-1][0]} dpi"
    return Rejected("cannot-fit", f"{fact}; {limit:,} is the limit: send fewer pages, or a link")


def _tell(removed: clean.Removed, interactive: forms.Interactive, job: Job) -> None:
    """Warn of what a sender may miss."""
    if interactive.signed:
        job.warn("the digital signature is gone: a document that was changed cannot keep it")
    if interactive.fields:
        job.warn("the form can no longer be filled in; what was written into it stays")
    if interactive.redactions:
        job.warn("what is marked to be blacked out can still be read: apply the marks before sending")
    for count, what in (
        (removed.attachments, "attached file"),
        (removed.media, "sound, film or 3D object"),
        (removed.comments, "comment"),
        (removed.links, "link that does not lead to the web, a mail address or a phone"),
    ):
        if count:
            job.warn(f"removed: {count} × {what}")


def _verify(media: Media, path: Path, touched: list[int], interactive: forms.Interactive, job: Job) -> None:
    """Compare with the original; warn of a page that looks different, reject when pages or text are lost."""
    pages = media.facts.pages or 1
    wanted = dict.fromkeys([*touched[: LOOKED_AT - 1], 0, *touched])
    found = verify.compare(media.path, path, list(wanted)[: min(LOOKED_AT, pages)], marks=interactive.drawn)
    if found.pages[0] != found.pages[1] or found.text < verify.TEXT_KEPT:
        raise Rejected("damaged", "loses text or pages when it is written anew; print it to PDF and send that")
    if lost := found.lacks(interactive.undrawn):
        job.warn(f"what was written into the form with {lost[:20]} could not be drawn: no font here has it")
    elif odd := interactive.foreign:
        job.warn(f"a phone may not show {odd[:20]} in the form, whose font is not in it; print it to PDF and send that")
    if found.different is not None:
        job.warn(f"page {found.different + 1} may look different from the original")
