"""RabbitMQ on loopback: its own node, data, ports and cookie, beside whatever else this machine runs.

``python tests/servers/rabbitmq.py FOLDER`` starts one by hand and prints its URL. The program comes from the package
rabbitmq-server, which ``.ci/run`` installs; it is never started as a service of the system.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.servers.s3 import Server, free_port, lives, started, stop

# What the package puts into the path changes the user first, which only root can; this is what it then runs.
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
SECONDS = 120


def missing() -> list[str]:
    """Name the programs that this machine does not have."""
    return [str(each) for each in (PROGRAM, "epmd") if shutil.which(each) is None]


def rabbitmq(folder: Path) -> Server:
    """Start a node, and the register of nodes that it needs: both end when their pids are stopped."""
    data = folder.resolve()
    data.mkdir(exist_ok=True)
    port, register, distribution = free_port(), free_port(), free_port()
    (data / "plugins").write_text("[].")
    (data / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        "loopback_users = none\n"
        "disk_free_limit.absolute = 50MB\n"
        "vm_memory_high_watermark.absolute = 1GB\n"
        "log.console = false\n"
    )
    environment = {
        "HOME": str(data),  # where the cookie is made
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(register),
        "RABBITMQ_NODENAME": f"mmsprep-{os.getpid()}-{port}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(data / "data"),
        "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_CONFIG_FILE": str(data / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(data / "none"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data / "plugins"),
        # One scheduler that sleeps when idle: the machine has other things to do.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false "
        "+S 1:1 +sbwt none",
        "LANG": "C.UTF-8",
    }
    epmd = started(["epmd", "-address", "127.0.0.1", "-port", str(register)], data / "epmd.out", **environment)
    (data / "environment").write_text("\n".join(f"{name}={value}" for name, value in environment.items()))
    return _server(data, port, _start(data, port, environment), epmd)


def restart(server: Server) -> Server:
    """Stop the node without a word, as a crash does, and start it again on the same data and port."""
    data = Path(server.folder)
    for pid in server.pids[:2]:
        os.kill(pid, signal.SIGKILL)
    stop(server.pids[:2])
    environment = dict(line.split("=", 1) for line in (data / "environment").read_text().splitlines())
    port = int(server.endpoint.rpartition(":")[2].strip("/"))
    return _server(data, port, _start(data, port, environment), server.pids[2])


def _server(data: Path, port: int, node: int, epmd: int) -> Server:
    """Name the machine of Erlang itself, which the script that started it would leave behind if it were killed."""
    children = Path(f"/proc/{node}/task/{node}/children").read_text().split()
    machine = next(int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text().startswith("beam"))
    return Server("rabbitmq", f"amqp://guest:guest@127.0.0.1:{port}//", (machine, node, epmd), str(data))


def _start(data: Path, port: int, environment: dict[str, str]) -> int:
    node = started([str(PROGRAM)], data / "node.out", **environment)
    try:
        _wait_for_amqp(port, node)
    except BaseException:
        stop((node,))
        raise
    return node


def _wait_for_amqp(port: int, node: int) -> None:
    """Wait until the node greets as AMQP 0-9-1 does; it takes some 20 s."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        if not lives(node):
            raise RuntimeError("RabbitMQ ended while it started: see node.out and log beside its configuration")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                if probe.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise TimeoutError("RabbitMQ does not start: see node.out and log beside its configuration")


if __name__ == "__main__":
    sys.stdout.write(f"{rabbitmq(Path(sys.argv[1]))}\n")
