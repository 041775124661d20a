import hmac
import json
from hashlib import sha256
from typing import Any

import httpx
import pytest

from core.wire.hmac_api import HmacApi
from identity.entities import BankAccount
from payments.gateways import GatewayFailed, GatewayRefused, Transfer, TransferState
from payments.gateways.bank import CorporateBank
from tests.conftest import AT

SECRET = b"only for tests"
ACCOUNT = BankAccount("6222020000000012", "临溪茶业有限公司", "临溪农商银行")


def mac(*lines: str) -> str:
    return hmac.new(SECRET, "\n".join(lines).encode(), sha256).hexdigest()


def bank(content: Any, status: int = 200, *, secret_known: bool = True) -> CorporateBank:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/bank")
        timestamp, nonce = request.headers["x-timestamp"], request.headers["x-nonce"]
        signed = mac(request.method, path, timestamp, nonce, request.content.decode())
        assert request.headers["x-signature"] == signed
        if request.content:
            assert json.loads(request.content)["debit_account"] == "3301000000000001"
        body = json.dumps(content)
        headers = {
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": mac(str(status), timestamp, nonce, body) if secret_known else "0" * 64,
        }
        return httpx.Response(status, content=body, headers=headers)

    client = httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="https://bank.test/bank"
    )
    api = HmacApi(client, app_key="zhangban", secret=SECRET, clock=lambda: AT)
    return CorporateBank(api, debit_account="3301000000000001")


async def pay(bank: CorporateBank) -> Transfer:
    return await bank.transfer(number="D1", account=ACCOUNT, amount_fen=10000, purpose="稳岗返还")


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("accepted", TransferState.ACCEPTED, ""),
        ("paid", TransferState.PAID, ""),
        ("returned", TransferState.FAILED, "account_name_mismatch"),
    ],
)
async def test_a_slip_says_what_became_of_the_money(
    status: str, state: TransferState, reason: str
) -> None:
    slip = {"reference": "D1", "slip_no": "S1", "status": status, "return_reason": reason or None}

    for found in (await pay(bank(slip)), await bank(slip).query("D1")):
        assert found is not None
        assert (found.state, found.slip_no, found.reason) == (state, "S1", reason)


async def test_a_number_they_never_heard_of_is_none() -> None:
    assert await bank({"code": "not_found", "message": ""}, 404).query("D1") is None


async def test_a_proven_no_is_told_by_its_code() -> None:
    with pytest.raises(GatewayRefused) as refused:
        await pay(bank({"code": "reference_reused", "message": ""}, 409))

    assert refused.value.context["reason"] == "reference_reused"


@pytest.mark.parametrize(
    ("content", "status", "secret_known"),
    [
        pytest.param({"reference": "D1"}, 200, False, id="not the bank's"),
        pytest.param({}, 502, True, id="broken"),
        pytest.param({"code": "too_many_requests"}, 429, True, id="too often"),
        pytest.param({"reference": "D1"}, 200, True, id="incomplete"),
        pytest.param(
            {"reference": "D9", "slip_no": "S", "status": "paid"}, 200, True, id="another's"
        ),
    ],
)
async def test_anything_else_leaves_the_outcome_unknown(
    content: Any, status: int, secret_known: bool
) -> None:
    with pytest.raises(GatewayFailed):
        await pay(bank(content, status, secret_known=secret_known))
