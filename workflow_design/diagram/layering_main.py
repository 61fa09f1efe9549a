"""The child process of `layers`: edges of a graph without cycles on stdin, their layered layout on stdout, as JSON.

The library is compiled: an error in it ends the process that it runs in, and while it works no other thread does.
"""

import json
import sys

from fast_sugiyama import from_edges


def main() -> None:
    given = json.load(sys.stdin)
    found = from_edges(
        [tuple(edge) for edge in given["edges"]],
        vertex_spacing=given["spacing"],
        dummy_size=given["dummy_size"],
    )
    json.dump([(positions, edges) for positions, _, _, edges in found], sys.stdout)


if __name__ == "__main__":
    main()
