"""Both key modes: certificates handed out, answers and callbacks signed by serial, probes."""

import json
from typing import Any

import httpx
import pytest
from cryptography.x509 import load_pem_x509_certificate
from wechatpayv3 import utils as wechatpay

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import MCHID
from tests.sandbox.peers import Merchant
from tests.sandbox.test_courier import callback_of, courier, listening
from tests.sandbox.test_refunds import ask
from tests.sandbox.test_transfers import transfer
from tests.sandbox.test_wechat_pay import BY_NUMBER, NUMBER, pay, prepaid

ORDER = f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}"


class TestCertificates:
    async def test_a_certificate_opens_with_the_merchants_key_and_verifies_the_answer(
        self, merchant: Merchant
    ) -> None:
        await signed_by(merchant, "certificate")

        reply = await merchant.send("GET", "/v3/certificates", **{"Wechatpay-Serial": ""})

        (listed,) = reply.json()["data"]
        believe(merchant, listed)
        assert reply.headers["wechatpay-serial"] == listed["serial_no"]
        assert merchant.verifies(reply.headers, reply.text)
        assert len(listed["serial_no"]) == 40

    async def test_who_has_only_a_public_key_has_none(self, merchant: Merchant) -> None:
        reply = await merchant.call("GET", "/v3/certificates")

        assert (reply.status_code, reply.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")

    async def test_an_answer_is_signed_with_the_key_that_was_asked_for(
        self, merchant: Merchant
    ) -> None:
        """B13, from the other side: two keys are valid at once."""
        await signed_by(merchant, "both")
        (serial,) = await certificates(merchant)

        by_serial = [
            await merchant.call("GET", ORDER, **{"Wechatpay-Serial": asked})
            for asked in (serial, merchant.public_key_id, "0" * 40)
        ]

        used = [reply.headers["wechatpay-serial"] for reply in by_serial]
        assert used == [serial, merchant.public_key_id, serial]

    async def test_a_new_one_signs_while_the_old_one_still_counts(self, merchant: Merchant) -> None:
        """B13, from the other side: the platform's certificate changes."""
        await signed_by(merchant, "certificate")
        (old,) = await certificates(merchant)
        new = (await control(merchant, "rotate-certificate", mchid=MCHID))["serial_no"]
        both = await certificates(merchant)

        asked_old = await merchant.call("GET", ORDER, **{"Wechatpay-Serial": old})
        unasked = await merchant.call("GET", ORDER, **{"Wechatpay-Serial": ""})
        await control(merchant, "retire-certificate", serial_no=old)
        after = await merchant.call("GET", ORDER, **{"Wechatpay-Serial": old})

        assert both == [old, new]
        used = [reply.headers["wechatpay-serial"] for reply in (asked_old, unasked, after)]
        assert used == [old, new, new]

    async def test_a_restart_finds_them_again_and_the_book_shows_no_private_key(
        self, merchant: Merchant
    ) -> None:
        await signed_by(merchant, "certificate")
        (serial,) = await certificates(merchant)

        (row,) = (await merchant.http.get("/book/wechat_pay_certificates")).json()

        assert row["serial_no"] == serial
        assert "PRIVATE" not in json.dumps(row)

    async def test_a_name_may_be_encrypted_to_a_certificate(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await signed_by(merchant, "certificate")
        (serial,) = await certificates(merchant)
        before = await transfer(merchant, world, wang)
        merchant.public_key_id, merchant.platform_key = serial, merchant.platform_keys[serial]

        after = await transfer(merchant, world, wang)

        assert (before["code"], after["state"]) == ("PARAM_ERROR", "WAIT_USER_CONFIRM")


class TestCallbacks:
    @pytest.mark.parametrize(("share", "moved"), [(0.0, False), (1.0, True)])
    async def test_the_share_says_which_key_signs(
        self, merchant: Merchant, world: World, wang: Person, share: float, moved: bool
    ) -> None:
        await signed_by(merchant, "both", share)
        (serial,) = await certificates(merchant)
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        heard = await delivered(world)

        assert merchant.verifies(heard[0].headers, heard[0].content.decode())
        used = heard[0].headers["wechatpay-serial"]
        assert used == (merchant.public_key_id if moved else serial)

    async def test_in_between_both_come_and_each_stays_with_its_key(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        """B13, from the other side: the week in which a merchant moves."""
        await signed_by(merchant, "both", 0.5)
        await certificates(merchant)
        await pay(merchant, wang, await prepaid(merchant, world, wang))
        world.time_scale = 1e9
        for number in range(20):
            await ask(merchant, f"R{number}", 1)
        await merchant.call("GET", "/v3/refund/domestic/refunds/R19")

        first, again = await delivered(world), await delivered(world)

        serials = [
            {request.content: request.headers["wechatpay-serial"] for request in heard}
            for heard in (first, again)
        ]
        assert set(serials[0].values()) == set(merchant.platform_keys)
        assert serials[0] == serials[1]


class TestProbes:
    async def test_a_probe_that_is_refused_comes_again_truly_signed(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        """B14, from the other side."""
        await control(merchant, "probes", mchid=MCHID, callbacks=1)
        await pay(merchant, wang, await prepaid(merchant, world, wang))

        (probe,) = await delivered(world, httpx.Response(401))
        (true,) = await delivered(world)

        assert probe.headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/")
        assert true.content == probe.content
        assert merchant.verifies(true.headers, true.content.decode())
        assert callback_of(world)["state"] == "delivered"
        assert calls(world) == {"refused": 1}

    async def test_a_probe_that_is_believed_is_noted_and_comes_again(
        self, merchant: Merchant, world: World, wang: Person
    ) -> None:
        await control(merchant, "probes", mchid=MCHID, callbacks=1)
        await pay(merchant, wang, await prepaid(merchant, world, wang))

        await delivered(world)

        assert callback_of(world)["state"] == "pending"
        assert calls(world) == {"believed": 1}

    async def test_answers_are_probed_too(self, merchant: Merchant) -> None:
        await control(merchant, "probes", mchid=MCHID, answers=1)

        probe = await merchant.send("GET", ORDER)
        true = await merchant.call("GET", ORDER)

        assert probe.headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/")
        assert true.status_code == 404


async def control(merchant: Merchant, switch: str, **asked: Any) -> dict[str, Any]:
    reply = await merchant.http.post(f"/control/wechat-pay/{switch}", json=asked)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def signed_by(merchant: Merchant, mode: str, share: float = 0.0) -> None:
    await control(merchant, "signing", mchid=MCHID, mode=mode, public_key_share=share)


async def certificates(merchant: Merchant) -> list[str]:
    """Fetch and believe what is handed out; the serials."""
    reply = await merchant.send("GET", "/v3/certificates")
    for listed in reply.json()["data"]:
        believe(merchant, listed)
    assert merchant.verifies(reply.headers, reply.text)
    return [listed["serial_no"] for listed in reply.json()["data"]]


def believe(merchant: Merchant, listed: dict[str, Any]) -> None:
    sealed = listed["encrypt_certificate"]
    given = (sealed["nonce"], sealed["ciphertext"], sealed["associated_data"])
    certificate = load_pem_x509_certificate(
        wechatpay.aes_decrypt(*given, merchant.apiv3_key).encode()
    )
    assert f"{certificate.serial_number:X}" == listed["serial_no"]
    merchant.platform_keys[listed["serial_no"]] = certificate.public_key()


async def delivered(world: World, answer: httpx.Response | None = None) -> list[httpx.Request]:
    """One try of everything, whether it was delivered before or not."""
    world.book.write("UPDATE callbacks SET state = 'pending', next_at = created_at")
    heard: list[httpx.Request] = []
    await courier(world, listening(heard, answer or httpx.Response(204))).deliver_due()
    return heard


def calls(world: World) -> dict[str, int]:
    query = "SELECT outcome, times FROM calls WHERE api = 'wechat_pay probe'"
    return {row["outcome"]: row["times"] for row in world.book.rows(query)}
