from ipaddress import ip_network

import pytest

from web.addresses import client_address, client_network

OURS = [ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("127.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("127.0.0.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        ("127.0.0.1", ["9.9.9.9", "1.2.3.4, 10.1.2.3"], "1.2.3.4"),
        ("127.0.0.1", ["nonsense, 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", ["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
        ("::ffff:127.0.0.1", ["::ffff:1.2.3.4"], "1.2.3.4"),
        ("fd00::1", ["2001:db8:1:2:aaaa::1"], "2001:db8:1:2:aaaa::1"),
        ("/run/app.sock", ["1.2.3.4"], "unknown"),
        (None, ["1.2.3.4"], "unknown"),
    ],
)
def test_a_client_is_the_nearest_address_that_is_no_proxy_of_ours(
    client: str | None, forwarded: list[str], address: str
) -> None:
    headers = [(b"x-forwarded-for", hops.encode()) for hops in forwarded]
    scope = {"client": (client, 1) if client else None, "headers": headers}

    assert client_address(scope, OURS) == address


def test_a_limit_counts_all_addresses_of_a_home_as_one() -> None:
    neighbours = ["2001:db8:1:2:aaaa::1", "2001:db8:1:2:bbbb::2"]

    counted = {client_network({"client": (address, 1), "headers": []}) for address in neighbours}

    assert counted == {"2001:db8:1:2::/64"}
    assert client_network({"client": ("203.0.113.9", 1), "headers": []}) == "203.0.113.9"
