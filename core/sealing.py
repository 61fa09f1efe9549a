"""Secrets at rest: sealed before they are stored, opened only where they are used.

The keys are ENCRYPTION_KEYS: the first seals, all open, so that a key is changed by putting a new one in front. Without
any, the key is derived from SECRET_KEY: an install works at once, but another SECRET_KEY then leaves what was sealed
closed for good.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBroken(Exception):
    """What was to be unsealed was altered, or sealed with a key that isn't there any more."""


def seal(text: str) -> str:
    """`text` as a token that can be stored, and tells nothing but about how long `text` is."""
    return _fernet().encrypt(text.encode("utf-8")).decode("ascii")


def unseal(sealed: str) -> str:
    """What `seal` was given. SealBroken if no key opens it."""
    try:
        return _fernet().decrypt(sealed.encode("utf-8")).decode("utf-8")
    except InvalidToken:
        raise SealBroken("No key of ENCRYPTION_KEYS opens this.") from None


def _fernet() -> MultiFernet:
    return _of_keys(tuple(settings.ENCRYPTION_KEYS), settings.SECRET_KEY)


@lru_cache(maxsize=8)
def _of_keys(keys: tuple[str, ...], secret: str) -> MultiFernet:
    if keys:
        return MultiFernet([Fernet(key) for key in keys])
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"ticketflower sealing 1")
    return MultiFernet([Fernet(base64.urlsafe_b64encode(derive.derive(secret.encode("utf-8"))))])
