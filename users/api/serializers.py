"""The shapes of people, roles and sign-in; rules are the services'."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.openapi import ErrorSerializer
from core.serializers import StrictBooleanField, StrictCharField, StrictChoiceField
from users.models import SystemRole

MAX_PASSWORD = 1024


class PasswordField(StrictCharField):
    """Taken as it is typed, spaces too; never shown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=MAX_PASSWORD, write_only=True, **kwargs)


class NameField(StrictCharField):
    """A first or last name."""

    def __init__(self) -> None:
        super().__init__(max_length=100, required=False, allow_blank=True, default="")


class AddressField(serializers.EmailField):
    """An email address, in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data).lower()


class SystemRoleField(StrictChoiceField):
    """A fixed role."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=SystemRole.choices, **kwargs)


class PersonSerializer(serializers.Serializer[Any]):
    """A person as sign-in shows them."""

    id = serializers.IntegerField()
    email = serializers.EmailField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    system_roles = serializers.ListField(child=SystemRoleField())
    company_roles = serializers.ListField(child=serializers.CharField(), help_text="Names; `everyone` is everybody's.")


class RowSerializer(serializers.Serializer[Any]):
    """What every row carries."""

    id = serializers.IntegerField(read_only=True)
    company = serializers.SlugField(read_only=True, help_text="The company's slug.")
    created_by = serializers.IntegerField(read_only=True, allow_null=True, help_text="The person's id.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class UserSerializer(RowSerializer):
    """A person of the company."""

    email = AddressField()
    first_name = NameField()
    last_name = NameField()
    system_roles = serializers.ListField(child=SystemRoleField(), required=False, default=list, max_length=20)
    company_roles = serializers.ListField(
        child=StrictCharField(max_length=100),
        required=False,
        default=list,
        max_length=200,
        help_text="Names of company roles; `everyone` is everybody's.",
    )
    is_active = StrictBooleanField(required=False, default=True)


class NewUserSerializer(UserSerializer):
    """A new person; without a password they get a mail with a link to choose one."""

    password = PasswordField(required=False)


class UndoneTaskSerializer(serializers.Serializer[Any]):
    """A task of a version in use that nobody could do."""

    workflow = serializers.IntegerField(help_text="The workflow's id.")
    workflow_title = serializers.CharField()
    version = serializers.IntegerField()
    task = serializers.CharField(help_text="The task's key.")
    title = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField(), help_text="Empty: for every task worker.")


class NobodyLeftSerializer(ErrorSerializer):
    """Why a person must stay as they are; `tasks` where `errors` has the code `nobody_left`."""

    optional_in_answers = ("tasks",)
    tasks = UndoneTaskSerializer(many=True, required=False)


class InviteSerializer(serializers.Serializer[Any]):
    """Who is invited, and as what."""

    email = AddressField()
    first_name = NameField()
    last_name = NameField()
    system_roles = serializers.ListField(child=SystemRoleField(), required=False, default=list, max_length=20)
    company_roles = serializers.ListField(
        child=StrictCharField(max_length=100), required=False, default=list, max_length=200
    )


class MeSerializer(UserSerializer):
    """Oneself: only the names are one's own to change."""

    email = AddressField(read_only=True)
    system_roles = serializers.ListField(child=SystemRoleField(), read_only=True)
    company_roles = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_active = StrictBooleanField(read_only=True)


class CompanyRoleSerializer(RowSerializer):
    """A company role."""

    name = StrictCharField(max_length=100)
    description = StrictCharField(max_length=5000, required=False, allow_blank=True, default="")


class LoginSerializer(serializers.Serializer[Any]):
    """Who signs in. Whatever text is no address of a person is a wrong one (401), not a malformed one."""

    email = StrictCharField(max_length=254)
    password = PasswordField()


class TokensSerializer(serializers.Serializer[Any]):
    """What calls are made with, for minutes, and what gets the next pair, once."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class SignedInSerializer(TokensSerializer):
    """A sign-in."""

    user = PersonSerializer()


class RefreshSerializer(serializers.Serializer[Any]):
    """A refresh token."""

    refresh = StrictCharField(max_length=4096)


class ChangePasswordSerializer(serializers.Serializer[Any]):
    """The old password and the new one."""

    old_password = PasswordField()
    new_password = PasswordField()


class ResetSerializer(serializers.Serializer[Any]):
    """Whose password is forgotten."""

    email = AddressField()


class ConfirmSerializer(serializers.Serializer[Any]):
    """What the link of the mail holds, and the new password."""

    uid = StrictCharField(max_length=40)
    token = StrictCharField(max_length=100)
    new_password = PasswordField()


class SignUpSerializer(serializers.Serializer[Any]):
    """A new company and its first person."""

    company_name = StrictCharField(max_length=100)
    slug = StrictCharField(max_length=100, required=False, help_text="Made from the name when absent.")
    email = AddressField()
    password = PasswordField()
    first_name = NameField()
    last_name = NameField()


class NewCompanySerializer(serializers.Serializer[Any]):
    """A company as sign-up shows it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.SlugField()
    domain = serializers.CharField(help_text="The host name, without a port.")
    plan = serializers.CharField(help_text="The plan's key.")


class SignedUpSerializer(SignedInSerializer):
    """A new company, with its first person signed in."""

    company = NewCompanySerializer()


class AmountsSerializer(serializers.Serializer[Any]):
    """Of what plans count."""

    workflows = serializers.IntegerField(allow_null=True)
    agents = serializers.IntegerField(allow_null=True)
    executions_per_month = serializers.IntegerField(allow_null=True)


class CompanySerializer(NewCompanySerializer):
    """The company."""

    uuid = serializers.UUIDField(help_text="What tokens carry as `tid`.")
    limits = AmountsSerializer(help_text="Null: no limit.")
    used = AmountsSerializer()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CompanyNameSerializer(serializers.Serializer[Any]):
    """The company's name."""

    name = StrictCharField(max_length=100)


class DocumentationSerializer(serializers.Serializer[Any]):
    """Where the documentation lies."""

    schema = serializers.URLField()
    docs = serializers.URLField()
    redoc = serializers.URLField()


class AboutSerializer(serializers.Serializer[Any]):
    """What answers here."""

    name = serializers.CharField()
    description = serializers.CharField()
    company = serializers.SlugField(allow_null=True, help_text="Null on the public host.")
    documentation = DocumentationSerializer()
