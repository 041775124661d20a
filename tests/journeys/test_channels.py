"""登录渠道与认证等级: several apps, the older ways to a number, faces, the unified service."""

from typing import Any

import pytest

from core.clock import now
from identity.models import Account, FaceCheck, OneTimeProof, PhoneContact, RefreshToken, Session
from identity.renaming import learn_newer_names
from sandbox.alipay.login import Names, set_names
from tests.journeys import books
from tests.journeys.town import Town
from tests.journeys.world import Reply, Resident, resident


def second_apps(town: Town) -> tuple[str, str]:
    platforms = town.city.read("platforms")
    return (
        platforms["wechat"]["more_apps"][0]["appid"],
        platforms["alipay"]["more_app_ids"][0],
    )


async def log_in_to(person: Resident, provider: str, appid: str) -> Reply:
    if provider == "wechat":
        code = (await person.phone("wechat/login-code", {"appid": appid}))["code"]
    else:
        code = (await person.phone("alipay/auth-code", {"app_id": appid}))["authCode"]
    asked = {"provider": provider, "code": code, "appid": appid}
    person.take_up(await person.post("/v1/sessions", asked))
    return person.signed_in


async def account_of(person: Resident) -> Account:
    session = await Session.get(id=person.signed_in["session_id"])
    return await Account.get(id=session.account_id)


class TestSeveralApps:
    @pytest.mark.parametrize(("provider", "key"), [("wechat", "feng-xue"), ("alipay", "tian-ye")])
    async def test_each_app_has_its_own_accounts_and_one_person_may_have_all(
        self, town: Town, provider: str, key: str
    ) -> None:
        first, second = await resident(town, key), Resident(town, key)
        wechat, alipay = second_apps(town)

        signed_in = await log_in_to(second, provider, wechat if provider == "wechat" else alipay)
        proved = await second.prove_real_name()

        assert (signed_in["level"], proved) == (0, {"level": 2})
        mine, other = [await account_of(one) for one in (second, first)]
        assert mine.appid != other.appid
        assert mine.person_id == other.person_id is not None
        assert mine.subject != other.subject
        homes = [await one.get("/v1/home") for one in (first, second)]
        assert homes[0]["fees"] == homes[1]["fees"]

    async def test_a_code_of_one_app_is_nothing_in_another(self, town: Town) -> None:
        person, (second, _) = Resident(town, "gao-min"), second_apps(town)
        code = (await person.phone("wechat/login-code", {"appid": second}))["code"]

        refused = await person.refusal("POST", "/v1/sessions", {"provider": "wechat", "code": code})
        unknown = await person.refusal(
            "POST", "/v1/sessions", {"provider": "wechat", "code": code, "appid": "wx-none"}
        )

        assert refused == (401, "identity.login_code_rejected")
        assert unknown == (404, "identity.provider_unknown")

    async def test_who_signs_in_to_the_second_app_pays_in_it(self, town: Town) -> None:
        person, (second, _) = Resident(town, "zhao-jianguo"), second_apps(town)
        await log_in_to(person, "wechat", second)
        await person.prove_real_name()
        orders = (await person.get("/v1/fee-orders", status="open"))["items"]

        payment = await person.prepare_payment(orders[0])
        sheet = {"appId": second} | payment["parameters"]
        said = await person.phone("wechat/pay", sheet)

        assert said == {"errMsg": "requestPayment:ok"}
        await town.work()
        paid = await person.get(f"/v1/fee-orders/{orders[0]['order_no']}")
        assert paid["status"] == "paid"
        [order] = [row for row in await town.book("wechat_pay_orders") if row["state"] == "SUCCESS"]
        assert order["appid"] == second
        await books.agree(town)


class TestPhoneNumbers:
    async def test_an_older_client_shares_its_number_sealed(self, town: Town) -> None:
        """A02: the session key is asked for, used and forgotten."""
        person = await resident(town, "sun-xiaomei")
        asked = {"appid": town.city.wechat_appid}
        code = (await person.phone("wechat/login-code", asked))["code"]
        given = await person.phone("wechat/encrypted-phone-number", asked)
        sealed = {
            "encrypted_data": given["encryptedData"],
            "iv": given["iv"],
            "login_code": code,
        }

        told = await person.put("/v1/me/phone", {"sealed": sealed})
        again = await person.refusal("PUT", "/v1/me/phone", {"sealed": sealed})

        assert told["phone"].endswith(person.row.phone[-4:])
        assert again == (409, "identity.phone_proof_used")
        keys = town.world.book.rows("SELECT session_key FROM logins WHERE session_key IS NOT NULL")
        kept: list[Any] = list(town.said)
        for table in (Account, Session, RefreshToken, OneTimeProof, PhoneContact):
            kept += await table.all().values()
        kept += [await town.parts.cache.dump(name) for name in await town.parts.cache.keys("*")]
        assert [row for row in keys if row["session_key"] in repr(kept)] == []

    async def test_what_another_phone_was_given_opens_nothing_here(self, town: Town) -> None:
        person, other = await resident(town, "li-weidong"), Resident(town, "gao-min")
        asked = {"appid": town.city.wechat_appid}
        codes = [(await one.phone("wechat/login-code", asked))["code"] for one in (person, other)]
        given = await other.phone("wechat/encrypted-phone-number", asked)
        data = {"encrypted_data": given["encryptedData"], "iv": given["iv"]}

        for code in codes:
            refused = await person.refusal(
                "PUT", "/v1/me/phone", {"sealed": data | {"login_code": code}}
            )
            assert refused == (422, "identity.phone_proof_rejected")

    async def test_alipays_payload_is_its_first_bringers_and_spaces_make_no_other(
        self, town: Town
    ) -> None:
        owner, thief = await resident(town, "wu-zhiqiang", "alipay"), Resident(town, "lin-hao")
        await thief.log_in("alipay")
        asked = {"app_id": town.city.merchants[0].alipay_app_id}
        payload = (await owner.phone("alipay/phone-number", asked))["response"]

        first = await owner.put("/v1/me/phone", {"proof": payload})
        again = await owner.put("/v1/me/phone", {"proof": payload.replace('", "', '" , "')})
        stolen = await thief.refusal("PUT", "/v1/me/phone", {"proof": f" {payload}"})

        assert first == again
        assert stolen == (409, "identity.phone_proof_used")


class TestFaces:
    @pytest.mark.parametrize(("provider", "key"), [("wechat", "xu-jing"), ("alipay", "he-jun")])
    async def test_a_face_shown_on_the_phone_opens_level_three(
        self, town: Town, provider: str, key: str
    ) -> None:
        person = Resident(town, key)
        await person.log_in("wechat" if provider == "wechat" else "alipay")
        unproved = await person.http.post("/v1/me/face-checks")
        await person.prove_real_name()

        begun = await person.post("/v1/me/face-checks")
        path = f"/v1/me/face-checks/{begun['id']}/result"
        early = await person.refusal("POST", path)
        await show_face(person, begun)
        passed = [await person.post(path) for _ in range(2)]

        assert unproved.json()["code"] == "identity.real_name_required"
        assert unproved.json()["details"] == {"needed": 2, "step": "real_name"}
        assert early == (422, "identity.face_not_passed")
        assert passed[0] == passed[1]
        assert passed[0]["level"] == 3
        assert (await person.get("/v1/me"))["level"] == 3

    async def test_another_face_opens_nothing(self, town: Town) -> None:
        person = await resident(town, "huang-siyuan")
        begun = await person.post("/v1/me/face-checks")

        for look in ("another", "cancel"):
            await show_face(person, begun, look=look)
            refused = await person.refusal("POST", f"/v1/me/face-checks/{begun['id']}/result")
            assert refused == (422, "identity.face_not_passed")

        assert (await person.get("/v1/me"))["level"] == 2

    async def test_nobody_settles_anothers_check(self, town: Town) -> None:
        person, other = await resident(town, "ma-guoping"), await resident(town, "xu-bo")
        begun = await person.post("/v1/me/face-checks")
        await show_face(person, begun)

        refused = await other.refusal("POST", f"/v1/me/face-checks/{begun['id']}/result")

        assert refused == (404, "identity.face_check_not_found")
        assert (await FaceCheck.get(id=begun["id"])).passed_at is None


async def show_face(person: Resident, begun: Reply, look: str = "own") -> None:
    if begun["provider"] == "wechat":
        asked = {"appid": person.town.city.wechat_appid, "verify_id": begun["handle"]}
        await person.phone("wechat/face", asked | {"look": look})
    else:
        await person.phone("alipay/face", {"certify_id": begun["handle"]})


class TestNamesAtAlipay:
    async def test_an_app_that_moves_to_open_ids_keeps_its_people(self, town: Town) -> None:
        person = Resident(town, "zhao-yiming")
        app_id = town.city.merchants[0].alipay_app_id
        sessions = []
        modes: tuple[Names, ...] = ("user_id", "both", "open_id")
        for names in modes:
            set_names(town.world, app_id, names)
            sessions.append((await person.log_in("alipay"))["session_id"])
        set_names(town.world, app_id, "both")

        rows = await Session.filter(id__in=sessions).values_list("account_id", flat=True)
        assert len(set(rows)) == 1
        account = await Account.get(id=rows[0])
        assert not account.subject.startswith("2088")

    async def test_who_is_asked_about_in_time_is_known_though_never_seen_between(
        self, town: Town
    ) -> None:
        person, app_id = Resident(town, "wang-guilan"), town.city.merchants[0].alipay_app_id
        set_names(town.world, app_id, "user_id")
        before = await person.log_in("alipay")

        learnt = await learn_newer_names(town.parts.identity_providers, at=now())
        set_names(town.world, app_id, "open_id")
        after = await person.log_in("alipay")
        set_names(town.world, app_id, "both")

        assert learnt >= 1
        rows = [before["session_id"], after["session_id"]]
        accounts = await Session.filter(id__in=rows).values_list("account_id", flat=True)
        assert len(set(accounts)) == 1
        assert await learn_newer_names(town.parts.identity_providers, at=now()) == 0
