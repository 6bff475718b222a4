"""Turn runs into the page: one table per limit, then every photo at 600 KB."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.pictures.__main__ import Run

OURS = "mmsprep"
EVERY = "every side in full"
HEAD = """# Pictures: the same photos, the same bytes

Written by `make bench-pictures`; do not edit. Each program brings each photo below a limit as its users would
have it do: at the better of two fixed long sides (2048, 1024; the one with the best mean at that limit), with
a bisection over quality where it has no search of its own. Scores are against the source at 2048 pixels, which is
what a large phone shows. SSIMULACRA 2: more is better, 90 cannot be told apart. Butteraugli, 3-norm: less is better.
CPU and memory are ratios to ours, of sums over the photos; a program of its own counts with its start. "Over" are
files that are not below the limit. "Every side in full" is our encoder at each of eight long sides, with colours
halved and whole, the best one picked by looking at the score afterwards: the limit of what choosing a side can give.
"""


def page(runs: Sequence[Run], order: Sequence[str]) -> str:
    limits = sorted({run.limit for run in runs}, reverse=True)
    parts = [HEAD, f"{len({run.photo for run in runs})} photos.\n"]
    parts += [_table([run for run in runs if run.limit == limit], limit, order) for limit in limits]
    if 600_000 in limits:
        parts.append(_photos([run for run in runs if run.limit == 600_000], order))
    return "\n".join(parts)


def best_side(runs: Sequence[Run], peer: str) -> list[Run]:
    """Keep a peer's runs at the side whose mean score is best."""
    own = [run for run in runs if run.peer == peer]
    sides = {run.side for run in own}
    return max(([run for run in own if run.side == side] for side in sides), key=_mean_score, default=[])


def _mean_score(runs: Sequence[Run]) -> float:
    return fmean(run.score for run in runs)


def _table(runs: Sequence[Run], limit: int, order: Sequence[str]) -> str:
    lines = [
        f"## Below {limit:,} bytes\n",
        "| program | side | used | over | SSIMULACRA 2 | worst | butteraugli | CPU | memory |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    ours = {run.photo: run for run in runs if run.peer == OURS}
    for peer in [*order, EVERY]:
        own = best_side(runs, peer)
        if not own:
            continue
        second = [run.butteraugli for run in own if run.butteraugli is not None]
        side = own[0].side if peer not in {OURS, EVERY, "jpegoptim --size"} else "–"
        timed = peer != EVERY
        lines.append(
            f"| {peer} | {side} | {fmean(run.bytes / limit for run in own):.2f} "
            f"| {sum(run.bytes >= limit for run in own)} | {_mean_score(own):.1f} "
            f"| {min(run.score for run in own):.1f} "
            f"| {f'{fmean(second):.2f}' if second else '–'} "
            f"| {_ratio(own, ours, 'cpu') if timed else '–'} | {_ratio(own, ours, 'megabytes') if timed else '–'} |"
        )
    return "\n".join([*lines, ""])


def _ratio(own: Sequence[Run], ours: dict[str, Run], what: str) -> str:
    """Compare sums: a photo that hardly costs us anything must not decide."""
    theirs, mine = (sum(getattr(run, what) for run in runs) for runs in (own, (ours[run.photo] for run in own)))
    return f"{theirs / max(mine, 1e-9):.2f}"


def _photos(runs: Sequence[Run], order: Sequence[str]) -> str:
    lines = [
        "## Each photo below 600,000 bytes, SSIMULACRA 2\n",
        "| photo | ours | best other within the limit | by |",
        "|---|---|---|---|",
    ]
    others = [run for peer in order if peer != OURS for run in best_side(runs, peer)]
    for photo in sorted({run.photo for run in runs}):
        mine = next(run for run in runs if run.photo == photo and run.peer == OURS)
        rivals = [run for run in others if run.photo == photo and run.bytes < run.limit]
        if rivals:
            best = max(rivals, key=lambda run: run.score)
            lines.append(f"| {photo} | {mine.score:.1f} | {best.score:.1f} | {best.peer} |")
    return "\n".join([*lines, ""])
