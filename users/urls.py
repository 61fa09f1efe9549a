"""Addresses of pages on companies' hosts."""

from __future__ import annotations

from django.urls import path

from users.pages import ChoosePassword

page_urls = [path("password/<str:uid>/<str:token>/", ChoosePassword.as_view(), name="choose-password")]
