"""The page that the links in mails lead to: choose a password."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from core.errors import Refused
from users.forms import ChoosePasswordForm
from users.services.links import link_owner, link_use
from users.services.sign_in import refuse_suspended


class ChoosePassword(View):
    """Works for a forgotten password and for an invitation; looking at it does not use the link up."""

    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            refuse_suspended()
        except Refused as refusal:
            return self.page(request, refusal.status, refusal=str(refusal))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, uid: str, token: str) -> HttpResponse:
        user = link_owner(uid=uid, token=token)
        if user is None:
            return self.page(request, 400)
        return self.page(request, 200, form=ChoosePasswordForm(), person=user)

    def post(self, request: HttpRequest, uid: str, token: str) -> HttpResponse:
        user = link_owner(uid=uid, token=token)
        if user is None:
            return self.page(request, 400)
        form = ChoosePasswordForm(request.POST)
        if form.is_valid():
            try:
                link_use(uid=uid, token=token, password=form.cleaned_data["password"], attr="password")
            except Refused as refusal:
                for fault in refusal.faults:
                    form.add_error("password" if fault.attr == "password" else None, fault.detail)
            else:
                return self.page(request, 200, person=user, done=True)
        return self.page(request, 400, form=form, person=user)

    def page(self, request: HttpRequest, status: int, **context: Any) -> HttpResponse:
        """The page; the link in its address must not stay in any cache."""
        response = render(request, "users/choose_password.html", context, status=status)
        response["Cache-Control"] = "no-store"
        return response
