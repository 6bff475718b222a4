"""Measure what the queue costs beside the work, and what a core does in an hour: `python -m bench.worker`.

Starts RabbitMQ and rclone's S3 server on loopback. Sources that all differ go once through `mmsprep batch`, in as many
items at a time as the worker has processes, and once through the queue; both read them from the bucket and write to it.
What counts is CPU time of all processes on either side, without the servers'; wall time depends on what else the
machine does. A batch's start counts too, the worker has started before: it is about a second.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers import rabbitmq, s3

from bench.batch import numbered
from mmsprep.settings import Settings
from mmsprep.stores.s3.client import ClientOfProcess
from mmsprep.worker import BucketSource, ContactSource, Job, PlaceSource, collect, enqueue
from mmsprep.worker.health import STALLED_SECONDS

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
KINDS = {
    "photo, JPEG 8 MP": "beach.jpg",
    "photo, HEIC 2 MP": "photo.heic",
    "small JPEG 1 MP": "half.jpg",
    "screenshot, PNG": "screenshot.png",
    "film, 10 s of 720p": "film.mp4",
    "contact": "",
    "place with its map": "",
    "refused (a Word document)": "report.docx",
}
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=40, help="of each kind")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind; may be repeated")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end too
    with servers(chosen.processes) as settings, leader() as worker, tempfile.TemporaryDirectory() as folder:
        print(f"{'kind':28} {'items':>5}  {'CPU s, batch':>12} {'by queue':>9} {'ratio':>6}  {'items/core-hour':>15}")
        totals = [0.0, 0.0]
        for kind in chosen.kind or KINDS:
            count = max(3, chosen.items // 10) if kind.startswith("film") else chosen.items
            spent = measure(kind, count, chosen.processes, settings, Path(folder), worker)
            totals = [one + other for one, other in zip(totals, spent, strict=True)]
            tell(kind, count, *spent)
        tell("all", 0, *totals)


def measure(
    kind: str, count: int, processes: int, settings: Settings, folder: Path, worker: int
) -> tuple[float, float]:
    """Give the CPU seconds of *count* items by batch, and by the queue, after some that warm its processes up."""
    stem = "".join(each for each in kind if each.isalnum())
    sources, given = put(kind, stem, count, settings, folder)

    def queued(names: Sequence[str]) -> None:
        jobs = [Job(id=f"{stem}-{name}", sources=(source,)) for name, source in zip(names, sources, strict=False)]
        answers = list(collect(enqueue(jobs, settings), settings, idle_seconds=300))
        assert {each["status"] for each in answers} <= {"ready", "rejected"}, answers

    def batch() -> None:
        command = [sys.executable, "-m", "mmsprep", "batch", given, "--jobs", str(processes)]
        store = ["--store", "s3://acme/batch", "--manifest", str(folder / stem), "--force"]
        ended = subprocess.run([*command, *store], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        told = (folder / stem / "results.jsonl").read_text().splitlines()
        assert ended.returncode in (0, 1), ended
        assert len(told) == count, (len(told), count)

    here = cpu(os.getpid(), batch, without=worker)
    queued([f"warm{index}" for index in range(3 * processes)])
    return here, cpu(worker, lambda: queued([str(index) for index in range(count)]))


def put(
    kind: str, stem: str, count: int, settings: Settings, folder: Path
) -> tuple[Sequence[BucketSource | ContactSource | PlaceSource], str]:
    """Lay out *count* sources of a kind; gives them as jobs name them, and as a batch does."""
    if not KINDS[kind]:
        rows = folder / f"{stem}.jsonl"
        if kind == "contact":
            (folder / "card.vcf").write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Jane {n}\nTEL:+1202555{n}\nEND:VCARD\n")
            rows.write_text("".join(f'{{"contact": "card.vcf", "n": "{each:04}"}}\n' for each in range(count)))
            return [
                ContactSource(contact={"given_name": f"Jane {each:04}", "phones": [{"number": f"+1202555{each:04}"}]})
                for each in range(count)
            ], str(rows)
        places = [f"37.{7_000 + each},-122.4194" for each in range(count)]
        rows.write_text("".join(f'{{"place": "{each}"}}\n' for each in places))
        return [PlaceSource(place=each) for each in places], str(rows)
    name = KINDS[kind]
    content = film() if name == "film.mp4" else (FIXTURES / name).read_bytes()
    keys = [f"{stem}/{each:04}{Path(name).suffix}" for each in range(count)]
    for number, key in enumerate(keys):
        # A ZIP may be followed by anything, and by its end is told apart.
        told_apart = content + b"%d" % number if name.endswith(".docx") else numbered(content, number)
        ClientOfProcess(settings.s3)().put_object(Bucket="uploads", Key=key, Body=told_apart)
    return [BucketSource(bucket="uploads", key=key) for key in keys], f"s3://uploads/{stem}/"


def film() -> bytes:
    """Make ten seconds that move, with sound, as a phone would film them."""
    import imageio_ffmpeg

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        pictures, sound = "testsrc2=size=1280x720:rate=30:duration=10", "sine=frequency=440:duration=10"
        inputs = ["-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *inputs, "-c:v", "libx264", "-preset", "veryfast"]
        subprocess.run([*command, "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)], check=True)
        return path.read_bytes()


def cpu(leader: int, work: Callable[[], object], *, without: int = 0) -> float:
    """Give the CPU seconds that a process and all that it starts spend while *work* is done."""
    before = spent(leader, without)
    work()
    time.sleep(0.5)  # until those that ended are counted by those that started them
    return spent(leader, without) - before


def spent(pid: int, without: int) -> float:
    """Count a process, its living children at any depth, and those that have ended (proc(5): fields 14 to 17)."""
    if pid == without:
        return 0.0
    try:
        ticks = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]))
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = {int(child) for task in tasks for child in (task / "children").read_text().split()}
    except OSError:
        return 0.0
    return ticks / TICKS + sum(spent(child, without) for child in children)


def tell(kind: str, count: int, here: float, queued: float) -> None:
    rate = f"{3600 * count / queued:15,.0f}" if count else ""
    print(f"{kind:28} {count or '':>5}  {here:12.2f} {queued:9.2f} {queued / here:6.2f}  {rate}", flush=True)


@contextmanager
def servers(processes: int) -> Iterator[Settings]:
    """Run the broker and the buckets, and put into the environment what leads to them."""
    folder = Path(tempfile.mkdtemp(prefix="bench-worker-"))
    (folder / "s3").mkdir()
    broker, storage = rabbitmq.rabbitmq(folder / "broker"), s3.rclone(folder / "s3")
    os.environ |= {
        "AWS_ACCESS_KEY_ID": storage.access_key,
        "AWS_SECRET_ACCESS_KEY": storage.secret_key,
        "MMSPREP_STORE": "s3://acme/mms",
        "MMSPREP_SOURCE_BUCKETS": '["uploads"]',
        "MMSPREP_THREADS": "1",
        "MMSPREP_S3__ENDPOINT": storage.endpoint,
        "MMSPREP_WORKER__BROKER": broker.endpoint,
        "MMSPREP_WORKER__CONCURRENCY": str(processes),
        "MMSPREP_WORKER__LISTEN_PORT": str(s3.free_port()),
    }
    try:
        settings = Settings.load()
        for bucket in ("uploads", "acme"):
            ClientOfProcess(settings.s3)().create_bucket(Bucket=bucket)
        yield settings
    finally:
        s3.stop((*broker.pids, *storage.pids))
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def leader() -> Iterator[int]:
    """Run a worker, and give its leading process."""
    command = [sys.executable, "-m", "mmsprep", "worker"]
    process = subprocess.Popen([*command, "--log-level", "WARNING"], start_new_session=True)
    try:
        ends = time.monotonic() + STALLED_SECONDS
        while subprocess.run([*command, "--ready"], capture_output=True, check=False).returncode:
            if time.monotonic() > ends:
                raise TimeoutError("the worker does not start")
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    main()
