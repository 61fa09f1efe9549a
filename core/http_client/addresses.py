"""Where a call may go: the parts of a URL, read strictly, and the addresses that are the public's.

Two readers of one URL, or of one address, are how guards are passed by. So a host is a plain name or an address in its
usual form, and what resolvers would guess at (`127.1`, `0x7f.1`, `2130706433`, `０１.1`) is refused; and from here on
the parts are used, never the URL again.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote

from core.http_client.failures import CallFailed

MAX_URL = 8192
PORTS = {"http": 80, "https": 443}
URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.ASCII)
AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE | re.ASCII)
NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# How `inet_aton` knows a number: the last part of the host is one.
NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
TARGET_CHARACTERS = "%/?:@!$&'()*+,;=-._~[]|"

# Python's own `is_global` says different things in different versions, so the lists are here (IANA's registries of
# special-purpose addresses, and one address by which a cloud reaches its machines' keys).
NOT_PUBLIC_4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host
        "169.254.0.0/16",  # link-local, metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
# Everything else is refused: IPv4-mapped and -compatible (::/96, ::ffff:0:0/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48),
# unique local (fc00::/7), link-local (fe80::/10), site-local (fec0::/10), multicast (ff00::/8), loopback, unspecified.
PUBLIC_6 = IPv6Network("2000::/3")
NOT_PUBLIC_6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]


@lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Whether an address, as a resolver gives it, is one machine's in the public internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in NOT_PUBLIC_4)
    return parsed.scope_id is None and parsed in PUBLIC_6 and not any(parsed in network for network in NOT_PUBLIC_6)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes. `host` is a lower-case name or an address without brackets; `path` begins with a slash and
    holds the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_address(self) -> bool:
        return ":" in self.host or NUMERIC.fullmatch(self.host) is not None

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(url: str) -> Target:
    """The parts of an absolute http or https URL. CallFailed where it isn't one, names a user, or has a host that is
    neither a name nor an address in its usual form.
    """
    parts = URL.fullmatch(url) if len(url) <= MAX_URL and not CONTROL.search(url) else None
    authority = AUTHORITY.fullmatch(parts[2]) if parts else None
    if parts is None or authority is None:
        raise _refused("not an absolute http or https URL of a plain host")
    scheme = parts[1].lower()
    port = int(authority[2]) if authority[2] else PORTS[scheme]
    if not 0 < port < 65536:
        raise _refused("a port that does not exist")
    try:
        path = quote(parts[3], safe=TARGET_CHARACTERS)
    except UnicodeEncodeError:
        raise _refused("characters that are none") from None
    return Target(scheme, read_host(authority[1]), port, path if path.startswith("/") else f"/{path}")


def read_host(text: str) -> str:
    """A host in the one form in which it is compared and resolved; brackets are taken off. CallFailed if it is none."""
    host = text.lower()
    try:
        if host.startswith("["):
            return str(IPv6Address(host[1:-1]))
        if NUMERIC.fullmatch(host):
            return str(IPv4Address(host))
    except ValueError:
        raise _refused("an address in an unusual form") from None
    if len(host) > 253 or not NAME.fullmatch(host):
        raise _refused("a name that is none")
    return host


def _refused(why: str) -> CallFailed:
    return CallFailed("unreachable", f"refused: {why}", retryable=False)


class Guard:
    """Which targets and addresses may be called. `private_hosts` are `host` or `host:port`, whose addresses may be any;
    `ports` bind all others. ValueError for what is no host.
    """

    def __init__(self, private_hosts: Collection[str], ports: Collection[int]) -> None:
        self._ports = frozenset(ports)
        self._private: set[tuple[str, int | None]] = set()
        for entry in private_hosts:
            parts = AUTHORITY.fullmatch(entry)
            try:
                host = read_host(parts[1] if parts else "")
            except CallFailed:
                raise ValueError(f"{entry!r} is no host and no host:port") from None
            assert parts is not None
            self._private.add((host, int(parts[2]) if parts[2] else None))

    def trusts(self, target: Target) -> bool:
        """Whether the operator has named this host."""
        return (target.host, None) in self._private or (target.host, target.port) in self._private

    def check_port(self, target: Target) -> None:
        """CallFailed for a port that is not to be called."""
        if target.port not in self._ports and not self.trusts(target):
            raise CallFailed("unreachable", f"blocked: port {target.port}")

    def allows(self, target: Target, address: str) -> bool:
        """Whether `address` may be called for `target`."""
        return is_public(address) or self.trusts(target)

    def check_addresses(self, target: Target, addresses: Collection[str]) -> None:
        """CallFailed unless there is an address, and each of them may be called: one private one among public ones is
        how a name is bent towards the inside.
        """
        if not addresses:
            raise CallFailed("unreachable", f"{target.host} has no address")
        if not all(self.allows(target, address) for address in addresses):
            raise CallFailed("unreachable", f"blocked: {target.host} is at {', '.join(sorted(addresses))}")
