"""What anyone may call: signing up and in, forgotten passwords, and what this is."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from core.db import connection
from core.openapi import errors
from core.permissions import Anyone
from core.renderers import json_response
from tenants.throttles import client_address
from users.api.serializers import (
    AboutSerializer,
    ConfirmSerializer,
    LoginSerializer,
    RefreshSerializer,
    ResetSerializer,
    SignedInSerializer,
    SignedUpSerializer,
    SignUpSerializer,
    TokensSerializer,
)
from users.selectors import shown
from users.services.companies import sign_up
from users.services.links import link_use, reset_request
from users.services.sign_in import sign_in, token_refresh

SIGN_IN = ["sign-in"]


def body_of(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body, after the serializer's look at its shape."""
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class Open(APIView):
    """A call for which nobody has to be signed in; a token that comes with it is not looked at."""

    authentication_classes = ()
    permission_classes = (Anyone,)


class CreateCompany(Open):
    """Sign up: a company and its first person, who gets every system role and is signed in."""

    @extend_schema(
        operation_id="create_company",
        tags=SIGN_IN,
        request=SignUpSerializer,
        responses={201: SignedUpSerializer, **errors(403)},
        examples=[
            OpenApiExample(
                "A company",
                {"company_name": "Acme", "email": "ada@acme.example", "password": "correct horse battery"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        values = body_of(SignUpSerializer, request)
        signed_up = sign_up(address=client_address(request), **values)
        return json_response(signed_up, status=201)


class Login(Open):
    """Sign in. An unknown address and a wrong password get one and the same answer."""

    @extend_schema(
        operation_id="login",
        tags=SIGN_IN,
        request=LoginSerializer,
        responses={200: SignedInSerializer, **errors(401, 403)},
        examples=[
            OpenApiExample(
                "A person", {"email": "alice@acme.example", "password": "correct horse battery"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        user, pair = sign_in(**body_of(LoginSerializer, request))
        return json_response({**pair, "user": shown(user.pk)})


class Refresh(Open):
    """A new pair of tokens for a refresh token, which is used up by this."""

    @extend_schema(
        operation_id="refresh_token",
        tags=SIGN_IN,
        request=RefreshSerializer,
        responses={200: TokensSerializer, **errors(401, 403)},
    )
    def post(self, request: Request) -> HttpResponse:
        return json_response(token_refresh(**body_of(RefreshSerializer, request)))


class PasswordReset(Open):
    """Mail a link to choose a new password, if there is such a person: the answer doesn't tell."""

    @extend_schema(
        operation_id="request_password_reset",
        tags=SIGN_IN,
        request=ResetSerializer,
        responses={204: None, **errors(403)},
    )
    def post(self, request: Request) -> HttpResponse:
        reset_request(**body_of(ResetSerializer, request))
        return HttpResponse(status=204)


class PasswordResetConfirm(Open):
    """Choose a password with the link of a mail, of a reset or an invitation. It works once."""

    @extend_schema(
        operation_id="confirm_password_reset",
        tags=SIGN_IN,
        request=ConfirmSerializer,
        responses={204: None, **errors(403, 409)},
    )
    def post(self, request: Request) -> HttpResponse:
        values = body_of(ConfirmSerializer, request)
        link_use(uid=values["uid"], token=values["token"], password=values["new_password"])
        return HttpResponse(status=204)


class About(Open):
    """What this is, and where its documentation lies."""

    @extend_schema(operation_id="about", tags=["about"], responses=AboutSerializer)
    def get(self, request: Request) -> HttpResponse:
        here = request.build_absolute_uri(request._request.path)
        return json_response(
            {
                "name": "TicketFlower",
                "description": "Design ticket workflows, prove that no ticket can get stuck, and run tickets.",
                "company": getattr(connection.tenant, "slug", None),
                "documentation": {"schema": f"{here}schema/", "docs": f"{here}docs/", "redoc": f"{here}redoc/"},
            }
        )
