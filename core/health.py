"""What a load balancer or orchestrator asks: is the process alive, and can it do its work?"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from core.permissions import Anyone
from core.renderers import json_response

log = logging.getLogger("ticketflower.health")


class HealthSerializer(serializers.Serializer[None]):
    """The process answers."""

    status = serializers.ChoiceField(choices=["ok"])
    time = serializers.DateTimeField()


class ReadySerializer(serializers.Serializer[None]):
    """What the process needs, and whether it is there."""

    status = serializers.ChoiceField(choices=["ok", "unavailable"])
    time = serializers.DateTimeField()
    database = serializers.BooleanField(help_text="whether it answers")
    workers = serializers.IntegerField(help_text="worker processes that are alive")


class _Probe(APIView):
    """Asked often, by machines that have no token: nobody is looked up and nothing is counted."""

    authentication_classes = ()
    permission_classes = (Anyone,)
    throttle_classes = ()


class Health(_Probe):
    """Whether the process is alive; it needs nothing else for that."""

    @extend_schema(operation_id="health", tags=["operations"], responses={200: HealthSerializer})
    def get(self, request: Request) -> HttpResponse:
        return json_response({"status": "ok", "time": timezone.now()})


class Ready(_Probe):
    """Whether the process can work: 503 while the database is away."""

    @extend_schema(operation_id="ready", tags=["operations"], responses={200: ReadySerializer, 503: ReadySerializer})
    def get(self, request: Request) -> HttpResponse:
        there, workers = True, 0
        try:
            workers = workers_alive()
        except ProgrammingError:
            pass  # it answers, but has no tables yet
        except DatabaseError as error:
            log.warning("The database does not answer: %s", error)
            there = False
        status = "ok" if there else "unavailable"
        answer = {"status": status, "time": timezone.now(), "database": there, "workers": workers}
        return json_response(answer, status=200 if there else 503)


def workers_alive() -> int:
    """How many worker processes have given a sign of life in WORKER_LEASE_SECONDS (procrastinate keeps the list)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM public.procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => %s)",
            [settings.WORKER_LEASE_SECONDS],
        )
        return int(cursor.fetchone()[0])
