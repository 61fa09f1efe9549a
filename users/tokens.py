"""Access and refresh tokens: JWTs that are good in one company, for as long as their family lives."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt import tokens as jwt
from rest_framework_simplejwt.exceptions import TokenError

from core.db import connection
from core.models import Actor, record
from users.models import RefreshToken as StoredToken
from users.models import TokenFamily, User

# A client that lost the answer, or two of its tabs, may show a token again just after it was used; later, whoever
# shows it has stolen it, or was stolen from.
REUSE_GRACE = timedelta(seconds=10)


class CompanyToken(jwt.Token):
    """A token with the company's uuid (`tid`) and its family (`fam`); in any other company it is no token at all."""

    def verify(self) -> None:
        """Raise TokenError unless the token is this company's (and none is any good on the public host)."""
        super().verify()
        company = getattr(connection.tenant, "uuid", None)
        if company is None or self.payload.get("tid") != str(company):
            raise TokenError("Token is invalid")
        try:
            self.family = uuid.UUID(str(self.payload["fam"]))
            self.user_id = int(self.payload["sub"])
        except (KeyError, TypeError, ValueError):
            raise TokenError("Token is invalid") from None
        if not 0 < self.user_id < 2**63:
            raise TokenError("Token is invalid")


class AccessToken(CompanyToken, jwt.AccessToken):
    """What calls are made with; minutes long."""


class RefreshToken(CompanyToken, jwt.RefreshToken):  # type: ignore[misc]
    """What a new pair is got with, once; days long."""

    access_token_class = AccessToken

    @property
    def jti(self) -> uuid.UUID:
        return uuid.UUID(self.payload["jti"])

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.payload["exp"], UTC)


def invalid_token() -> AuthenticationFailed:
    """The one 401 for every token that is not good, whatever is wrong with it."""
    return AuthenticationFailed("The token is invalid or expired.", code="token_not_valid")


def start_family(user: User) -> dict[str, str]:
    """`{access, refresh}` of a new sign-in, in the caller's transaction; the person's expired rows go."""
    now = timezone.now()
    StoredToken.objects.filter(family__user=user, expires_at__lt=now).delete()
    TokenFamily.objects.filter(user=user, expires_at__lt=now).delete()
    family = TokenFamily(user=user)
    token = _new_token(user.pk, family.id)
    family.expires_at = token.expires_at
    family.save(force_insert=True)
    return _hand_out(token, family.id)


def rotate(raw: str) -> dict[str, str]:
    """A new `{access, refresh}` for a refresh token, which is used up by this; of parallel calls one wins.

    Raises AuthenticationFailed. A token that was used up more than REUSE_GRACE ago takes its family with it.
    """
    token = read_refresh(raw)
    now = timezone.now()
    alive = TokenFamily.objects.filter(pk=token.family, revoked_at=None, user=token.user_id, user__is_active=True)
    with transaction.atomic():
        # Every condition that decides a race is on the row's own columns: those PostgreSQL looks at again after it
        # waited for another transaction.
        won = StoredToken.objects.filter(Exists(alive), pk=token.jti, family=token.family, rotated_at=None).update(
            rotated_at=now
        )
        if won:
            StoredToken.objects.filter(family=token.family, expires_at__lt=now).delete()
            following = _new_token(token.user_id, token.family)
            TokenFamily.objects.filter(pk=token.family).update(expires_at=following.expires_at)
            return _hand_out(following, token.family)
    _punish_reuse(token, now)
    raise invalid_token()


def read_refresh(raw: str) -> RefreshToken:
    """The refresh token that the text is; raises AuthenticationFailed."""
    try:
        # The token's own constructor verifies it.
        return RefreshToken(raw)  # type: ignore[arg-type]
    except TokenError:
        raise invalid_token() from None


def revoke_family(family: uuid.UUID) -> bool:
    """End a sign-in, in the caller's transaction; whether it was alive."""
    return bool(TokenFamily.objects.filter(pk=family, revoked_at=None).update(revoked_at=timezone.now()))


def revoke_all(user_id: int) -> None:
    """End every sign-in of a person, in the caller's transaction."""
    TokenFamily.objects.filter(user=user_id, revoked_at=None).update(revoked_at=timezone.now())


def _new_token(user_id: int, family: uuid.UUID) -> RefreshToken:
    token = RefreshToken()
    claims: dict[str, Any] = {"sub": str(user_id), "tid": str(connection.tenant.uuid), "fam": str(family)}
    token.payload.update(claims)
    return token


def _hand_out(token: RefreshToken, family: uuid.UUID) -> dict[str, str]:
    StoredToken.objects.create(jti=token.jti, family_id=family, expires_at=token.expires_at)
    return {"access": str(token.access_token), "refresh": str(token)}


def _punish_reuse(token: RefreshToken, now: datetime) -> None:
    with transaction.atomic():
        stolen = StoredToken.objects.filter(
            pk=token.jti, family=token.family, rotated_at__lt=now - REUSE_GRACE
        ).exists()
        if stolen and revoke_family(token.family):
            record(
                actor=Actor(),
                event="user.sign_in_revoked",
                subject_type="user",
                subject_id=token.user_id,
                subject=User.objects.get(pk=token.user_id).email,
                detail={"reason": "A refresh token was shown that had been used already."},
            )
