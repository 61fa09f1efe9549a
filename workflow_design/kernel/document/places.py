"""Where the parts of a bundle came from in the document that was uploaded."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Places:
    """Pointers into a bundle → pointers into the uploaded document; what isn't listed is where it says."""

    moved: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def put(self, there: str, here: str, *, whole: bool = False) -> None:
        """What lies at and below `there` came from `here`; with `whole` it was made from all of it."""
        if there != here or whole:
            self.moved[there] = (here, whole)

    def locate(self, path: str) -> str:
        """The pointer into the uploaded document."""
        if not self.moved:
            return path
        prefix = path
        while (place := self.moved.get(prefix)) is None:
            if not prefix:
                return path
            prefix = prefix.rpartition("/")[0]
        here, whole = place
        return here if whole else here + path[len(prefix) :]
