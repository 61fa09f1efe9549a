"""Addresses below /api/: on companies' hosts (and below /api/tenants/…), and on the public host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from users.api import views, views_public

_router = SimpleRouter()
_router.register("users", views.People, basename="user")
_router.register("company-roles", views.CompanyRoles, basename="company-role")

company_urls: list[URLPattern | URLResolver] = [
    path("", views_public.About.as_view(), name="about"),
    path("login/", views_public.Login.as_view(), name="login"),
    path("token/refresh/", views_public.Refresh.as_view(), name="refresh-token"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("me/", views.Me.as_view(), name="me"),
    path("me/password/", views.MyPassword.as_view(), name="my-password"),
    path("password-reset/", views_public.PasswordReset.as_view(), name="password-reset"),
    path("password-reset/confirm/", views_public.PasswordResetConfirm.as_view(), name="password-reset-confirm"),
    path("company/", views.OwnCompany.as_view(), name="company"),
    *_router.urls,
]
public_urls: list[URLPattern | URLResolver] = [
    path("", views_public.About.as_view(), name="about"),
    path("create-company/", views_public.CreateCompany.as_view(), name="create-company"),
]
