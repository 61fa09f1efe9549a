"""Secrets at rest."""

import pytest
from cryptography.fernet import Fernet

from core.sealing import SealBroken, seal, unseal

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.mark.parametrize("keys", [[], [OLD]])
@pytest.mark.parametrize("text", ["", "secret", "ümläut \x00 \U0001f511", "x" * 10_000])
def test_there_and_back(text, keys, settings):
    settings.ENCRYPTION_KEYS = keys
    assert unseal(seal(text)) == text
    assert seal(text) != seal(text)
    assert not text or text not in seal(text)


def test_a_new_key_in_front(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    before = seal("secret")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    after = seal("secret")
    assert (unseal(before), unseal(after)) == ("secret", "secret")
    settings.ENCRYPTION_KEYS = [NEW]
    assert unseal(after) == "secret"
    with pytest.raises(SealBroken):
        unseal(before)


def test_the_key_that_comes_from_the_secret_key(settings):
    settings.ENCRYPTION_KEYS = []
    sealed = seal("secret")
    settings.SECRET_KEY = "another secret for tests alone, which protects nothing"
    with pytest.raises(SealBroken):
        unseal(sealed)


@pytest.mark.parametrize("sealed", ["", "no token", "gAAAAAB", "ü"])
def test_what_was_never_sealed(sealed):
    with pytest.raises(SealBroken):
        unseal(sealed)


def test_what_was_altered():
    sealed = seal("secret")
    other = "A" if sealed[40] != "A" else "B"
    with pytest.raises(SealBroken):
        unseal(sealed[:40] + other + sealed[41:])
