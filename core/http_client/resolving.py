"""From a name to its addresses, within the time of a call."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable
from queue import Empty, SimpleQueue

from core.http_client.failures import CallFailed, Deadline

# Name and port → addresses as text; OSError when there is none.
Resolve = Callable[[str, int], list[str]]

# A look-up can't be broken off. Name servers that say nothing hold this many threads and no more, those of one domain
# few of them, so that others' names are found meanwhile.
MAX_LOOK_UPS = 64
MAX_OF_DOMAIN = 8
_look_ups: Counter[str] = Counter()
_changed = threading.Condition()


def system_addresses(name: str, port: int) -> list[str]:
    """What the machine's resolver says, each address once."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def look_up(resolve: Resolve, name: str, port: int, deadline: Deadline) -> list[str]:
    """`resolve(name, port)`, in a thread, because it has no time limit of its own. TimeoutError, or CallFailed."""
    domain = ".".join(name.rsplit(".", 2)[-2:])
    _begin(domain, deadline)
    found: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def work() -> None:
        try:
            found.put(resolve(name, port))
        except Exception as error:  # noqa: BLE001 -- it is raised again where it is waited for
            found.put(error)
        finally:
            _end(domain)

    threading.Thread(target=work, name="look-up", daemon=True).start()
    try:
        result = found.get(timeout=deadline.left())
    except Empty:
        raise TimeoutError("the name was not found in time") from None
    if isinstance(result, Exception):
        raise CallFailed("unreachable", f"{name} could not be resolved: {result}") from result
    return result


def _begin(domain: str, deadline: Deadline) -> None:
    with _changed:
        if not _changed.wait_for(lambda: _is_free(domain), timeout=deadline.left()):
            raise TimeoutError("too many names are being looked up")
        _look_ups[domain] += 1


def _is_free(domain: str) -> bool:
    return _look_ups[domain] < MAX_OF_DOMAIN and _look_ups.total() < MAX_LOOK_UPS


def _end(domain: str) -> None:
    with _changed:
        _look_ups[domain] -= 1
        if not _look_ups[domain]:
            del _look_ups[domain]
        _changed.notify_all()
