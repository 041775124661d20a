"""Row G09: addresses that somebody else configured lead nowhere but where they may."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.wire import NoAnswer
from core.wire.outbound import (
    MAX_BYTES,
    GuardedTransport,
    OutboundRefused,
    check_url,
    guarded_client,
    is_public,
)
from tests.given import AT

HOST, PUBLIC = "hook.bureau.example", "93.184.215.14"
ALLOWED = {HOST, "other.bureau.example:8443"}


class Names:
    """A resolver that says what it was told to, one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Content(httpx.AsyncByteStream):
    """As it comes off the line, in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def answer(*pieces: bytes, status: int = 200, **headers: str) -> Callable[[], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx.Response(status, headers=named, stream=Content(*pieces))


class Line(httpx.AsyncBaseTransport):
    """Where requests would go. Remembers them."""

    def __init__(self, answer: Callable[[], httpx.Response]) -> None:
        self._answer = answer
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self._answer()


def guarded(names: Names, line: Line) -> httpx.AsyncClient:
    return guarded_client(ALLOWED, resolve=names, inner=line)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("http://hook.bureau.example/x", "scheme", id="not encrypted"),
        pytest.param("gopher://hook.bureau.example:443/_GET", "scheme", id="gopher"),
        pytest.param("file:///etc/passwd", "scheme", id="a file"),
        pytest.param("https://127.1/", "host", id="127.1"),
        pytest.param("https://2130706433/", "host", id="decimal"),
        pytest.param("https://0x7f000001/", "host", id="hexadecimal"),
        pytest.param("https://0177.0.0.1/", "malformed|host", id="octal"),
        pytest.param("https://127.0.0.1/", "host", id="loopback"),
        pytest.param("https://169.254.169.254/latest/meta-data", "host", id="metadata"),
        pytest.param("https://[::1]/", "host", id="loopback, IPv6"),
        pytest.param("https://[::ffff:127.0.0.1]/", "host", id="loopback, mapped"),
        pytest.param("https://[fe80::1%25eth0]/", "malformed|host", id="link-local with a zone"),
        pytest.param("https://localhost/", "host", id="localhost"),
        pytest.param("https://１２７.０.０.１/", "malformed|host", id="full-width digits"),
        pytest.param("https://hook.bureau.example@127.0.0.1/", "userinfo", id="userinfo@"),
        pytest.param("https://a:b@hook.bureau.example/", "userinfo", id="name and password"),
        pytest.param("https://evil.example/", "not_allowed", id="not on the list"),
        pytest.param("https://hook.bureau.example.evil.example/", "not_allowed", id="longer"),
        pytest.param("https://evil-hook.bureau.example/", "not_allowed", id="similar"),
        pytest.param("https://hook.bureau.example:22/", "not_allowed", id="another port"),
        pytest.param("https://other.bureau.example/", "not_allowed", id="its port is 8443"),
        pytest.param("https:///x", "malformed|host", id="no host"),
        pytest.param("https://hook.bureau.example./", "host", id="a dot at the end"),
        pytest.param("//hook.bureau.example/x", "scheme", id="no scheme"),
    ],
)
async def test_an_address_that_may_not_be_called_is_refused_unasked(url: str, reason: str) -> None:
    names, line = Names([PUBLIC]), Line(answer())

    with pytest.raises(OutboundRefused) as refused:
        check_url(url, ALLOWED)
    with pytest.raises((OutboundRefused, httpx.InvalidURL, httpx.UnsupportedProtocol)):
        async with guarded(names, line) as client:
            await client.get(url)

    assert refused.value.context["reason"] in reason.split("|")
    assert (names.asked, line.sent) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200"),
        *("169.254.169.254", "0.0.0.0", "192.0.0.192", "168.63.129.16", "198.18.0.1"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1"),
        *("::", "::1", "fe80::1", "fec0::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::127.0.0.1", "not one"),
    ],
)
async def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    """Also when only one of its addresses does."""
    line = Line(answer())

    for found in ([address], [PUBLIC, address]):
        async with guarded(Names(found), line) as client:
            with pytest.raises(OutboundRefused, match="outbound_refused"):
                await client.get(f"https://{HOST}/")

    assert line.sent == []


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_what_is_public_is_public(address: str) -> None:
    assert is_public(address)


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that answers otherwise the second time is not asked a second time."""
    names, line = Names([PUBLIC], ["127.0.0.1"]), Line(answer(b"ok"))

    async with guarded(names, line) as client:
        reply = await client.post(f"https://{HOST}/hook?a=1", content=b"{}")

    (sent,) = line.sent
    assert (reply.text, names.asked) == ("ok", [HOST])
    assert str(sent.url) == f"https://{PUBLIC}/hook?a=1"
    assert (sent.headers["host"], sent.extensions["sni_hostname"]) == (HOST, HOST)


async def test_a_name_rebound_between_two_calls_is_refused_at_the_second() -> None:
    names, line = Names([PUBLIC], ["127.0.0.1"]), Line(answer())

    async with guarded(names, line) as client:
        await client.get(f"https://{HOST}/")
        with pytest.raises(OutboundRefused):
            await client.get(f"https://{HOST}/")

    assert len(line.sent) == 1


@pytest.mark.parametrize("follow", [False, True])
async def test_a_redirect_is_refused_also_for_a_client_that_would_follow(follow: bool) -> None:
    line = Line(answer(status=302, location=f"https://{HOST}/elsewhere"))

    async with guarded(Names([PUBLIC]), line) as client:
        with pytest.raises(OutboundRefused) as refused:
            await client.get(f"https://{HOST}/", follow_redirects=follow)

    assert refused.value.details() == {"reason": "redirect"}
    assert len(line.sent) == 1


async def test_an_answer_past_one_megabyte_is_none() -> None:
    whole = Line(answer(*[b"x" * (MAX_BYTES // 8)] * 8))
    longer = Line(answer(*[b"x" * (MAX_BYTES // 8)] * 9))

    async with guarded(Names([PUBLIC]), whole) as client:
        assert len((await client.get(f"https://{HOST}/")).content) == MAX_BYTES
    async with guarded(Names([PUBLIC]), longer) as client:
        with pytest.raises(NoAnswer, match="too long"):
            await client.get(f"https://{HOST}/")


async def test_a_compressed_answer_is_none_so_that_it_cannot_grow() -> None:
    line = Line(answer(b"\x1f\x8b", content_encoding="gzip"))

    async with guarded(Names([PUBLIC]), line) as client:
        with pytest.raises(NoAnswer, match="compressed"):
            await client.get(f"https://{HOST}/")

    assert line.sent[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("slow", ["name", "answer"])
async def test_who_takes_too_long_has_not_answered(slow: str) -> None:
    async def resolve(host: str) -> list[str]:
        await asyncio.sleep(30 if slow == "name" else 0)
        return [PUBLIC]

    class Slow(Line):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(30)
            return await super().handle_async_request(request)

    inner = Slow(answer())
    transport = GuardedTransport(ALLOWED, resolve=resolve, inner=inner, seconds=0.05)
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(NoAnswer, match="too slow"):
            await client.get(f"https://{HOST}/")


class ToThisMachine(httpx.AsyncBaseTransport):
    """The real line, only that the public address is played by a port of this machine."""

    def __init__(self, port: int, trusted: ssl.SSLContext) -> None:
        self._port = port
        self._line = httpx.AsyncHTTPTransport(verify=trusted, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == PUBLIC
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return await self._line.handle_async_request(request)


@pytest.mark.parametrize(("certified", "answers"), [(HOST, True), ("evil.example", False)])
async def test_the_certificate_must_be_the_name_s_and_not_the_address_s(
    certified: str, answers: bool, tmp_path: Path
) -> None:
    pem = _certificate(certified, tmp_path)
    serving, trusted = (
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
        ssl.create_default_context(),
    )
    serving.load_cert_chain(pem)
    trusted.load_verify_locations(pem)
    server = await asyncio.start_server(_say_ok, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]

    async with server:
        line = ToThisMachine(port, trusted)
        async with guarded_client(ALLOWED, resolve=Names([PUBLIC]), inner=line) as client:
            if answers:
                assert (await client.get(f"https://{HOST}/")).text == "ok"
            else:
                with pytest.raises(httpx.ConnectError, match="certificate"):
                    await client.get(f"https://{HOST}/")


async def _say_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    await writer.drain()
    writer.close()


def _certificate(host: str, folder: Path) -> Path:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(AT - timedelta(days=3650))
        .not_valid_after(AT + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file
