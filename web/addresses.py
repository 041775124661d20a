"""From where a request comes. A header is believed only from a proxy that settings name."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from msgspec import Struct

Network = IPv4Network | IPv6Network


class Whence(Struct, frozen=True):
    """Where a request comes from: the address, and whom a limit counts for it."""

    address: str
    network: str


def client_address(scope: Any, trusted_proxies: Sequence[Network] = ()) -> str:
    """The nearest address that is no proxy of ours; "unknown" when there is none."""
    client = scope.get("client")
    address = _address(client[0]) if client else None
    if address is None:
        return "unknown"
    for hop in reversed(_forwarded(scope)):
        if not any(address in network for network in trusted_proxies):
            break
        address = _address(hop) or address
    return str(address)


def client_network(scope: Any, trusted_proxies: Sequence[Network] = ()) -> str:
    """Whom a limit counts: the address, or the /64 of an IPv6 one, all of which one home has."""
    return network_of(client_address(scope, trusted_proxies))


def network_of(address: str) -> str:
    """Whom a limit counts for an address that was read before."""
    return str(IPv6Network((address, 64), strict=False)) if ":" in address else address


def _forwarded(scope: Any) -> list[str]:
    """All hops of all X-Forwarded-For headers, in the order they were added."""
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    text = b",".join(values).decode("latin-1")
    return [hop.strip() for hop in text.split(",")] if text else []


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """One spelling for one address: IPv4 inside IPv6 is IPv4."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
