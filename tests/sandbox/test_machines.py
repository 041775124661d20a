"""The registers and the bank: signed both ways, written from the contract."""

from hashlib import sha256
from typing import Any

import httpx
import pytest

from sandbox.city import Person
from tests.sandbox.peers import Machine

PAYMENT = {
    "reference": "D20261122ABC",
    "account_no": "6228990199010000019",
    "account_name": "临溪精密机械有限公司",
    "bank_name": "临溪农商行",
    "amount_fen": 5000000,
    "purpose": "稳岗返还",
}


class TestRegisters:
    @pytest.mark.parametrize(
        ("name", "id_number", "expected"),
        [
            ("李强", "33019919880102101x", {"result": "match", "alive": True}),
            ("李弱", "33019919880102101X", {"result": "mismatch", "alive": False}),
            ("李强", "110101199001010000", {"result": "not_found", "alive": False}),
            ("赵德", "330199193001011234", {"result": "match", "alive": False}),
        ],
    )
    async def test_the_population_register_compares_name_and_number(
        self, population: Machine, name: str, id_number: str, expected: dict[str, Any]
    ) -> None:
        asked = {"name": name, "id_number": id_number}

        answer = (await population.call("POST", "/population/checks", asked)).json()

        assert ("person_ref" in answer) == (expected["result"] == "match")
        assert {key: answer[key] for key in expected} == expected

    async def test_the_business_register_names_the_head_without_the_number(
        self, http: httpx.AsyncClient, console: dict[str, Any], li: Person
    ) -> None:
        register = Machine(http, console["business_register"], "/registers")

        found = await register.call("GET", "/business/entities/91330199MA2LX801XY")
        missing = await register.call("GET", "/business/entities/none")

        digest = sha256(li.id_number.encode()).hexdigest()
        head = {"name": "李强", "id_number_sha256": digest}
        assert found.json()["legal_representative"] == head
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found")

    async def test_a_request_is_heard_once_and_in_time(self, population: Machine) -> None:
        asked = {"name": "李强", "id_number": "33019919880102101X"}
        replies = [
            await population.call("POST", "/population/checks", asked, nonce="n", late=late)
            for late in (0, 0, 310)
        ]

        assert [reply.status_code for reply in replies] == [200, 401, 401]

    async def test_another_machines_key_opens_nothing(
        self, http: httpx.AsyncClient, console: dict[str, Any]
    ) -> None:
        stranger = Machine(http, console["bank"], "/registers")
        forger = Machine(http, console["population_register"] | {"secret": "guess"}, "/registers")

        for machine, code in ((stranger, "app_key_unknown"), (forger, "signature_invalid")):
            reply = await machine.call("POST", "/population/checks", {})
            assert (reply.status_code, reply.json()["code"]) == (401, code)


class TestBank:
    async def test_a_reference_pays_once(self, bank: Machine, console: dict[str, Any]) -> None:
        first, again = await transfer(bank, console), await transfer(bank, console)
        queried = await bank.call("GET", "/transfers/D20261122ABC")
        other = await transfer(bank, console, amount_fen=1)

        assert first.json()["status"] == "paid"
        assert first.json() == again.json() == queried.json()
        assert (other.status_code, other.json()["code"]) == (409, "reference_reused")
        book = (await bank.http.get("/book/bank_transfers")).json()
        assert [row["amount_fen"] for row in book] == [5000000]

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"account_name": "别的公司"}, "account_name_mismatch"),
            ({"account_no": "0"}, "account_not_found"),
        ],
    )
    async def test_a_wrong_account_is_returned(
        self, bank: Machine, console: dict[str, Any], changed: dict[str, str], reason: str
    ) -> None:
        """E13: name/account mismatch."""
        reply = (await transfer(bank, console, **changed)).json()

        assert (reply["status"], reply["return_reason"]) == ("returned", reason)

    @pytest.mark.parametrize(
        ("changed", "status", "code"),
        [
            ({"debit_account": "other"}, 403, "debit_account_not_yours"),
            ({"amount_fen": 0}, 400, "invalid_request"),
            ({"amount_fen": 10**12}, 422, "insufficient_funds"),
            ({"reference": "r" * 33}, 400, "invalid_request"),
        ],
    )
    async def test_a_wrong_request_moves_nothing(
        self,
        bank: Machine,
        console: dict[str, Any],
        changed: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        reply = await transfer(bank, console, **changed)

        assert (reply.status_code, reply.json()["code"]) == (status, code)
        assert (await bank.call("GET", "/transfers/D20261122ABC")).status_code == 404


@pytest.fixture
def population(http: httpx.AsyncClient, console: dict[str, Any]) -> Machine:
    return Machine(http, console["population_register"], "/registers")


async def transfer(bank: Machine, console: dict[str, Any], **changed: Any) -> httpx.Response:
    debit = {"debit_account": console["bank"]["debit_account"]}
    return await bank.call("POST", "/transfers", PAYMENT | debit | changed)
