"""Forms of pages: signing in, choosing a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from rest_framework.exceptions import Throttled

from core.errors import Refused
from users.api.serializers import MAX_PASSWORD
from users.models import User
from users.services.passwords import password_change

WRONG = "Wrong email address or password."


def _too_many(error: Throttled) -> ValidationError:
    seconds = round(getattr(error, "wait", None) or 1)
    return ValidationError(f"Too many wrong passwords: try again in {seconds} seconds.")


class SignInForm(AuthenticationForm):
    """Any active person of the company may sign in; what they see is each page's to say."""

    required_css_class = "required"

    def clean(self) -> dict[str, Any]:
        try:
            self.user_cache = authenticate(
                self.request, username=self.cleaned_data.get("username"), password=self.cleaned_data.get("password")
            )
        except Throttled as error:
            raise _too_many(error) from None
        except Refused as refusal:
            raise ValidationError(str(refusal)) from None
        if self.user_cache is None:
            raise ValidationError(WRONG)
        return self.cleaned_data


class OwnPasswordForm(PasswordChangeForm):
    """One's own password, through the service: every sign-in elsewhere ends."""

    required_css_class = "required"

    def clean_old_password(self) -> str:
        """Checked by the service, which counts wrong ones."""
        return self.cleaned_data["old_password"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            password_change(user=self.user, old_password=cleaned["old_password"], new_password=cleaned["new_password1"])
        except Throttled as error:
            raise _too_many(error) from None
        except Refused as refusal:
            field = "old_password" if refusal.faults[0].attr == "old_password" else "new_password1"
            raise ValidationError({field: [fault.detail for fault in refusal.faults]}) from None
        return cleaned

    def save(self, commit: bool = True) -> User:
        """The service has done it."""
        return self.user


class ChoosePasswordForm(forms.Form):
    """A new password, twice."""

    password = forms.CharField(
        label="New password",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )
    again = forms.CharField(
        label="The same again",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "password" in cleaned and "again" in cleaned and cleaned["password"] != cleaned["again"]:
            raise ValidationError({"again": "This is not the same."})
        return cleaned
