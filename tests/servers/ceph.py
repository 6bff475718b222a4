"""A whole Ceph on one machine: a monitor, a store in memory and the S3 gateway, with TLS too. Nothing needs root.

``python tests/servers/ceph.py FOLDER`` starts one by hand and prints how to reach it. The programs come from the
packages radosgw, ceph-mon, ceph-osd and ceph-common, which ``.ci/run`` installs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.servers.certificate import self_signed
from tests.servers.s3 import ACCESS_KEY, SECRET_KEY, Server, free_port, lives, started, stop, wait_for

STRANGER = "AKIASTRANGER"
"""The access key of somebody who owns no bucket, with the same secret."""
PROGRAMS = ("radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "monmaptool")


def missing() -> list[str]:
    """Name the programs that this machine does not have."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def ceph(folder: Path) -> Server:
    """Policies, conditions, lifecycle and TLS by a server that many providers of storage run."""
    data = folder.resolve()
    for each in ("mon", "osd", "rgw"):
        (data / each).mkdir()
    plain, secure, monitor = free_port(), free_port(), free_port()
    self_signed(data)
    conf, fsid, osd = data / "ceph.conf", str(uuid.uuid4()), str(uuid.uuid4())
    conf.write_text(_configuration(data, fsid=fsid, plain=plain, secure=secure, monitor=monitor))
    call = partial(_call, conf)
    pids: list[int] = []
    try:
        call("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v1:127.0.0.1:{monitor}]", f"{data}/map")
        call("ceph-mon", "-i", "a", "--mkfs", "--monmap", f"{data}/map")
        pids.append(_start(conf, "ceph-mon", "-i", "a", "-f"))
        _until_done(lambda: call("ceph", "--connect-timeout", "30", "osd", "new", osd, "0"))
        call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        pids.append(_start_osd(conf))
        pids.append(_start(conf, "radosgw", "-n", "client.rgw", "-f"))
        wait_for(plain, seconds=120)
        for name, key in (("owner", ACCESS_KEY), ("stranger", STRANGER)):
            keys = ("--access-key", key, "--secret-key", SECRET_KEY)
            call("radosgw-admin", "user", "create", "--uid", name, "--display-name", name, *keys)
    except BaseException:
        stop(tuple(pids))
        raise
    return Server(
        "ceph",
        f"http://127.0.0.1:{plain}",
        tuple(reversed(pids)),
        str(folder),
        secure_endpoint=f"https://127.0.0.1:{secure}",
        authority=str(data / "cert.pem"),
        public=True,
    )


def limit_bucket(server: Server, bucket: str, *, max_bytes: int) -> None:
    """Let a bucket be full at *max_bytes*, as its operator would."""
    for command in (["quota", "set", "--max-size", str(max_bytes)], ["quota", "enable"]):
        _call(
            Path(server.folder) / "ceph.conf", "radosgw-admin", *command, "--quota-scope", "bucket", "--bucket", bucket
        )


def _call(conf: Path, *command: str) -> str:
    """Run one of Ceph's tools to its end, with Debian's own Python and no settings of ours."""
    ended = subprocess.run(
        [*command, "--conf", str(conf)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/usr/sbin:/bin"},
    )
    return ended.stdout


def _start(conf: Path, *command: str) -> int:
    return started(list(command), conf.with_name(f"{command[0]}.out"), CEPH_CONF=str(conf))


def _until_done(work: Callable[[], object], *, tries: int = 20) -> None:
    """Ask a monitor that may not be there yet, or not yet know that it is alone."""
    for left in reversed(range(tries)):
        try:
            work()
        except subprocess.CalledProcessError:
            if not left:
                raise
            time.sleep(0.5)
        else:
            return


def _start_osd(conf: Path) -> int:
    """Start the daemon that stores until it stays: a hasty one asks before it knows the cluster, and ends itself."""
    for _ in range(20):
        pid = _start(conf, "ceph-osd", "-i", "0", "-f")
        ends = time.monotonic() + 30
        while lives(pid) and time.monotonic() < ends:
            with suppress(subprocess.CalledProcessError):  # the monitor too may not answer yet
                if json.loads(_call(conf, "ceph", "osd", "stat", "--format", "json"))["num_up_osds"]:
                    return pid
            time.sleep(0.2)
        stop((pid,))
    raise TimeoutError("Ceph's store daemon does not start: see osd.0.log beside its configuration")


def _configuration(data: Path, *, fsid: str, plain: int, secure: int, monitor: int) -> str:
    certificate = f"ssl_certificate={data}/cert.pem ssl_private_key={data}/key.pem"
    return f"""\
[global]
fsid = {fsid}
mon host = [v1:127.0.0.1:{monitor}]
mon initial members = a
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
mon data avail crit = 1
osd crush chooseleaf type = 0
run dir = {data}
log file = {data}/$name.log
admin socket =
setuser match path = /nonexistent
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd class load list = *
osd class default list = *
[mon.a]
mon data = {data}/mon
public addr = v1:127.0.0.1:{monitor}
[osd.0]
osd data = {data}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{plain} ssl_endpoint=127.0.0.1:{secure} {certificate}
rgw data = {data}/rgw
rgw enable apis = s3,admin,notifications
rgw s3 auth use sts = false
rgw crypt require ssl = false
rgw thread pool size = 32
rgw bucket quota ttl = 0
rgw lc debug interval = -1
"""


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True)
    sys.stdout.write(f"{ceph(Path(sys.argv[1]))}\n")
