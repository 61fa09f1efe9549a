"""The only way from here to addresses that others name."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import certifi
from django.conf import settings

from core.http_client.addresses import Guard, Target, read_url
from core.http_client.failures import CallFailed, Deadline
from core.http_client.outgoing import header_lines, is_repeatable
from core.http_client.pool import Pool
from core.http_client.resolving import Resolve, look_up, system_addresses
from core.http_client.wire import Connection, Lines

MAX_BYTES = 1024 * 1024
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. Names of headers are in lower case, repeated ones joined by ", "; `body` is unpacked;
    `duration_ms` is the whole call's, looking up the name included.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    duration_ms: int


@lru_cache(maxsize=1)
def system_tls() -> ssl.SSLContext:
    """Certificates are checked against the machine's authorities (SSL_CERT_FILE names others), or certifi's where the
    machine has none.
    """
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath) and not context.get_ca_certs():
        context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


@lru_cache(maxsize=8)
def _guard(private_hosts: tuple[str, ...], ports: tuple[int, ...]) -> Guard:
    return Guard(private_hosts, ports)


class Client:
    """Calls public addresses, and those that the operator has named in ALLOWED_PRIVATE_HOSTS. Any thread may use it.

    A name is resolved once, every address of it is checked, and the connection goes to an address that was checked.
    Redirects are answers like any other; proxies, netrc and cookies don't exist here.
    """

    def __init__(self, *, resolve: Resolve = system_addresses, tls: ssl.SSLContext | None = None) -> None:
        self._resolve = resolve
        self._tls = tls
        self._pool = Pool()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float,
        max_bytes: int = MAX_BYTES,
    ) -> Answer:
        """Call `url` and wait for the whole answer: at most `seconds` in all, at most `max_bytes` of body, packed and
        unpacked. Whatever the other side does, and for calls that can't be sent: CallFailed and nothing else.
        """
        started = time.monotonic()
        try:
            status, fields, content = self._send(method, url, headers or {}, body, Deadline(seconds), max_bytes)
        except CallFailed as failed:
            failed.duration_ms = _since(started)
            raise
        return Answer(status, fields, content, _since(started))

    def close(self) -> None:
        """Close the connections that wait for another call."""
        self._pool.close()

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: Deadline, max_bytes: int
    ) -> tuple[int, dict[str, str], bytes]:
        target = read_url(url)
        guard = _guard(tuple(settings.ALLOWED_PRIVATE_HOSTS), tuple(settings.OUTBOUND_PORTS))
        guard.check_port(target)
        lines = header_lines(method, target, headers, body)
        try:
            if (connection := self._pool.take(target, guard)) is not None:
                try:
                    return self._exchange(connection, target, method, lines, body, max_bytes, deadline)
                except ConnectionError:
                    # The other side ended it just when the call went out.
                    if connection.heard or not is_repeatable(method, headers):
                        raise
            connection = self._connect(guard, target, deadline)
            return self._exchange(connection, target, method, lines, body, max_bytes, deadline)
        except TimeoutError as error:
            raise CallFailed("timeout", f"{target.host}: {error or 'timed out'}") from error
        except (OSError, ValueError) as error:  # ValueError: a name that TLS can't take
            raise CallFailed("unreachable", f"{target.host}: {error}") from error

    def _connect(self, guard: Guard, target: Target, deadline: Deadline) -> Connection:
        if target.is_address:
            addresses = [target.host]
        else:
            addresses = look_up(self._resolve, target.host, target.port, deadline)
        guard.check_addresses(target, addresses)
        tls = (self._tls or system_tls()) if target.scheme == "https" else None
        for position, address in enumerate(addresses[:-1]):
            # One that says nothing must not take the time of the others.
            try:
                return Connection(target, address, tls, Deadline(deadline.left() / (len(addresses) - position)))
            except OSError as error:
                log.debug("%s of %s can't be reached: %s", address, target.host, error)
        return Connection(target, addresses[-1], tls, deadline)

    def _exchange(
        self,
        connection: Connection,
        target: Target,
        method: str,
        lines: Lines,
        body: bytes | None,
        max_bytes: int,
        deadline: Deadline,
    ) -> tuple[int, dict[str, str], bytes]:
        try:
            answer = connection.exchange(method, target.path, lines, body or b"", max_bytes, deadline)
        except BaseException:
            connection.close()
            raise
        self._pool.put(target, connection)
        return answer


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
