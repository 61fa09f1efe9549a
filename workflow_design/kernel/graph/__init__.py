"""A definition compiled to the graph on which tokens move: immutable, index-based, equal by content."""

from .cache import GraphCache
from .compiler import GraphError, compile_graph, implied_transitions
from .model import EVENTS, Graph, Task, Transition
from .reach import Reach

__all__ = [
    "EVENTS",
    "Graph",
    "GraphCache",
    "GraphError",
    "Reach",
    "Task",
    "Transition",
    "compile_graph",
    "implied_transitions",
]
