"""Money to a wallet at once, by an application in certificate mode."""

from typing import Any

import pytest

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import later
from tests.sandbox.peers import AlipayClient

TRANSFER = "alipay.fund.trans.uni.transfer"
QUERY = "alipay.fund.trans.common.query"
FIXED = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}


async def transfer(
    certified: AlipayClient, world: World, person: Person, **changed: Any
) -> dict[str, Any]:
    content = FIXED | {
        "out_biz_no": "D20261122ABC",
        "trans_amount": "100.00",
        "order_title": "高龄津贴",
        "payee_info": {
            "identity": world.identities.open_id(person, certified.app_id),
            "identity_type": "ALIPAY_OPEN_ID",
            "name": changed.pop("name", person.name),
        },
        "transfer_scene_name": "行政补贴和退款",
        "transfer_scene_report_infos": [{"info_type": "补贴类型", "info_content": "高龄津贴"}],
    }
    return await certified.call(TRANSFER, content | changed)


async def query(certified: AlipayClient, number: str = "D20261122ABC") -> dict[str, Any]:
    return await certified.call(QUERY, FIXED | {"out_biz_no": number})


async def wallet(certified: AlipayClient) -> int:
    told = (await certified.http.get("/phone/wang-guilan/wallet")).json()
    return int(told["alipay_balance_fen"])


async def test_the_money_is_there_at_once_and_only_once(
    certified: AlipayClient, world: World, wang: Person
) -> None:
    absent = await query(certified)
    made = [await transfer(certified, world, wang) for _ in range(2)]
    told = await query(certified)

    assert absent["sub_code"] == "ORDER_NOT_EXIST"
    assert made[0] | {"status": "SUCCESS"} == made[1]
    assert (told["status"], told["trans_amount"]) == ("SUCCESS", "100.00")
    assert told["order_id"] == made[0]["order_id"]
    assert await wallet(certified) == 50000 + 10000


@pytest.mark.parametrize(
    ("changed", "sub_code"),
    [
        ({"name": "李强"}, "PAYEE_USER_INFO_ERROR"),
        ({"trans_amount": "0.09"}, "EXCEED_LIMIT_SM_MIN_AMOUNT"),
        ({"trans_amount": "100000000.01", "remark": "补发"}, "EXCEED_LIMIT_SM_AMOUNT"),
        ({"trans_amount": "50000.00"}, "MEMO_REQUIRED_IN_TRANSFER_ERROR"),
        ({"trans_amount": "99999999.00", "remark": "补发"}, "PAYER_BALANCE_NOT_ENOUGH"),
        ({"transfer_scene_name": "别的"}, "INVALID_PARAMETER"),
        ({"transfer_scene_report_infos": []}, "INVALID_PARAMETER"),
        ({"biz_scene": "PERSONAL_PAY"}, "INVALID_PARAMETER"),
        ({"payee_info": {"identity": "x", "identity_type": "ALIPAY_OPEN_ID"}}, "PAYEE_NOT_EXIST"),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    certified: AlipayClient, world: World, wang: Person, changed: dict[str, Any], sub_code: str
) -> None:
    refused = await transfer(certified, world, wang, **changed)

    assert (refused["code"], refused["sub_code"]) == ("40004", sub_code)
    assert (await query(certified))["sub_code"] == "ORDER_NOT_EXIST"
    assert await wallet(certified) == 50000
    assert (await transfer(certified, world, wang))["code"] == "10000"


async def test_the_same_number_with_another_request_is_refused(
    certified: AlipayClient, world: World, wang: Person
) -> None:
    await transfer(certified, world, wang)

    other = await transfer(certified, world, wang, trans_amount="200.00")

    assert other["sub_code"] == "PAYMENT_INFO_INCONSISTENCY"


@pytest.mark.parametrize("ends", ["SUCCESS", "FAIL", "REFUND"])
async def test_some_take_a_while_and_then_end(
    certified: AlipayClient, world: World, wang: Person, ends: str
) -> None:
    world.time_scale = 10
    await certified.http.post("/control/alipay/transfers", json={"seconds": 60, "ends": ends})
    made = await transfer(certified, world, wang)
    dealing, before = await query(certified), await account(certified)
    later(world, seconds=7)

    told = await query(certified)

    assert (made["status"], dealing["status"]) == ("DEALING", "DEALING")
    assert before["available_amount"] == "9999900.00"
    assert told["status"] == ends
    assert ("error_code" in told) == (ends != "SUCCESS")
    paid = ends == "SUCCESS"
    assert await wallet(certified) == (60000 if paid else 50000)
    assert (await account(certified))["available_amount"] == (
        "9999900.00" if paid else "10000000.00"
    )


async def test_nobody_elses_balance_is_told(certified: AlipayClient) -> None:
    asked = {"alipay_user_id": "2088000000000001", "account_type": "ACCTRANS_ACCOUNT"}

    assert (await certified.call("alipay.fund.account.query", asked))["code"] == "40006"


async def account(certified: AlipayClient) -> dict[str, Any]:
    asked = {"alipay_user_id": certified.app["seller_id"], "account_type": "ACCTRANS_ACCOUNT"}
    return await certified.call("alipay.fund.account.query", asked)
