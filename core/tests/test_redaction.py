"""What summaries keep to themselves."""

import json

import pytest

from core.redaction import HIDDEN, MAX_BODY_TEXT, is_secret_name, redact, redact_url, summary


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "api_key", "apiKey"),
        *("X-Auth-Token", "access_token", "refreshToken", "client_secret", "password", "user.passwd", "PASSPHRASE"),
        *("Webhook-Signature", "X-Hub-Signature-256", "aws_secret_access_key", "private-key", "credentials"),
        *("auth", "pwd", "pin", "otp", "session_id", "jwt"),
    ],
)
def test_names_of_secrets(name):
    assert is_secret_name(name)
    assert redact({name: {"any": "thing"}, "a": [{name: 1}]}) == {name: HIDDEN, "a": [{name: HIDDEN}]}


@pytest.mark.parametrize(
    "name", ["key", "code", "author", "opinion", "description", "Content-Type", "webhook-id", "id"]
)
def test_names_of_other_things(name):
    assert redact({name: "value"}) == {name: "value"}


def test_known_secrets_wherever_they_are():
    value = {"note": "use hunter22 or hunter", "list": ["hunter22hunter22"], "hunter22": 1, "short": "abc"}
    assert redact(value, secrets=["hunter", "hunter22", "abc", ""]) == {
        "note": f"use {HIDDEN} or {HIDDEN}",
        "list": [HIDDEN * 2],
        HIDDEN: 1,
        "short": "abc",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc123, x", f"Authorization: {HIDDEN}, x"),
        ("authorization=basic  YWJj", f"authorization={HIDDEN}"),
        ("see https://x.example/?a=b&token=abc#c", f"see https://x.example/?a=b&token={HIDDEN}"),
        (
            "from https://x.example/?api_key=abc;password: 'p?q=r' ok",
            f"from https://x.example/?api_key={HIDDEN};password: '{HIDDEN}' ok",
        ),
        ("token:", "token:"),
        ("a: b, c=d", "a: b, c=d"),
    ],
)
def test_pairs_within_texts(text, shown):
    assert redact(text) == shown
    assert redact({"line": [text]}) == {"line": [shown]}
    assert summary({"location": text}, json.dumps({"line": text}).encode()) == {
        "headers": {"location": shown},
        "body": {"line": shown},
    }
    assert summary({}, text.encode())["body"] == shown


def test_values_stay_small():
    assert redact(["x" * 3000]) == ["x" * 2000 + "…"]
    assert len(redact(list(range(1000)))) == len(redact(dict.fromkeys(map(str, range(1000))))) == 100
    deep = value = []
    for _ in range(500):
        value.append([])
        value = value[0]
    assert json.dumps(redact(deep)).count("[") == 20


def test_what_postgresql_can_not_store():
    assert redact(["a\0b", "\ud800", float("nan"), float("inf"), 1.5]) == ["a\ufffdb", "?", "nan", "inf", 1.5]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://x.example/a?token=abc&b=1", f"https://x.example/a?token={HIDDEN}&b=1"),
        ("https://x.example/?key=abc&code=1&key=", f"https://x.example/?key={HIDDEN}&code={HIDDEN}&key={HIDDEN}"),
        ("https://me:secret@x.example:81/#frag", "https://x.example:81/"),
        ("https://x.example/hooks/s3cret/go", f"https://x.example/hooks/{HIDDEN}/go"),
        ("http://[::1", HIDDEN),
    ],
)
def test_urls(url, shown):
    assert redact_url(url, secrets=["s3cret"]) == shown


def test_summaries():
    assert summary({"Authorization": "Bearer x", "Accept": "*/*"}, b'{"token": "t", "id": 1}') == {
        "headers": {"Authorization": HIDDEN, "Accept": "*/*"},
        "body": {"token": HIDDEN, "id": 1},
    }
    assert summary({}, b"") == {"headers": {}, "body": None}
    assert summary({}, b"\xff\x00 known", secrets=["known"])["body"] == f"\ufffd\ufffd {HIDDEN}"
    assert summary({}, b"user=a&password=b&x=1; api_key: 'zzz'")["body"] == (
        f"user=a&password={HIDDEN}&x=1; api_key: '{HIDDEN}'"
    )


def test_long_bodies_are_texts_without_secrets():
    long = json.dumps({"password": "hunter22", "rows": ["x" * 1500] * 50}).encode()
    body = summary({}, long)["body"]
    assert isinstance(body, str)
    assert len(body) == MAX_BODY_TEXT + 1
    assert "hunter22" not in body
    assert "hunter22" not in summary({}, b"{" + long)["body"]
    assert summary({}, b"[" * 100_000)["body"] == "[" * 2000 + "…"


def test_integers_that_no_column_takes():
    body = b'{"small": 123456789012345678, "large": 12345678901234567890123, "endless": ' + b"9" * 5000 + b"}"
    kept = summary({}, body)["body"]
    assert kept["small"] == 123456789012345678
    assert kept["large"] == 1.2345678901234568e22
    assert kept["endless"] == "inf"
