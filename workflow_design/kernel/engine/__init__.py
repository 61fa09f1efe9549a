"""The token game: a pure function from graph, marking, data and event to what follows.

No clock, no random number, no I/O: the caller keeps the marking and the data, opens and closes task rows, and
sends events. `docs/semantics.md` tells the rules in pictures.
"""

from .game import settle
from .marking import RUN, Marking, Status
from .step import step
from .types import Evaluated, Event, EventName, EventRefused, Incident, IncidentKind, Opened, Step

__all__ = [
    "RUN",
    "Evaluated",
    "Event",
    "EventName",
    "EventRefused",
    "Incident",
    "IncidentKind",
    "Marking",
    "Opened",
    "Status",
    "Step",
    "settle",
    "step",
]
