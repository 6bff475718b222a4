"""Ways out of an item: each either succeeds or raises OSError."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from mmsprep.isolate import Inside

Arguments = dict[str, Any]


def attempt(arguments: Arguments, inside: Inside | None = None) -> str:
    """Try one attack by name; gives ``succeeded``, or how it was refused."""
    try:
        ATTACKS[arguments["attack"]](arguments)
    except OSError as error:
        return f"refused: {error}"
    return "succeeded"


def _call(name: str, *arguments: Any) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        problem = ctypes.get_errno()
        raise OSError(problem, os.strerror(problem))


def _secret(arguments: Arguments) -> Path:
    return Path(arguments["secret"])


def read_file(arguments: Arguments) -> None:
    _secret(arguments).read_bytes()


def list_directory(arguments: Arguments) -> None:
    list(_secret(arguments).parent.iterdir())


def read_passwords(arguments: Arguments) -> None:
    Path("/etc/passwd").read_bytes()


def write_file(arguments: Arguments) -> None:
    _secret(arguments).write_text("changed")


def append_to_file(arguments: Arguments) -> None:
    with _secret(arguments).open("a") as file:
        file.write("changed")


def create_file(arguments: Arguments) -> None:
    _secret(arguments).with_name("new").touch()


def create_in_tmp(arguments: Arguments) -> None:
    path = Path("/dev/shm/mmsprep-attack")
    path.touch()
    path.unlink()


def rename_file(arguments: Arguments) -> None:
    _secret(arguments).rename(_secret(arguments).with_name("moved"))


def remove_file(arguments: Arguments) -> None:
    _secret(arguments).unlink()


def truncate_file(arguments: Arguments) -> None:
    os.truncate(arguments["secret"], 0)


def change_mode(arguments: Arguments) -> None:
    _secret(arguments).chmod(0o777)


def change_times(arguments: Arguments) -> None:
    os.utime(arguments["secret"], (0, 0))


def change_owner(arguments: Arguments) -> None:
    os.chown(arguments["secret"], os.getuid(), os.getgid())


def change_attribute(arguments: Arguments) -> None:
    os.setxattr(arguments["secret"], "user.mmsprep", b"changed")


def link_file(arguments: Arguments) -> None:
    os.link(arguments["secret"], "stolen")


def plant_link(arguments: Arguments) -> None:
    Path("planted").symlink_to(arguments["secret"])


def plant_fifo(arguments: Arguments) -> None:
    os.mkfifo("planted-fifo")


def write_through_source(arguments: Arguments) -> None:
    """Open the input, which was given for reading, for writing."""
    descriptor = os.open(arguments["source"], os.O_WRONLY)
    os.write(descriptor, b"changed")


def run_planted_program(arguments: Arguments) -> None:
    shutil.copyfile("/bin/true", "planted-program")
    descriptor = os.open("planted-program", os.O_RDONLY)
    try:
        os.fchmod(descriptor, 0o755)
    finally:
        os.close(descriptor)
    subprocess.run(["./planted-program"], check=True)


def tcp(arguments: Arguments) -> None:
    socket.create_connection(("127.0.0.1", arguments["tcp"]), timeout=2).close()


def tcp_listen(arguments: Arguments) -> None:
    socket.create_server(("127.0.0.1", 0)).close()


def udp(arguments: Arguments) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"secret", ("127.0.0.1", arguments["udp"]))


def raw_socket(arguments: Arguments) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


def netlink(arguments: Arguments) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


def path_socket(arguments: Arguments) -> None:
    with socket.socket(socket.AF_UNIX) as out:
        out.connect(arguments["path_socket"])


def abstract_socket(arguments: Arguments) -> None:
    with socket.socket(socket.AF_UNIX) as out:
        out.connect("\0" + arguments["abstract_socket"])


def signal_victim(arguments: Arguments) -> None:
    os.kill(arguments["victim"], signal.SIGCONT)


def signal_parent(arguments: Arguments) -> None:
    """Kill the supervisor; as the first process of its namespace it cannot be, but see whether it is tried."""
    os.kill(os.getppid() or 1, signal.SIGKILL)
    raise OSError("the supervisor is still there")


def trace_victim(arguments: Arguments) -> None:
    attach, detach = 16, 17
    _call("ptrace", attach, arguments["victim"], None, None)
    os.waitpid(arguments["victim"], 0x40000000)
    _call("ptrace", detach, arguments["victim"], None, None)


def read_environment(arguments: Arguments) -> None:
    Path(f"/proc/{arguments['victim']}/environ").read_bytes()


def read_memory(arguments: Arguments) -> None:
    Path(f"/proc/{arguments['victim']}/mem").open("rb").close()


def list_descriptors(arguments: Arguments) -> None:
    list(Path(f"/proc/{arguments['victim']}/fd").iterdir())


def new_namespace(arguments: Arguments) -> None:
    _call("unshare", 0x10000000)


def clone_namespace(arguments: Arguments) -> None:
    from mmsprep.isolate import namespaces

    pid = namespaces.fork(namespaces.USER)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def memory_file(arguments: Arguments) -> None:
    os.close(os.memfd_create("uncounted"))


def shared_segment(arguments: Arguments) -> None:
    _call("shmget", 0, 4096, 0o1600)


def io_uring(arguments: Arguments) -> None:
    _call("syscall", ctypes.c_long(425), 1, ctypes.create_string_buffer(120))


def keyring(arguments: Arguments) -> None:
    _call("syscall", ctypes.c_long(250), 0, -3, 1)


ATTACKS = {
    function.__name__: function
    for function in (
        read_file,
        list_directory,
        read_passwords,
        write_file,
        append_to_file,
        create_file,
        create_in_tmp,
        rename_file,
        remove_file,
        truncate_file,
        change_mode,
        change_times,
        change_owner,
        change_attribute,
        link_file,
        plant_link,
        plant_fifo,
        write_through_source,
        run_planted_program,
        tcp,
        tcp_listen,
        udp,
        raw_socket,
        netlink,
        path_socket,
        abstract_socket,
        signal_victim,
        signal_parent,
        trace_victim,
        read_environment,
        read_memory,
        list_descriptors,
        new_namespace,
        clone_namespace,
        memory_file,
        shared_segment,
        io_uring,
        keyring,
    )
}


def run_program(arguments: Arguments, inside: Inside) -> tuple[int, str]:
    """Run a program as stages run theirs."""
    done = subprocess.run(arguments["command"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
