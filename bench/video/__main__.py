"""Compare ways to make a film fit: `python -m bench.video FOLDER --budget 600000 [--peer NAME…] [--out DIR]`.

For each clip and way: VMAF at the size at which it is shown (at most 720 lines), the fraction of the budget that
was used, and CPU seconds as a ratio to one plain pass of x264 medium at our size. What is over the budget is
counted, and out of the race. Peers that are not installed are left out and named.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import mean

from bench.video.measure import Shot, reference, shoot
from bench.video.peers import PEERS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.video", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--budget", type=int, action="append", help="bytes; may be given often (default 600000)")
    parser.add_argument("--peer", action="append", choices=list(PEERS), help="only these")
    parser.add_argument("--out", type=Path, default=Path("out/bench-video"))
    chosen = parser.parse_args()
    names = chosen.peer or list(PEERS)
    missing = [name for name in names if not PEERS[name].installed()]
    for name in missing:
        print(f"left out: {name}, which is not installed", file=sys.stderr)
    chosen.out.mkdir(parents=True, exist_ok=True)
    shots: list[Shot] = []
    with (chosen.out / "shots.jsonl").open("a") as log:
        for clip in sorted(
            path for path in chosen.folder.iterdir() if path.suffix not in {".tsv", ".txt", ".md", ".gif"}
        ):
            original = reference(clip, chosen.out)
            for budget in chosen.budget or [600_000]:
                for name in names:
                    if name in missing:
                        continue
                    shot = shoot(PEERS[name], name, clip, original, budget, chosen.out)
                    shots.append(shot)
                    log.write(json.dumps(shot.as_dict()) + "\n")
                    log.flush()
                    print(shot.line(), file=sys.stderr, flush=True)
            original.unlink()
    print(table(shots, names))


def table(shots: list[Shot], names: list[str]) -> str:
    """Write the comparison as Markdown."""
    lines = ["| clip, budget | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    rows: dict[tuple[str, int], dict[str, Shot]] = {}
    for shot in shots:
        rows.setdefault((shot.clip, shot.budget), {})[shot.peer] = shot
    gains, worst = [], 100.0
    for (clip, budget), row in rows.items():
        inside = {name: shot.vmaf for name, shot in row.items() if shot.fits and name != "ours"}
        if inside and "ours" in row and row["ours"].fits:
            gains.append(row["ours"].vmaf - max(inside.values()))
            worst = min(worst, gains[-1])
        cells = [row[name].cell() if name in row else "" for name in names]
        lines.append(f"| {clip}, {budget:,} | " + " | ".join(cells) + " |")
    lines.append("")
    for name in names:
        own = [shot for shot in shots if shot.peer == name]
        if own:
            over = sum(not shot.fits for shot in own)
            made = [shot for shot in own if shot.bytes]
            used = mean(shot.used for shot in made) if made else 0
            cost = mean(shot.cpu_ratio for shot in made) if made else 0
            lines.append(f"- {name}: over budget or failed {over} of {len(own)}, mean used {used:.3f}, CPU {cost:.2f}")
    if gains:
        lines.append(
            f"- ours against the best peer inside the budget: mean {mean(gains):+.1f} VMAF, worst {worst:+.1f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
