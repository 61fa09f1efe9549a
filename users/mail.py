"""Mails are sent beside the request: how long that takes must not tell whether an address is known."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from django.core.mail import EmailMessage

log = logging.getLogger("ticketflower.mail")

_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def send(message: EmailMessage) -> Future[None]:
    """Hand `message` to Django's backend in another thread; a failure is logged. Done before the process ends."""
    return _sender.submit(_send, message)


def wait_until_sent() -> None:
    """Return when every mail handed over so far has left."""
    _sender.submit(lambda: None).result()


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception:
        log.exception("mail not sent")
