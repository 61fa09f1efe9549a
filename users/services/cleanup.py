"""Sign-ins that are over: rows that nothing reads any more."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.cleanup import delete_in_batches
from users.models import RefreshToken, TokenFamily

# Tokens are looked up for as long as they are good; a used one is kept as long as well, so that its reuse is noticed.
# An access token may outlive the refresh token that it came with, by minutes.
MARGIN = timedelta(days=1)


def sign_ins_clear() -> int:
    """Delete expired sessions, and refresh tokens and families that can't be used any more; how many rows."""
    now = timezone.now()
    return (
        delete_in_batches(Session.objects.filter(expire_date__lt=now))
        + delete_in_batches(RefreshToken.objects.filter(expires_at__lt=now - MARGIN))
        + delete_in_batches(TokenFamily.objects.filter(expires_at__lt=now - MARGIN, tokens=None))
    )
