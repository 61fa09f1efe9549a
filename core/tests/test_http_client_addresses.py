"""Where the outbound client goes, and where it does not: no connection, and one and the same text."""

import re
import ssl

import pytest
from pytest_socket import SocketConnectBlockedError

from core.http_client import UNREACHABLE, CallFailed, Client
from core.http_client.addresses import is_public, read_url
from tests.receiver import Receiver, http_answer

# {port} is the listening socket's.
HOSTILE = """
http://127.0.0.1:{port}/
http://127.0.0.1:{port}/?x=@example.com
http://localhost:{port}/
http://LOCALHOST:{port}/
http://localhost.localdomain:{port}/
http://localhost.:{port}/
http://127.0.0.1.:{port}/
http://127.1:{port}/
http://127.0.1:{port}/
http://127.:{port}/
http://127:{port}/
http://0:{port}/
http://0.0:{port}/
http://0.0.0.0:{port}/
http://00.0.0.0:{port}/
http://2130706433:{port}/
http://02130706433:{port}/
http://017700000001:{port}/
http://0177.0.0.1:{port}/
http://0177.0.0.01:{port}/
http://0177.0x0.0.1:{port}/
http://127.0.0.01:{port}/
http://127.000.000.001:{port}/
http://0x7f000001:{port}/
http://0X7F000001:{port}/
http://0x7f.0.0.1:{port}/
http://0x7f.0x0.0x0.0x1:{port}/
http://0x7f.1:{port}/
http://127.0.0.0x1:{port}/
http://0x:{port}/
http://4294967296:{port}/
http://340282366920938463463374607431768211457:{port}/
http://127.0.0.1%00:{port}/
http://127.0.0.1%2f:{port}/
http://%31%32%37.0.0.1:{port}/
http://127%2e0.0.1:{port}/
http://loc%61lhost:{port}/
http://１２７.０.０.１:{port}/
http://127。0。0。1:{port}/
http://127．0．0．1:{port}/
http://①②⑦.⓪.⓪.①:{port}/
http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/
http://ⅼocalhost:{port}/
http://127\u00ad.0.0.1:{port}/
http://localhos\u200dt:{port}/
http://١٢٧.0.0.1:{port}/
http://[::1]:{port}/
http://[0:0:0:0:0:0:0:1]:{port}/
http://[0000::0001]:{port}/
http://[::]:{port}/
http://[::127.0.0.1]:{port}/
http://[::7f00:1]:{port}/
http://[::ffff:127.0.0.1]:{port}/
http://[::ffff:7f00:1]:{port}/
http://[::FFFF:127.0.0.1]:{port}/
http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/
http://[::ffff:0:127.0.0.1]:{port}/
http://[64:ff9b::127.0.0.1]:{port}/
http://[64:ff9b::7f00:1]:{port}/
http://[64:ff9b:1::7f00:1]:{port}/
http://[2002:7f00:1::]:{port}/
http://[2001:0:0:0:0:0:80ff:fffe]:{port}/
http://[fe80::1]:{port}/
http://[fe80::1%25lo]:{port}/
http://[::1%25lo]:{port}/
http://[::1%lo]:{port}/
http://[fec0::1]:{port}/
http://[fc00::1]:{port}/
http://[ff02::1]:{port}/
http://[127.0.0.1]:{port}/
http://[localhost]:{port}/
http://[v1.127.0.0.1]:{port}/
http://[::1:{port}/
http://::1:{port}/
http://[[::1]]:{port}/
http://[::1].example.com:{port}/
http://example.com@127.0.0.1:{port}/
http://example.com:80@127.0.0.1:{port}/
http://127.0.0.1:{port}@example.com/
http://@127.0.0.1:{port}/
http://:@127.0.0.1:{port}/
http://127.0.0.1:{port}\\@example.com/
http://example.com\\@127.0.0.1:{port}/
http://127.0.0.1:{port}:80/
http://127.0.0.1:0{port}x/
http://127.0.0.1 :{port}/
http:// 127.0.0.1:{port}/
http://127.0.0.1\t:{port}/
http:///127.0.0.1:{port}/
http:127.0.0.1:{port}/
http:/127.0.0.1:{port}/
//127.0.0.1:{port}/
127.0.0.1:{port}/
http:\\\\127.0.0.1:{port}/
https://127.0.0.1:{port}/
ftp://127.0.0.1:{port}/
gopher://127.0.0.1:{port}/_GET
file:///etc/passwd
unix:///var/run/docker.sock
data:text/plain,x
javascript:1
""".strip().splitlines()
INSIDE = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.255 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::127.0.0.1 ::8.8.8.8
::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::8.8.8.8 64:ff9b::127.0.0.1 64:ff9b:1::1 100::1 2001::1
2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:2::1 2001:db8::1 2002:7f00:1:: 2002:808:808::1
2620:4f:8000::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 feff::1 ff02::1 ff0e::1
2606:4700::1111%eth0 localhost 127.1
""".split()  # noqa: SIM905 -- a list of addresses reads better so
OUTSIDE = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00::1 3ffe::1
""".split()  # noqa: SIM905 -- a list of addresses reads better so


@pytest.fixture
def receiver(settings):
    """Listens on loopback, at a port that may be called."""
    with Receiver() as receiver:
        settings.OUTBOUND_PORTS = [80, 443, receiver.port]
        settings.ALLOWED_PRIVATE_HOSTS = []
        yield receiver


@pytest.fixture
def client_that_finds():
    """`client_that_finds("8.8.8.8")`: for it every name is at these addresses; `looked_up` are the names, in order."""
    clients = []

    def make(*addresses):
        looked_up = []

        def resolve(name, port):
            looked_up.append(name)
            return list(addresses)

        clients.append(Client(resolve=resolve))
        clients[-1].looked_up = looked_up
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def failure(client, url, **more):
    with pytest.raises(CallFailed) as raised:
        client.send("GET", url, **{"seconds": 5, **more})
    return raised.value


def connecting_to(address):
    """That the client would connect to `address`: tests may not, and pytest-socket says where they wanted to."""
    return pytest.raises((SocketConnectBlockedError, UserWarning), match=re.escape(f'"{address}"'))


@pytest.fixture
def real_client():
    client = Client()
    yield client
    client.close()


def test_there_are_enough_forms():
    assert len(set(HOSTILE)) == len(HOSTILE) > 90


@pytest.mark.parametrize("form", HOSTILE, ids=ascii)
def test_hostile_forms(form, receiver, real_client):
    failed = failure(real_client, form.format(port=receiver.port))
    assert (failed.code, failed.message) == ("unreachable", UNREACHABLE)
    assert receiver.connections() == 0


@pytest.mark.parametrize("address", INSIDE)
def test_names_of_what_is_inside(address, receiver, client_that_finds):
    client = client_that_finds(address)
    failed = failure(client, f"http://shop.example:{receiver.port}/")
    assert (failed.code, failed.message) == ("unreachable", UNREACHABLE)
    assert (client.looked_up, receiver.connections(), is_public(address)) == (["shop.example"], 0, False)


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are_connected_to_themselves(address, receiver, client_that_finds):
    with connecting_to(address):
        client_that_finds(address).send("GET", "http://shop.example/", seconds=5)


@pytest.mark.parametrize(
    "addresses",
    [
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["2606:4700::1111", "::ffff:127.0.0.1"],
        ["8.8.8.8", "8.8.4.4", "1.1.1.1", "10.0.0.1"],
    ],
)
def test_one_address_inside_blocks_the_name(addresses, receiver, client_that_finds):
    failed = failure(client_that_finds(*addresses), f"http://shop.example:{receiver.port}/")
    assert (failed.code, failed.message, receiver.connections()) == ("unreachable", UNREACHABLE, 0)


def test_a_name_is_resolved_once(receiver):
    """Public when it is checked, loopback when it would be asked for again."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]])
    client = Client(resolve=lambda name, port: next(answers))
    with connecting_to("8.8.8.8"):
        client.send("GET", f"http://rebind.example:{receiver.port}/", seconds=5)
    assert (next(answers), receiver.connections()) == (["127.0.0.1"], 0)


def test_redirects_are_answers(receiver, real_client, settings):
    with Receiver() as inside:
        settings.OUTBOUND_PORTS.append(inside.port)
        settings.ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{receiver.port}"]
        receiver.answer = lambda received: http_answer(307, headers={"Location": inside.url("/keys")})
        answer = real_client.send("GET", receiver.url(), seconds=5)
        assert (answer.status, answer.headers["location"]) == (307, inside.url("/keys"))
        assert (inside.connections(), len(receiver.requests)) == (0, 1)


@pytest.mark.parametrize("port", [22, 25, 5432, 8080])
def test_ports(port, client_that_finds, settings):
    client = client_that_finds("8.8.8.8")
    failed = failure(client, f"http://shop.example:{port}/")
    assert (failed.code, failed.message, client.looked_up) == ("unreachable", UNREACHABLE, [])


@pytest.mark.parametrize(
    ("entry", "host", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1:{port}", "127.0.0.1", True),
        ("127.0.0.1:1", "127.0.0.1", False),
        ("crm.internal", "crm.internal", True),
        ("CRM.internal:{port}", "crm.Internal", True),
        ("crm.internal", "x.crm.internal", False),
        ("127.0.0.1", "crm.internal", False),
        ("crm.internal", "127.0.0.1", False),
    ],
)
def test_private_hosts_by_the_name_that_the_operator_gave(entry, host, allowed, receiver, client_that_finds, settings):
    settings.OUTBOUND_PORTS = [80, 443]
    settings.ALLOWED_PRIVATE_HOSTS = [entry.format(port=receiver.port)]
    client, url = client_that_finds("127.0.0.1"), f"http://{host}:{receiver.port}/"
    if allowed:
        assert client.send("GET", url, seconds=5).status == 200
        assert receiver.requests[0].headers["host"] == f"{host.lower()}:{receiver.port}"
    else:
        assert failure(client, url).message == UNREACHABLE
    assert receiver.connections() == int(allowed)


def test_what_may_be_called_holds_for_connections_that_wait_too(receiver, real_client, settings):
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    assert real_client.send("GET", receiver.url(), seconds=5).status == 200
    settings.ALLOWED_PRIVATE_HOSTS = []
    assert failure(real_client, receiver.url()).message == UNREACHABLE
    assert len(receiver.requests) == 1


def test_proxies_of_the_environment_are_not_used(receiver, client_that_finds, settings, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, receiver.url())
    with connecting_to("8.8.8.8"):
        client_that_finds("8.8.8.8").send("GET", "http://shop.example/", seconds=5)
    assert receiver.connections() == 0


def test_names_without_an_address(client_that_finds):
    assert failure(client_that_finds(), "http://shop.example/").message == UNREACHABLE

    def unknown(name, port):
        raise OSError("Name or service not known")

    failed = failure(Client(resolve=unknown), "http://shop.example/")
    assert (failed.code, failed.message, failed.retryable) == ("unreachable", UNREACHABLE, True)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("HTTPS://Shop.Example", ("https", "shop.example", 443, "/")),
        ("http://shop.example:8080/a/b?c=d#e", ("http", "shop.example", 8080, "/a/b?c=d")),
        ("http://shop.example?x=1", ("http", "shop.example", 80, "/?x=1")),
        ("http://8.8.8.8/ä?ö=%20", ("http", "8.8.8.8", 80, "/%C3%A4?%C3%B6=%20")),
        ("http://[2606:4700:0::1111]:81/", ("http", "2606:4700::1111", 81, "/")),
        ("http://xn--bcher-kva.example/", ("http", "xn--bcher-kva.example", 80, "/")),
        ("http://my_shop.example//evil.example/@x", ("http", "my_shop.example", 80, "//evil.example/@x")),
    ],
)
def test_urls(url, parts):
    target = read_url(url)
    assert (target.scheme, target.host, target.port, target.path) == parts


def test_certificates_are_checked(client_that_finds):
    from core.http_client.client import system_tls

    assert (system_tls().verify_mode, system_tls().check_hostname) == (ssl.CERT_REQUIRED, True)
