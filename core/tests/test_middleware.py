"""What every request passes, in process and against a real server."""

import contextlib
import io
import json
import socket
import zlib

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core.middleware import RequestGuardMiddleware, RequestLogMiddleware

LIMIT = 10_485_760
LOGIN = "/api/login/"
SOMEBODY = {"email": "nobody@acme.example", "password": "wrong"}
ACME = "acme.localhost"


class TestInProcess:
    def guarded(self, request):
        return RequestGuardMiddleware(lambda request: HttpResponse(request.body))(request)

    def test_an_ordinary_body(self):
        answer = self.guarded(RequestFactory().post("/", b"[1]", content_type="application/json"))
        assert (answer.status_code, answer.content) == (200, b"[1]")

    @pytest.mark.parametrize(
        "length, status",
        [("0", 200), ("", 200), (str(LIMIT + 1), 413), ("-1", 400), ("x", 400), ("1.0", 400), ("9" * 5000, 413)],
    )
    def test_what_the_length_says(self, length, status):
        given = {"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO()}
        request = RequestFactory().post("/", b"", content_type="application/json", **given)
        assert self.guarded(request).status_code == status

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
    def test_compressed(self, encoding):
        request = RequestFactory().post(
            "/", zlib.compress(b"[1]"), content_type="application/json", headers={"content-encoding": encoding}
        )
        answer = self.guarded(request)
        assert answer.status_code == 415
        assert json.loads(answer.content)["errors"][0]["code"] == "unsupported_media_type"

    def test_not_compressed(self):
        request = RequestFactory().post(
            "/", b"[1]", content_type="application/json", headers={"content-encoding": "Identity"}
        )
        assert self.guarded(request).content == b"[1]"

    @pytest.mark.parametrize("path", ["/a%00b/", "/?q=%00", "/?q=a%2500&r=%00"])
    def test_nul(self, path):
        assert self.guarded(RequestFactory().get(path)).status_code == 400

    @pytest.mark.parametrize("given", ["abc-1.2_X", "x" * 64])
    def test_a_request_id_is_kept(self, given):
        answer = RequestLogMiddleware(lambda request: HttpResponse())(
            RequestFactory().get("/", headers={"x-request-id": given})
        )
        assert answer["X-Request-ID"] == given

    @pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\n", "ü", "<script>"])
    def test_a_strange_request_id_is_replaced(self, given):
        answer = RequestLogMiddleware(lambda request: HttpResponse())(
            RequestFactory().get("/", headers={"x-request-id": given})
        )
        assert len(answer["X-Request-ID"]) == 32

    def test_headers(self, client):
        answer = client.get("/health/", headers={"host": "localhost"})
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert "camera=()" in answer["Permissions-Policy"]
        assert "Strict-Transport-Security" not in answer
        assert "Access-Control-Allow-Origin" not in answer

    def test_answers_of_the_api_are_not_kept(self, client, db):
        assert client.get("/api/nothing/", headers={"host": "localhost"})["Cache-Control"] == "no-store"


def raw(server, data):
    """Send bytes as they are; everything that comes back until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(data)
        found = b""
        while part := connection.recv(65_536):
            found += part
        return found


def head(method="GET", path="/api/me/", host=ACME, *more):
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), *more, "Connection: close"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def status(answer):
    return int(answer.split(b" ", 2)[1])


@pytest.mark.usefixtures("own_database")
def test_bodies_and_addresses_against_a_real_server(servers):
    """One server for all of it, because starting one takes a second."""
    (server,) = servers(1, THROTTLE_BAD_PASSWORDS="")

    def post(body, **options):
        options.setdefault("headers", {}).setdefault("Content-Type", "application/json")
        return server.request("POST", LOGIN, body, host=ACME, **options)

    def code(answer):
        return answer.status, answer.json()["errors"][0]["code"]

    text = json.dumps(SOMEBODY).encode()
    wrong = (401, "authentication_failed")
    assert code(post(text)) == wrong

    # Chunked: the same body in pieces, an empty one, and one without an end in sight.
    assert code(post(iter([text[:5], text[5:6], text[6:]]), chunked=True)) == wrong
    assert code(post(iter([]), chunked=True))[0] == 400
    assert code(post(iter([b"[", b"1,"]), chunked=True)) == (400, "parse_error")
    assert code(post(iter([text, b" " * (LIMIT - len(text))]), chunked=True)) == wrong
    megabyte = b" " * 2**20
    assert code(post(iter([text, *[megabyte] * 10]), chunked=True)) == (413, "too_large")

    # By length: as much as is allowed, and one byte more.
    assert code(post(text + b" " * (LIMIT - len(text)))) == wrong
    assert code(post(text + b" " * (LIMIT - len(text) + 1))) == (413, "too_large")
    assert code(post(text + b" " * LIMIT)) == (413, "too_large")
    with contextlib.suppress(OSError):
        assert post(b" " * 6 * LIMIT).status == 413

    # Compressed, of another type, in another encoding.
    assert code(post(zlib.compress(text), headers={"Content-Encoding": "deflate"}))[0] == 415
    assert code(post(text, headers={"Content-Type": "text/plain"}))[0] == 415
    assert code(post(json.dumps(SOMEBODY).encode("utf-16"))) == (400, "encoding")
    assert code(post(b'{"email":"a","email":"b"}')) == (400, "duplicate_key")
    assert code(post(b"[" * 5_000_000)) == (400, "too_deep")
    assert code(post(b'{"email":"\\u0000"}')) == (400, "nul")

    # Hosts as a client may write them.
    unauthorised = [ACME, "ACME.localhost", "acme.localhost.", f"acme.localhost:{server.port}", "acme.localhost.:1"]
    for host in unauthorised:
        assert status(raw(server, head(host=host))) == 401, host
    for host in [
        "nobody.localhost",
        "localhost",
        "[::1]:80",
        "[::2]",
        "acme.localhost:x",
        "a b",
        "",
        "\xff",
        "acme.localhost/",
    ]:
        assert status(raw(server, head("GET", "/api/me/", host))) in (400, 404), host
    assert status(raw(server, head("GET", "/api/me/", ACME, "Host: globex.localhost"))) in (400, 401, 404)
    assert status(raw(server, head("GET", "/api/tenants/acme/me/", "nobody.localhost"))) == 401
    assert status(raw(server, head("GET", "/api/tenants/nobody/me/", ACME))) == 404
    assert status(raw(server, head("GET", "http://globex.localhost/api/me/", "nobody.localhost"))) in (400, 401, 404)

    # Broken requests: refused, and the server goes on.
    assert status(raw(server, head("POST", LOGIN, ACME, "Content-Length: -1"))) == 400
    assert status(raw(server, head("POST", LOGIN, ACME, "Transfer-Encoding: chunked") + b"zz\r\n")) == 400
    assert status(raw(server, head("GET", "/api/%00/", ACME))) == 400
    assert b"Traceback" not in raw(server, head("BREW", "/api/me/", ACME))
    assert server.request("GET", "/health/").status == 200
    assert "Traceback" not in server.log.read_text()
