"""`.env.example` names every setting, with the default that it has."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Read by others than the settings: compose.yaml, and the commands that serve.
NOT_SETTINGS = {"POSTGRES_PASSWORD", "PORT"}
NO_DEFAULT = {"SECRET_KEY", "DATABASE_URL", "LOG_JSON", *NOT_SETTINGS}


def shown():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(match.groups() for line in lines if (match := re.fullmatch(r"(?:# )?([A-Z_]+)=(.*)", line)))


def read():
    """Name → default, as settings.py has them; a default that is no constant is None."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "ticketflower" / "settings.py").read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("env")), args=[ast.Constant(str(name)), default]):
                found[name] = ast.literal_eval(default) if isinstance(default, ast.Constant | ast.List) else None
    return found


def test_every_setting_is_shown_and_nothing_else():
    assert shown().keys() == read().keys() | NOT_SETTINGS


@pytest.mark.parametrize("name", sorted(read().keys() - NO_DEFAULT))
def test_default_that_is_shown(name):
    default = read()[name]
    if isinstance(default, list):
        assert shown()[name].split(",") == (default or [""])
    elif isinstance(default, bool):
        assert shown()[name] == str(default).lower()
    else:
        assert shown()[name] == str(default)


def test_no_secret_is_given():
    assert {name: shown()[name] for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "EMAIL_HOST_PASSWORD")} == {
        "SECRET_KEY": "",
        "POSTGRES_PASSWORD": "",
        "EMAIL_HOST_PASSWORD": "",
    }
