import hmac
from base64 import b64encode
from datetime import date
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import pytest

from core.wire.hmac_api import HmacApi
from identity.kinds import PartyKind
from licences.kinds import LicenceStatus
from licences.registries import HolderKey, RegistryFailed
from licences.registries.signed_api import MAX_PICTURE_BYTES, SignedRegistry
from tests.conftest import AT

SECRET = b"a registry's secret"
LICENCE: dict[str, Any] = {
    "identifier": "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "type_code": "11100000000013338W009",
    "number": "LX-1",
    "holder_type": "person",
    "holder_code": "330100195103089023",
    "data": {"name": "王桂兰"},
    "issuer_name": "临溪市民政局",
    "division": "330199",
    "valid_from": "2020-01-01",
    "valid_until": None,
    "state": "suspended",
    "state_on": "2026-11-21",
    "registered_on": "2020-01-01",
    "portrait_sha256": None,
}


def registry(content: object, *, status: int = 200, secret: bytes = SECRET) -> SignedRegistry:
    """One that answers everything with this, signed as it should be."""

    def answer(request: httpx.Request) -> httpx.Response:
        body, nonce = msgspec.json.encode(content), request.headers["X-Nonce"]
        timestamp = str(int(AT.timestamp()))
        lines = [str(status).encode(), timestamp.encode(), nonce.encode(), body]
        signature = hmac.new(secret, b"\n".join(lines), sha256).hexdigest()
        headers = {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}
        return httpx.Response(status, content=body, headers=headers)

    client = httpx.AsyncClient(
        base_url="https://registry.test", transport=httpx.MockTransport(answer)
    )
    api = HmacApi(client, app_key="zb", secret=SECRET, clock=lambda: AT)
    return SignedRegistry(api, name="linxi", region="", region_name="")


def changes(**fields: object) -> dict[str, object]:
    row = {"as_of": AT, "changes": [LICENCE | fields], "next": "7:0", "more": False}
    return dict(row)


async def test_a_change_is_read_whole() -> None:
    page = await registry(changes()).changes("", limit=10)

    (row,) = page.records
    assert (page.cursor, page.more, page.as_of) == ("7:0", False, AT)
    assert row.holder == HolderKey(PartyKind.PERSON, "330100195103089023")
    assert (row.status, row.status_on, row.valid_until) == (
        LicenceStatus.SUSPENDED,
        date(2026, 11, 21),
        None,
    )
    assert "330100195103089023" not in repr(row) + repr(row.holder)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"identifier": LICENCE["identifier"][:-1] + "1"}, id="check character"),
        pytest.param({"type_code": "11100000000013338W010"}, id="another kind"),
        pytest.param({"state": "lost"}, id="unheard-of state"),
        pytest.param({"valid_until": "2019-12-31"}, id="ends before it begins"),
        pytest.param({"issuer_name": "局" * 65}, id="too long"),
        pytest.param({"number": ""}, id="no number"),
        pytest.param({"holder_type": "dog"}, id="unheard-of holder"),
    ],
)
async def test_what_cannot_be_is_not_taken_for_an_answer(wrong: dict[str, object]) -> None:
    with pytest.raises(RegistryFailed):
        await registry(changes(**wrong)).changes("", limit=10)


async def test_an_answer_of_somebody_else_is_none() -> None:
    with pytest.raises(RegistryFailed):
        await registry(changes(), secret=b"another").changes("", limit=10)


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_refusal_is_no_answer(status: int) -> None:
    with pytest.raises(RegistryFailed):
        await registry({"code": "x", "message": "y"}, status=status).find("k", "n")


async def test_a_moment_without_its_zone_is_not_guessed() -> None:
    with pytest.raises(RegistryFailed):
        await registry(changes() | {"as_of": "2026-11-22T10:00:00"}).changes("", limit=10)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param({"media_type": "image/svg+xml", "content": "AA=="}, id="a drawing"),
        pytest.param({"media_type": "image/png", "content": "not base64!"}, id="no Base64"),
        pytest.param(
            {"media_type": "image/png", "content": b64encode(b"x" * (MAX_PICTURE_BYTES + 1))},
            id="too large",
        ),
    ],
)
async def test_a_picture_is_a_small_photograph(picture: dict[str, object]) -> None:
    """C10"""
    with pytest.raises(RegistryFailed):
        await registry(msgspec.to_builtins(picture)).portrait("1.2.156")
