"""Where a host's name leads: only to public addresses may a provider, or we, go for somebody else's URL."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# RFC 6052 and RFC 3056: an IPv6 address that carries an IPv4 one is as public as that.
NAT64 = ip_network("64:ff9b::/96")


def addresses(host: str, port: int, *, seconds: float) -> tuple[str, ...]:
    """Resolve *host* to its addresses, in the order to try them; raises OSError, also when it takes too long."""
    # getaddrinfo knows no time limit, so it is left behind when it is late.
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="resolve")
    try:
        found = pool.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM).result(timeout=seconds)
    except LateError:
        raise OSError(f"no answer about the name {host} within {seconds:.0f} s") from None
    except UnicodeError:
        raise OSError(f"{host!r} is no host's name") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def is_public(address: str) -> bool:
    """Tell whether anybody on the internet would reach the same machine at this address."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is None and parsed in NAT64:
            inner = IPv4Address(int(parsed) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast
