"""From where a request comes. A header is believed only from a proxy that settings name."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

Network = IPv4Network | IPv6Network


def client_address(scope: Any, trusted_proxies: Sequence[Network] = ()) -> str:
    """The nearest address that is no proxy of ours; "unknown" when there is none."""
    client = scope.get("client")
    address = _plain(client[0]) if client else None
    if address is None:
        return "unknown"
    for hop in reversed(_forwarded(scope)):
        if not _is_trusted(address, trusted_proxies):
            break
        address = _plain(hop) or address
    return address


def _forwarded(scope: Any) -> list[str]:
    """All hops of all X-Forwarded-For headers, in the order they were added."""
    values = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    text = b",".join(values).decode("latin-1")
    return [hop.strip() for hop in text.split(",")] if text else []


def _is_trusted(address: str, trusted_proxies: Sequence[Network]) -> bool:
    return any(ip_address(address) in network for network in trusted_proxies)


def _plain(text: str) -> str | None:
    """One spelling for one address; IPv4 inside IPv6 is IPv4, and an IPv6 home is its /64."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
