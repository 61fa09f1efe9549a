"""`manage.py demo`: TicketFlower with something in it."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.http_client import CallFailed, send
from ticketflower import demo, serving
from ticketflower.demo_outside import Outside
from users.models import SystemRole

CALLBACK_SECONDS = 10


class Command(BaseCommand):
    help = "Make two companies with people, definitions and tickets, say how to get in, and serve until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        serving.add_arguments(parser)
        parser.add_argument(
            "--once",
            action="store_true",
            default=os.environ.get("ONCE") == "1",
            help="make and say all of it, and end without serving (ONCE=1)",
        )

    def handle(self, *args: Any, host: str, port: int, worker: bool, once: bool, **options: Any) -> None:
        with serving.children() as group:
            if not once:
                serving.require_free_port(host, port)
            serving.prepare_database()
            with _outside() as world:
                demo.set_up(self.stdout.write, world)
                if once:
                    self.stdout.write(guide(host, port))
                    return
                own = f"{serving.reachable(host)}:{port}"
                environment = _environment()
                settings.ALLOWED_PRIVATE_HOSTS = [*settings.ALLOWED_PRIVATE_HOSTS, own]
                world.deliver = partial(_deliver, own)
                serving.serve(
                    group,
                    host=host,
                    port=port,
                    worker=worker,
                    ready=lambda: self._ready(host, port, worker),
                    environment=environment,
                )

    def _ready(self, host: str, port: int, worker: bool) -> None:
        self.stdout.write(guide(host, port))
        self.stdout.write(f"\n{serving.about_workers(worker)}")
        self.stdout.write("Serving until Ctrl-C.")
        self.stdout.flush()


@contextmanager
def _outside() -> Iterator[Outside]:
    with ExitStack() as stack:
        try:
            world = stack.enter_context(demo.outside())
        except OSError as error:
            why = f"The systems that the examples call can't be where they were: {error.strerror}."
            raise CommandError(why) from error
        yield world


def _deliver(server: str, url: str, headers: dict[str, str], body: bytes) -> int | None:
    """A callback to the server of this demo: by path, for a company's host may not be known on this machine."""
    parts = urlsplit(url)
    slug, path = parts.netloc.partition(".")[0], parts.path.removeprefix("/api/")
    try:
        answer = send(
            "POST", f"http://{server}/api/tenants/{slug}/{path}", headers=headers, body=body, seconds=CALLBACK_SECONDS
        )
    except CallFailed:
        return None
    return answer.status


def _environment() -> dict[str, str]:
    """Logs for people, unless somebody chose; they may try the sign-up as often as they like; and the systems that the
    examples call may be called."""
    return {
        "THROTTLE_SIGN_UP": "",
        "LOG_JSON": os.environ.get("LOG_JSON", "false"),
        "ALLOWED_PRIVATE_HOSTS": ",".join(settings.ALLOWED_PRIVATE_HOSTS),
    }


def guide(host: str, port: int) -> str:
    """Addresses, people, passwords, and three lines to paste."""
    api = f"http://{serving.reachable(host)}:{port}/api/tenants/{demo.WITH_EXAMPLES}"
    creator = demo.email_of(SystemRole.WORKFLOW_CREATOR, demo.WITH_EXAMPLES)
    public = serving.address(settings.PUBLIC_HOSTS[0], port)
    lines = ["", f"API        {public}/api/docs/", f"platform   {public}/admin/"]
    lines.append(f"             {demo.OPERATOR:<34} Operator")
    for slug in demo.COMPANIES:
        lines.append(f"{slug:<10} {serving.address(f'{slug}.{settings.BASE_DOMAIN}', port)}/admin/")
        lines += [f"             {demo.email_of(role, slug):<34} {role.label}" for role in SystemRole]
    lines += [
        f"Password   {demo.password()}   (everybody's)",
        "",
        "Sign in, list the definitions, and try an upload, from a shell in this folder:",
        f"TOKEN=$(curl -s {api}/login/ -H 'Content-Type: application/json'"
        f""" -d '{{"email":"{creator}","password":"{demo.password()}"}}'"""
        """ | sed -E 's/.*"access": ?"([^"]+)".*/\\1/')""",
        f'curl -s {api}/workflow/workflows/ -H "Authorization: Bearer $TOKEN"',
        f"""curl -s '{api}/workflow/upload/?dry_run=true' -H "Authorization: Bearer $TOKEN\""""
        " -H 'Content-Type: application/yaml' --data-binary @examples/leave-request.yaml",
    ]
    return "\n".join(lines)
