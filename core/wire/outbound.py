"""Calls to addresses that others configure, as a department's webhook: nowhere but where allowed.

The host stands on the allow-list and is a name, not a number in any spelling. It is resolved once,
every address it has must be a public one, and the connection goes to that very address, so that a
name which changes its mind in between changes nothing. Redirects are refused, an answer has 5
seconds and 1 MB. 外呼
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpx

from core.errors import Rejected
from core.wire import NoAnswer

SECONDS = 5.0
MAX_BYTES = 1024 * 1024

Resolve = Callable[[str], Awaitable[list[str]]]
"""All addresses of a name."""

_HTTPS = 443
_NAME = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z"
)
_NAT64 = IPv6Network("64:ff9b::/96")
# Public by their number, and yet of this network: protocol assignments, a cloud's metadata, relays.
_INSIDE = [
    ip_network(text)
    for text in (
        "192.0.0.0/24",
        "168.63.129.16/32",
        "192.88.99.0/24",
        "fec0::/10",
        "2002::/16",
        "2001::/32",
    )
]


class OutboundRefused(Rejected):
    """The address is none that this deployment calls. `reason` says which rule it broke."""

    code = "core.outbound_refused"
    message = "该地址不在允许访问的范围内"
    shown = ("reason",)


async def resolve(host: str) -> list[str]:
    """All addresses of a name, by the system's resolver."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, _HTTPS)
    except OSError as error:
        raise NoAnswer("the name has no address") from error
    return [str(address[0]) for *_, address in found]


def check_url(url: httpx.URL | str, allowed: Collection[str]) -> httpx.URL:
    """The address, if it may be called: for whoever configures one. OutboundRefused if not.

    `allowed` holds names, and name:port where it is not 443.
    """
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise OutboundRefused(reason="malformed") from error
    if target.scheme != "https":
        raise OutboundRefused(reason="scheme")
    if target.userinfo:
        raise OutboundRefused(reason="userinfo")
    host, port = target.raw_host.decode("ascii").lower(), target.port or _HTTPS
    if not _NAME.match(host):
        raise OutboundRefused(reason="host")
    if (host if port == _HTTPS else f"{host}:{port}") not in allowed:
        raise OutboundRefused(reason="not_allowed")
    return target


def is_public(text: str) -> bool:
    """Whether an address belongs to the internet at large, whatever is wrapped up in it."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    inner = _embedded(address)
    if inner is not None:
        address = inner
    inside = any(address in network for network in _INSIDE if network.version == address.version)
    return address.is_global and not (address.is_multicast or address.is_reserved or inside)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


class GuardedTransport(httpx.AsyncBaseTransport):
    """An httpx transport that calls nothing but what it may, and hears no more than it should.

    Raises OutboundRefused for what is not called at all, NoAnswer for what did not answer in the
    bounds, and httpx's own errors for the rest.
    """

    def __init__(
        self,
        allowed: Collection[str],
        *,
        resolve: Resolve = resolve,
        inner: httpx.AsyncBaseTransport | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolve
        # A connection is never kept: one made for a name must not serve another at its address.
        self._inner = inner or httpx.AsyncHTTPTransport(
            verify=ssl.create_default_context(),
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self._seconds = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = check_url(request.url, self._allowed)
        try:
            async with asyncio.timeout(self._seconds):
                address = await self._address(target.host)
                return await self._ask(_pinned(request, address))
        except TimeoutError as error:
            raise NoAnswer("too slow") from error

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _address(self, host: str) -> str:
        addresses = await self._resolve(host)
        if not addresses:
            raise NoAnswer("the name has no address")
        if not all(is_public(address) for address in addresses):
            raise OutboundRefused(reason="address")
        return addresses[0]

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        try:
            if response.is_redirect:
                raise OutboundRefused(reason="redirect")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise NoAnswer("compressed, though not asked for")
            content = b"".join([chunk async for chunk in _bounded(response)])
        finally:
            await response.aclose()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


def guarded_client(allowed: Collection[str], **given: Any) -> httpx.AsyncClient:
    """A client that only the guard lets out: no proxy of the environment, no redirects."""
    return httpx.AsyncClient(
        transport=GuardedTransport(allowed, **given), follow_redirects=False, trust_env=False
    )


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to the address that was checked, still for the host by TLS and HTTP."""
    host = request.url.raw_host.decode("ascii")
    headers = httpx.Headers(request.headers)
    headers["Host"] = request.url.netloc.decode("ascii")
    headers["Accept-Encoding"] = "identity"
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


async def _bounded(response: httpx.Response) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if received > MAX_BYTES:
            raise NoAnswer("too long")
        yield chunk
