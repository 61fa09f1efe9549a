"""A picture as an answer, of the API and of the admin."""

from __future__ import annotations

from django.http import HttpResponse

from workflow_design.diagram import Diagram, svg


class SVGResponse(HttpResponse):
    """The picture as a document in which nothing can run and which loads nothing, also when it is opened by itself."""

    def __init__(self, diagram: Diagram) -> None:
        super().__init__(svg(diagram), content_type="image/svg+xml")
        self["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        self["X-Content-Type-Options"] = "nosniff"
