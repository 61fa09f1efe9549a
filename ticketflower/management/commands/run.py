"""`manage.py run`: serve TicketFlower."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ticketflower import serving


class Command(BaseCommand):
    help = "Bring every schema up to date, then serve until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        serving.add_arguments(parser)

    def handle(self, *args: Any, host: str, port: int, worker: bool, **options: Any) -> None:
        with serving.children() as group:
            serving.require_free_port(host, port)
            serving.prepare_database()
            serving.serve(group, host=host, port=port, worker=worker, ready=lambda: self._ready(port, worker))

    def _ready(self, port: int, worker: bool) -> None:
        self.stdout.write(text(port, worker))
        self.stdout.flush()


def text(port: int, worker: bool) -> str:
    """What a person has to know when the server is up."""
    public = serving.address(settings.PUBLIC_HOSTS[0], port)
    company = serving.address(f"<company>.{settings.BASE_DOMAIN}", port)
    return f"""Serving until Ctrl-C:
  {public}/api/docs/   the API; {public}/admin/ is for operators (manage.py create_operator)
  {company}/admin/   a company's own host
  {serving.about_workers(worker)}"""
