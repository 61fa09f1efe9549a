"""Django's own error pages, as the envelope: for what goes wrong outside of a REST view.

A URL configuration takes them with `from core.handlers import handler400, handler403, handler404, handler500`.
"""

from __future__ import annotations

import sys

from django.http import Http404, HttpRequest, HttpResponse

from core.errors import response_for


def _refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    return response_for(exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """The exception that Django is handling; it may still be the caller's fault, or another writer's."""
    return response_for(sys.exc_info()[1] or Http404())


handler400 = handler403 = handler404 = _refused
