"""A browser without scripts, for tests of the admin sites."""

from __future__ import annotations

import html
import re
from copy import deepcopy
from typing import Any

from django.test import Client

from tests.people import PASSWORD, person


class Browser:
    """Follows the forms of pages on one host."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.client = Client(headers={"host": host}, enforce_csrf_checks=True)

    def again(self) -> Browser:
        """Another one with the same cookies: one that a file has signed in serves all its tests."""
        other = Browser(self.host)
        other.client.cookies = deepcopy(self.client.cookies)
        return other

    def get(self, path: str, **query: Any) -> Any:
        """A page."""
        return self.client.get(path, query)

    def send(self, path: str, values: dict[str, Any], *, at: str | None = None) -> Any:
        """Fill in the form of the page at `at` (else `path`) and send it to `path`."""
        page = self.client.get(at or path).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page[:500]
        return self.client.post(path, {**values, "csrfmiddlewaretoken": token[1]})

    def sign_in(self, email: str, password: str = PASSWORD, following: str = "/admin/") -> Any:
        """Through the page for it."""
        return self.send("/admin/login/", {"username": email, "password": password, "next": following})


def admin_browser(company: Any) -> Browser:
    """Ada's browser, signed in to her company's admin site."""
    ada = person("admin", company)
    browser = Browser(f"{company.slug}.localhost")
    assert browser.sign_in(ada.email).status_code == 302
    return browser


def text_of(page: Any) -> str:
    """What a person reads, about."""
    body = re.sub(r"(?s)<(script|style).*?</\1>", " ", page.content.decode())
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))
