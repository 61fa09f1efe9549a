"""What signed-in people call: themselves, their company, its people and roles."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.views import APIView

from core.db import connection
from core.filters import BooleanFilter
from core.models import Actor
from core.openapi import errors
from core.renderers import json_response
from core.viewsets import BaseViewSet, flag_param
from tenants.services import company_rename
from users.api.serializers import (
    ChangePasswordSerializer,
    CompanyNameSerializer,
    CompanyRoleSerializer,
    CompanySerializer,
    InviteSerializer,
    MeSerializer,
    NewUserSerializer,
    NobodyLeftSerializer,
    RefreshSerializer,
    UserSerializer,
)
from users.api.views_public import SIGN_IN, body_of
from users.models import EVERYONE, CompanyRole, SystemRole, User
from users.permissions import IsAdmin, IsAdminOrReads, SignedIn, caller
from users.selectors import PEOPLE, ROLES, company_shown, search_people, search_roles
from users.services.passwords import password_change
from users.services.people import person_create, person_update
from users.services.roles import role_create, role_delete, role_update
from users.services.sign_in import sign_out


class Logout(APIView):
    """Sign out: the refresh token's family ends, its access tokens too."""

    permission_classes = (SignedIn,)

    @extend_schema(operation_id="logout", tags=SIGN_IN, request=RefreshSerializer, responses={204: None})
    def post(self, request: Request) -> HttpResponse:
        sign_out(user=caller(request), **body_of(RefreshSerializer, request))
        return HttpResponse(status=204)


class Me(APIView):
    """Oneself."""

    permission_classes = (SignedIn,)

    @extend_schema(operation_id="get_me", tags=["me"], responses=MeSerializer)
    def get(self, request: Request) -> HttpResponse:
        """Who I am, with my roles."""
        return self.shown(request)

    @extend_schema(operation_id="patch_me", tags=["me"], request=MeSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> HttpResponse:
        """Change my names."""
        serializer = MeSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        user = caller(request)
        person_update(actor=Actor.of(user), pk=user.pk, **serializer.validated_data)
        return self.shown(request)

    def shown(self, request: Request) -> HttpResponse:
        """The caller's own row."""
        row = PEOPLE.one(User.objects.filter(pk=caller(request).pk))
        return HttpResponse(row[0] if row else "{}", content_type="application/json")


class MyPassword(APIView):
    """Change my password: every sign-in of mine ends, this one too."""

    permission_classes = (SignedIn,)

    @extend_schema(
        operation_id="change_password",
        tags=["me"],
        request=ChangePasswordSerializer,
        responses={204: None, **errors(409)},
    )
    def post(self, request: Request) -> HttpResponse:
        password_change(user=caller(request), **body_of(ChangePasswordSerializer, request))
        return HttpResponse(status=204)


class PersonFilter(FilterSet):
    """Narrows the list of people."""

    email = CharFilter(field_name="email", lookup_expr="iexact")
    is_active = BooleanFilter()
    system_role = ChoiceFilter(choices=SystemRole.choices, method="with_system_role")
    company_role = CharFilter(method="with_company_role", help_text="A role's name.")

    def with_system_role(self, queryset: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return queryset.filter(system_roles__contains=[value])

    def with_company_role(self, queryset: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        return queryset if value == EVERYONE else queryset.filter(Q(company_roles__name=value))


_LEFT = (
    "`last_admin`: no active admin would be left. `nobody_left`: nobody could do the `tasks` any more, which are of the"
    " published version of an active workflow or of a version with open runs; `?force=true` does it all the same."
)
_CHANGE = extend_schema(
    parameters=[OpenApiParameter("force", bool, description="Change it although tasks are left that nobody can do.")],
    responses={200: UserSerializer, 409: OpenApiResponse(NobodyLeftSerializer, _LEFT)},
)


@extend_schema_view(
    create=extend_schema(request=NewUserSerializer, responses={201: UserSerializer}),
    update=_CHANGE,
    partial_update=_CHANGE,
)
class People(BaseViewSet):
    """People of the company. They are never deleted: switch them off with `is_active`."""

    resource = "user"
    example = {"email": "bob@acme.example", "first_name": "Bob", "system_roles": ["user"], "company_roles": ["buyer"]}
    rows = PEOPLE
    permission_classes = (IsAdmin,)
    http_method_names = ("get", "post", "put", "patch", "head", "options")
    filterset_class = PersonFilter
    orderings = {
        **BaseViewSet.orderings,
        "email": "email",
        "first_name": "first_name",
        "last_name": "last_name",
    }

    @property
    def serializer_class(self) -> Any:  # type: ignore[override]
        return NewUserSerializer if self.action == "create" else UserSerializer

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.all()

    def search(self, queryset: QuerySet[User], text: str) -> QuerySet[User]:
        return search_people(queryset, text)

    def perform_create(self, values: dict[str, Any], **kwargs: Any) -> int:
        return person_create(actor=Actor.of(caller(self.request)), **values).pk

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        force = flag_param(self.request, "force")
        person_update(actor=Actor.of(caller(self.request)), pk=pk, force=force, **values)

    @extend_schema(operation_id="invite_user", request=InviteSerializer, responses={201: UserSerializer})
    @action(detail=False, methods=["post"])
    def invite(self, request: Request) -> HttpResponse:
        """Make a person and mail them a link to choose a password; it works once."""
        user = person_create(actor=Actor.of(caller(request)), **body_of(InviteSerializer, request))
        return self.shown(user.pk, status=201)


class CompanyRoles(BaseViewSet):
    """Roles that the company makes up: they open ticket types and make task candidates. Everybody has `everyone`."""

    resource = "company_role"
    example = {"name": "buyer", "description": "May ask for purchases."}
    rows = ROLES
    permission_classes = (IsAdminOrReads,)
    serializer_class = CompanyRoleSerializer
    orderings = {**BaseViewSet.orderings, "name": "name"}

    def get_queryset(self) -> QuerySet[CompanyRole]:
        return CompanyRole.objects.all()

    def search(self, queryset: QuerySet[CompanyRole], text: str) -> QuerySet[CompanyRole]:
        return search_roles(queryset, text)

    def perform_create(self, values: dict[str, Any], **kwargs: Any) -> int:
        return role_create(actor=Actor.of(caller(self.request)), **values).pk

    def perform_update(self, pk: int, values: dict[str, Any], expected: int | None) -> None:
        role_update(actor=Actor.of(caller(self.request)), pk=pk, **values)

    def perform_destroy(self, pk: int, expected: int | None) -> None:
        role_delete(actor=Actor.of(caller(self.request)), pk=pk)


class OwnCompany(APIView):
    """The company: its plan, what that allows and what is used of it."""

    permission_classes = (IsAdminOrReads,)

    @extend_schema(operation_id="get_company", tags=["company"], responses=CompanySerializer)
    def get(self, request: Request) -> HttpResponse:
        return json_response(company_shown(connection.tenant.pk))

    @extend_schema(
        operation_id="patch_company", tags=["company"], request=CompanyNameSerializer, responses=CompanySerializer
    )
    def patch(self, request: Request) -> HttpResponse:
        """Rename the company; the slug stays."""
        serializer = CompanyNameSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        for name in serializer.validated_data.values():
            company_rename(company=connection.tenant, name=name, actor=Actor.of(caller(request)))
        return json_response(company_shown(connection.tenant.pk))
