"""From a name to its addresses, within the time of a call."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from core.http_client.failures import CallFailed, Deadline

# Name and port → addresses as text; OSError when there is none.
Resolve = Callable[[str, int], list[str]]

# A look-up can't be broken off. A name server that says nothing holds this many threads and no more.
MAX_LOOK_UPS = 64
_look_ups = threading.BoundedSemaphore(MAX_LOOK_UPS)


def system_addresses(name: str, port: int) -> list[str]:
    """What the machine's resolver says, each address once."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def look_up(resolve: Resolve, name: str, port: int, deadline: Deadline) -> list[str]:
    """`resolve(name, port)`, in a thread, because it has no time limit of its own. TimeoutError, or CallFailed."""
    if not _look_ups.acquire(timeout=deadline.left()):
        raise TimeoutError("too many names are being looked up")
    found: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def work() -> None:
        try:
            found.put(resolve(name, port))
        except Exception as error:  # noqa: BLE001 -- it is raised again where it is waited for
            found.put(error)
        finally:
            _look_ups.release()

    threading.Thread(target=work, name="look-up", daemon=True).start()
    try:
        result = found.get(timeout=deadline.left())
    except Empty:
        raise TimeoutError("the name was not found in time") from None
    if isinstance(result, Exception):
        raise CallFailed("unreachable", f"{name} could not be resolved: {result}") from result
    return result
