"""Whatever the other side does: an answer, or CallFailed, in time and in bounded memory."""

import gzip
import itertools
import socket
import ssl
import threading
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.http_client import UNREACHABLE, CallFailed, Client
from tests.receiver import Receiver, http_answer

TICK = 0.02
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def receiver(settings):
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def client():
    client = Client()
    yield client
    client.close()


def failure(client, url, method="GET", **more):
    with pytest.raises(CallFailed) as raised:
        client.send(method, url, **{"seconds": 10, **more})
    return raised.value


def drip(receiver, parts):
    for part in parts:
        if receiver.over.wait(TICK):
            return
        yield part


def test_an_exchange(receiver, client):
    receiver.answer = lambda received: http_answer(201, b"\x00ok", {"X-A": "1", "x-a": "2", "Set-Cookie": "a=b"})
    answer = client.send("PUT", receiver.url("/a?b=c"), headers={"X-Key": "é "}, body=b"hello", seconds=5)
    assert (answer.status, answer.body) == (201, b"\x00ok")
    assert answer.headers == {"x-a": "1, 2", "set-cookie": "a=b", "content-length": "3"}
    assert 0 <= answer.duration_ms < 5000
    (received,) = receiver.requests
    assert (received.method, received.path, received.body) == ("PUT", "/a?b=c", b"hello")
    assert received.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "TicketFlower",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "content-length": "5",
        "x-key": "é".encode().decode("latin-1"),
    }


@pytest.mark.parametrize("status", [204, 301, 304, 404, 500, 599])
def test_every_status_is_an_answer(status, receiver, client):
    receiver.answer = lambda received: f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    assert client.send("POST", receiver.url(), seconds=5).status == status
    assert receiver.requests[0].headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"hello" * 100)),
        ("X-GZIP", gzip.compress(b"hello" * 100)),
        ("deflate", zlib.compress(b"hello" * 100)),
        ("deflate", zlib.compress(b"hello" * 100, wbits=-15)),
        ("identity", b"hello" * 100),
    ],
    # What gzip makes has the time in it.
    ids=["gzip", "X-GZIP", "deflate", "raw deflate", "identity"],
)
def test_bodies_are_unpacked(encoding, packed, receiver, client):
    receiver.answer = lambda received: http_answer(body=packed, headers={"Content-Encoding": encoding})
    assert client.send("GET", receiver.url(), seconds=5).body == b"hello" * 100


def test_a_head_has_no_body(receiver, client):
    receiver.answer = lambda received: HEAD + b"Content-Encoding: gzip\r\nContent-Length: 99999999\r\n\r\n"
    assert client.send("HEAD", receiver.url(), seconds=5).body == b""


def silent(receiver):
    receiver.over.wait(20)
    return []


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        lambda receiver: drip(receiver, (bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60)),
        lambda receiver: itertools.chain([CHUNKED], drip(receiver, itertools.repeat(b"1\r\nx\r\n"))),
        lambda receiver: itertools.chain(
            [HEAD + b"Content-Length: 5000\r\n\r\n"], drip(receiver, itertools.repeat(b"x"))
        ),
        lambda receiver: itertools.chain([HEAD + b"\r\n"], drip(receiver, itertools.repeat(b"x"))),
    ],
    ids=["silence", "slow head", "slow chunks", "slow body", "slow body without an end"],
)
def test_the_end_is_one_for_all(answer, receiver, client):
    receiver.answer = lambda received: answer(receiver)
    failed = failure(client, receiver.url(), seconds=0.2)
    assert (failed.code, failed.message, failed.retryable) == ("timeout", UNREACHABLE, True)
    assert 180 <= failed.duration_ms < 3000


def test_time_for_names_tls_and_sending(receiver, client, settings):
    over = threading.Event()
    settings.ALLOWED_PRIVATE_HOSTS = ["slow.internal", "127.0.0.1"]
    slow = Client(resolve=lambda name, port: over.wait(20) and [])
    failed = failure(slow, "http://slow.internal/", seconds=0.2)
    over.set()
    assert (failed.code, failed.message, failed.duration_ms < 3000) == ("timeout", UNREACHABLE, True)

    # It takes the connection, and says and reads nothing.
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        assert failure(client, f"https://127.0.0.1:{port}/", seconds=0.2).code == "timeout"
        failed = failure(client, f"http://127.0.0.1:{port}/", "POST", body=b"x" * 50_000_000, seconds=0.2)
        assert (failed.code, failed.message, failed.duration_ms < 3000) == ("timeout", UNREACHABLE, True)


BOMB = b"\0" * 30_000_000


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", partial(zlib.compress, wbits=-15))],
    ids=["gzip", "deflate", "raw deflate"],
)
def test_bombs(encoding, pack, receiver, client):
    packed = pack(BOMB)
    receiver.answer = lambda received: http_answer(body=packed, headers={"Content-Encoding": encoding})
    tracemalloc.start()
    try:
        failed = failure(client, receiver.url(), max_bytes=100_000)
        assert (failed.code, failed.message, failed.retryable) == ("too_large", "The answer was too large.", False)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "answer",
    [
        itertools.chain([CHUNKED], itertools.repeat(b"1000\r\n" + b"x" * 4096 + b"\r\n")),
        itertools.chain([HEAD + b"\r\n"], itertools.repeat(b"x" * 4096)),
        [http_answer(body=b"x" * 1001)],
        itertools.chain([HEAD + b"Content-Length: 9" + b"9" * 18 + b"\r\n\r\n"], itertools.repeat(b"x")),
        itertools.chain([HEAD], itertools.repeat(b"X-More: yes\r\n" * 100)),
        itertools.chain([HEAD + b"X-Long: "], itertools.repeat(b"y" * 4096)),
        [HEAD + b"".join(b"X-%d: y\r\n" % number for number in range(101)) + b"\r\n"],
        [HEAD + b"X-A: " + b"y" * 33_000 + b"\r\nContent-Length: 0\r\n\r\n"],
    ],
    ids=["chunks", "no end", "body", "length", "headers", "header", "101 headers", "33 kB"],
)
def test_sizes(answer, receiver, client):
    receiver.answer = lambda received: answer
    failed = failure(client, receiver.url(), max_bytes=1000)
    assert (failed.code, failed.message, failed.retryable) == ("too_large", "The answer was too large.", False)


def test_a_body_of_just_the_size(receiver, client):
    receiver.answer = lambda received: http_answer(body=b"x" * 1000)
    assert len(client.send("GET", receiver.url(), seconds=5, max_bytes=1000).body) == 1000


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x00\x01\x02\x03" * 10 + b"\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 103 Early\r\n\r\n" * 50,
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Bad Header: 1\r\n\r\n",
        CHUNKED + b"zz\r\n",
        http_answer(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
        http_answer(body=gzip.compress(b"x") + b"more", headers={"Content-Encoding": "gzip"}),
        http_answer(body=gzip.compress(b"x" * 999)[:-3], headers={"Content-Encoding": "gzip"}),
        http_answer(body=b"x", headers={"Content-Encoding": "br"}),
        http_answer(body=b"x", headers={"Content-Encoding": "gzip, gzip"}),
    ],
    ids=range(16),
)
def test_what_is_no_answer(answer, receiver, client):
    receiver.answer = lambda received: answer
    failed = failure(client, receiver.url())
    assert (failed.code, failed.message, failed.retryable) == ("bad_answer", "The answer could not be read.", False)


@pytest.mark.parametrize(
    "answer", [b"", HEAD, HEAD + b"Content-Length: 9\r\n\r\nxx", CHUNKED + b"9\r\nxx"], ids=range(4)
)
def test_broken_off(answer, receiver, client):
    receiver.keep_alive = False
    receiver.answer = lambda received: answer
    failed = failure(client, receiver.url())
    assert (failed.code, failed.message, failed.retryable) == ("unreachable", UNREACHABLE, True)


def test_a_closed_port(client, settings):
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failed = failure(client, f"http://127.0.0.1:{port}/")
    assert (failed.code, failed.message, failed.retryable) == ("unreachable", UNREACHABLE, True)
    assert "refused" in failed.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "1\r\nX-B: 2"),
        ("X-A", "1\nX-B: 2"),
        ("X-A", "1\x00"),
        ("X-A", "\ud800"),
        ("X-A\r\nX-B", "1"),
        ("X-A:", "1"),
        ("", "1"),
        ("Ä", "1"),
        ("Host", "other.example"),
        ("content-length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Accept-Encoding", "br"),
        ("X-A", "y" * 8193),
    ],
)
def test_headers_that_can_not_be_sent(name, value, receiver, client):
    failed = failure(client, receiver.url(), headers={name: value})
    assert (failed.code, failed.retryable, receiver.connections()) == ("bad_request", False, 0)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET", ""])
def test_methods(method, receiver, client):
    assert failure(client, receiver.url(), method).code == "bad_request"
    assert receiver.connections() == 0


def test_urls_can_not_become_more(receiver, client):
    for end in ("/a\r\nX: y", "/a b", "/a\x00", "/\ud800"):
        assert failure(client, receiver.url(end)).code == "unreachable"
    assert receiver.connections() == 0


def test_connections_are_used_again(receiver, client):
    receiver.answer = lambda received: http_answer(body=received.body)
    for number in range(5):
        assert client.send("POST", receiver.url(), body=b"%d" % number, seconds=5).body == b"%d" % number
    assert receiver.connections() == 1


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nEVIL!", b"x"])
def test_what_comes_unasked_is_no_answer_to_the_next_call(more, receiver, client):
    receiver.answer = lambda received: http_answer(body=received.body) + more
    assert client.send("POST", receiver.url(), body=b"one", seconds=5).body == b"one"
    assert client.send("POST", receiver.url(), body=b"two", seconds=5).body == b"two"
    assert receiver.connections() == 2


@pytest.mark.parametrize(
    ("method", "headers", "calls"),
    [("GET", {}, 3), ("POST", {"Idempotency-Key": "1"}, 3), ("POST", {"Webhook-Id": "1"}, 3), ("POST", {}, 2)],
)
def test_a_connection_that_ends_as_the_call_goes_out(method, headers, calls, receiver, client):
    """Calls that may arrive twice go out once more on a connection of their own."""

    def answer(received):
        if len(receiver.requests) == 2:
            raise ConnectionError("closes without a word")
        return http_answer()

    receiver.answer = answer
    assert client.send(method, receiver.url(), headers=headers, seconds=5).status == 200
    if calls == 3:
        assert client.send(method, receiver.url(), headers=headers, seconds=5).status == 200
    else:
        assert failure(client, receiver.url(), method, headers=headers).code == "unreachable"
    assert (len(receiver.requests), receiver.connections()) == (calls, calls - 1)


def test_many_threads(receiver, client):
    receiver.answer = lambda received: http_answer(body=received.body)

    def call(number):
        return client.send("POST", receiver.url(), body=b"%d" % number, seconds=20).body

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(200))) == [b"%d" % number for number in range(200)]
    assert receiver.connections() <= 8


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and the certificate of `shop.internal` that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.internal")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.internal")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_for_the_name_at_the_checked_address(certificate, settings):
    names = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    server.sni_callback = lambda connection, name, context: names.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with Receiver(tls=server) as receiver:
        settings.ALLOWED_PRIVATE_HOSTS = ["shop.internal", "other.internal"]
        client = Client(resolve=lambda name, port: ["127.0.0.1"], tls=trusting)
        for _ in range(2):
            assert client.send("GET", f"https://shop.internal:{receiver.port}/", seconds=5).status == 200
        client.close()
        assert [received.headers["host"] for received in receiver.requests] == [f"shop.internal:{receiver.port}"] * 2
        assert names == ["shop.internal"]

        for stranger, host in ((client, "other.internal"), (Client(resolve=client._resolve), "shop.internal")):
            failed = failure(stranger, f"https://{host}:{receiver.port}/")
            assert (failed.code, failed.message) == ("unreachable", UNREACHABLE)
            assert "CERTIFICATE_VERIFY_FAILED" in failed.detail
        assert len(receiver.requests) == 2
