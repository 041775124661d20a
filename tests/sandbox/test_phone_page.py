"""The phone as a page, what stands on its sheets, and the way to the product."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from sandbox.asgi import create_app
from sandbox.city import Person
from sandbox.mini_proxy import Product
from sandbox.world import World
from tests.sandbox.conftest import APP_ID, APPID
from tests.sandbox.peers import AlipayClient, Merchant
from tests.sandbox.test_alipay import create
from tests.sandbox.test_transfers import transfer
from tests.sandbox.test_wechat_pay import pay, prepaid


class TestPages:
    async def test_the_root_still_answers_machines(self, http: httpx.AsyncClient) -> None:
        assert (await http.get("/")).json() == {"status": "ok"}

    @pytest.mark.parametrize("path", ["/phone", "/phone/wang-guilan/screen", "/pages/mini.html"])
    async def test_a_page_runs_our_own_files_only(self, http: httpx.AsyncClient, path: str) -> None:
        page = await http.get(path)

        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]

    async def test_everybody_has_a_phone_and_nobody_else(
        self, http: httpx.AsyncClient, world: World
    ) -> None:
        people = (await http.get("/phone/people")).json()
        stranger = await http.get("/phone/nobody/screen")

        assert [person["key"] for person in people] == list(world.city.people)
        assert stranger.status_code == 404

    @pytest.mark.parametrize(
        "name", ["none.js", "..%2Fphone_page.py", "..%5Cphone_page.py", "%2Fetc%2Fpasswd", "."]
    )
    async def test_only_files_of_the_folder_are_given(
        self, http: httpx.AsyncClient, name: str
    ) -> None:
        assert (await http.get(f"/pages/{name}")).status_code == 404

    async def test_the_phone_knows_its_owner_and_its_mini_programs(
        self, http: httpx.AsyncClient, wang: Person
    ) -> None:
        about = (await http.get("/phone/wang-guilan/about")).json()

        assert (about["name"], about["id_number"]) == (wang.name, wang.id_number)
        assert about["apps"]["wechat"]["appid"] == APPID
        assert about["apps"]["alipay"]["appid"] == APP_ID
        assert about["apps"]["wechat"]["templates"][0] == {
            "id": "paid",
            "title": "缴费成功通知",
            "kind": "one_time",
        }
        assert (about["product"], about["own_pages"]) == ("", False)

    async def test_a_developers_own_page_stands_on_the_phone(
        self, world: World, tmp_path: Path
    ) -> None:
        (tmp_path / "page").mkdir()
        (tmp_path / "secret.txt").write_text("no page of theirs")
        (tmp_path / "page" / "index.html").write_text("<p>我的小程序</p>", "utf-8")
        app = create_app(world, delivers=False, own_pages=tmp_path / "page")
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://sandbox"
        ) as http:
            page = await http.get("/own/index.html")
            about = (await http.get("/phone/wang-guilan/about")).json()
            outside = await http.get("/own/..%2Fsecret.txt")

        assert page.text == "<p>我的小程序</p>"
        assert about["own_pages"] is True
        assert outside.status_code == 404


class TestSheets:
    async def test_a_wechat_sheet_says_how_much_for_what_to_whom(
        self, http: httpx.AsyncClient, merchant: Merchant, world: World, wang: Person, li: Person
    ) -> None:
        prepay_id = await prepaid(merchant, world, wang)

        own = await http.get(f"/phone/{wang.key}/sheet", params={"prepay_id": prepay_id})
        others = await http.get(f"/phone/{li.key}/sheet", params={"prepay_id": prepay_id})

        expected = {"amount_fen": 8000, "title": "不动产登记费", "payee": "政务缴费"}
        assert own.json() == expected
        assert others.status_code == 404
        assert await pay(merchant, wang, prepay_id) == "requestPayment:ok"

    async def test_an_alipay_sheet_is_the_trades(
        self, http: httpx.AsyncClient, alipay: AlipayClient, world: World, wang: Person, li: Person
    ) -> None:
        trade = await create(alipay, world, wang)

        shown = await http.get(f"/phone/{wang.key}/sheet", params={"trade_no": trade["trade_no"]})
        others = await http.get(f"/phone/{li.key}/sheet", params={"trade_no": trade["trade_no"]})

        [row] = (await http.get("/book/alipay_trades")).json()
        assert shown.json()["amount_fen"] == row["amount_fen"]
        assert others.status_code == 404

    async def test_a_payout_is_shown_while_it_can_be_taken(
        self, http: httpx.AsyncClient, merchant: Merchant, world: World, wang: Person
    ) -> None:
        bill = await transfer(merchant, world, wang)
        asked = {"package_info": bill["package_info"]}

        before = await http.get(f"/phone/{wang.key}/sheet", params=asked)
        page = {"mchId": "1900000001", "appId": APPID, "package": bill["package_info"]}
        await http.post(f"/phone/{wang.key}/wechat/confirm-transfer", json=page)
        after = await http.get(f"/phone/{wang.key}/sheet", params=asked)

        assert (before.json()["amount_fen"], before.json()["title"]) == (10000, "高龄津贴")
        assert after.status_code == 404

    async def test_no_sheet_was_asked_for(self, http: httpx.AsyncClient) -> None:
        assert (await http.get("/phone/wang-guilan/sheet")).status_code == 404


class TestProduct:
    async def test_it_is_asked_the_same_and_its_answer_given_back(
        self, world: World, asked: list[httpx.Request], mini: httpx.AsyncClient
    ) -> None:
        headers = {"Authorization": "Bearer t", "Cookie": "a=b", "X-Forwarded-For": "1.2.3.4"}
        answer = await mini.put("/mini/v1/fee-orders/F1?wait=5", json={"a": 1}, headers=headers)

        [request] = asked
        assert (request.method, str(request.url)) == (
            "PUT",
            "http://product/v1/fee-orders/F1?wait=5",
        )
        assert request.read() == b'{"a":1}'
        assert request.headers["authorization"] == "Bearer t"
        assert "cookie" not in request.headers
        assert "x-forwarded-for" not in request.headers
        assert (answer.status_code, answer.json()) == (409, {"code": "x"})
        assert answer.headers["retry-after"] == "3"
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize(
        "path", ["/mini/operator/v1/sessions", "/mini/v1/%2E%2E/operator/v1/sessions", "/mini/docs"]
    )
    async def test_nothing_but_the_interface_for_residents_is_behind_it(
        self, asked: list[httpx.Request], mini: httpx.AsyncClient, path: str
    ) -> None:
        answer = await mini.get(path)

        assert (answer.status_code, asked) == (404, [])

    async def test_a_product_that_is_not_there_is_said_so(self, http: httpx.AsyncClient) -> None:
        answer = await http.get("/mini/v1/home")

        assert (answer.status_code, answer.json()["title"]) == (502, "接口没有应答")

    @pytest.fixture
    def asked(self) -> list[httpx.Request]:
        """What the product was asked."""
        return []

    @pytest.fixture
    async def mini(
        self, world: World, asked: list[httpx.Request]
    ) -> AsyncIterator[httpx.AsyncClient]:
        def refuse(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            headers = {"Retry-After": "3", "Set-Cookie": "s=1"}
            return httpx.Response(409, json={"code": "x"}, headers=headers)

        behind = httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://product")
        product = Product(behind)
        app = create_app(world, delivers=False, product=product)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            yield client
        await product.close()
