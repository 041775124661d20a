"""What is checked where there is no network. Rows C09, and C03 for what is signed for it."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import time

import pytest

from app.running import ROOT
from core.sealing import Vault
from licences.credentials import issue_credential, revoke_credential
from licences.models import Licence, LicenceStatus
from licences.offline_codes import make_offline_code
from licences.presentations import LicenceNotValid, VerifierMustAsk
from licences.status_lists import list_uris, read_list
from tests.given import AT
from tests.licences import make, offline
from verifier.jws import read_keys
from verifier.offline_code import read_code
from verifier.refusals import Refused, Undecided
from verifier.sd_jwt import read_presentation
from verifier.shelf import Shelf, _keep
from verifier.status_list import Status
from verifier.status_list import read_list as open_list

pytestmark = pytest.mark.usefixtures("db")

FIELDS = ["name", "benefit_class"]
NOW = AT.timestamp()


class World:
    """A licence, its holder, and what a verifier fetched."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.issuer = offline.issuer(keys=2)
        self.keys = read_keys(self.issuer.key_set())

    async def open(self) -> "World":
        holder = await make.person(self.vault)
        self.caller = await make.caller(self.vault, holder)
        self.licence = await make.licence(self.vault, holder.id)
        return self

    async def code(self, **changes: object) -> str:
        given = {"consented": FIELDS, "issuer": self.issuer, "at": AT} | changes
        made = await make_offline_code(
            self.licence.id, caller=self.caller, vault=self.vault, **given
        )
        return made.code

    async def credential(self) -> str:
        issued = await issue_credential(
            self.licence.id,
            proof=offline.proof(self.caller, self.issuer, AT),
            caller=self.caller,
            issuer=self.issuer,
            vault=self.vault,
            at=AT,
        )
        self.credential_id = issued.id
        return issued.credential

    async def shelf(self) -> Shelf:
        uris = await list_uris(self.issuer)
        lists = {
            uri: await read_list(int(uri.rpartition("/")[2]), issuer=self.issuer, at=AT)
            for uri in uris
        }
        return Shelf(self.issuer.address, dict(self.issuer.key_set()), lists, NOW)


@pytest.fixture
async def world(vault: Vault) -> World:
    return await World(vault).open()


async def _word(world: World, code: str) -> int:
    said = read_code(code, world.keys, issuer=offline.ADDRESS, at=NOW)
    token = await read_list(said.list_no, issuer=world.issuer, at=AT + timedelta(minutes=6))
    uri = world.issuer.status_list_uri(said.list_no)
    return open_list(token, world.keys, uri=uri, at=NOW + 360).status(said.index)


async def test_a_code_says_what_was_agreed_to_masked_and_fits_a_qr(world: World) -> None:
    code = await world.code()

    said = read_code(code, world.keys, issuer=offline.ADDRESS, at=NOW)

    assert said.fields == [("姓名", "王*兰"), ("优待类别", "公交免费")]
    assert said.name == "老年人优待证"
    assert len(code) < 605


@pytest.mark.parametrize(("minutes", "reason"), [(-10, "clock_behind"), (13, "code_expired")])
async def test_a_code_outside_its_time_is_refused(world: World, minutes: int, reason: str) -> None:
    """C09: a clock ten minutes slow, and a code of ten minutes ago and more than the skew."""
    code = await world.code()

    with pytest.raises(Refused) as refused:
        read_code(code, world.keys, issuer=offline.ADDRESS, at=NOW + minutes * 60)

    assert refused.value.reason == reason


async def test_a_code_of_another_key_or_place_or_with_any_letter_changed_is_refused(
    world: World,
) -> None:
    """C03: each letter of the code is changed once; other keys; another environment."""
    code = await world.code()
    others = read_keys(offline.issuer().key_set())
    changed = [
        code[:place] + ("0" if code[place] != "0" else "1") + code[place + 1 :]
        for place in range(len(code))
    ]

    for one in changed:
        with pytest.raises(Refused):
            read_code(one, world.keys, issuer=offline.ADDRESS, at=NOW)
    with pytest.raises(Undecided):
        read_code(code, others, issuer=offline.ADDRESS, at=NOW)
    with pytest.raises(Refused):
        read_code(code, world.keys, issuer="https://test.zb.test", at=NOW)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (LicenceStatus.VALID, Status.VALID),
        (LicenceStatus.SUSPENDED, Status.SUSPENDED),
        (LicenceStatus.REVOKED, Status.REVOKED),
    ],
)
async def test_the_list_tells_what_became_of_a_licence(
    world: World, status: LicenceStatus, word: Status
) -> None:
    code = await world.code()
    await Licence.filter(id=world.licence.id).update(status=status)

    assert await _word(world, code) == word


async def test_a_licence_that_does_not_hold_or_is_of_high_stakes_has_no_offline_code(
    world: World, vault: Vault
) -> None:
    driving = await make.driving_licence(vault, world.licence.holder_id, high_stakes=True)
    await Licence.filter(id=world.licence.id).update(status=LicenceStatus.SUSPENDED)

    with pytest.raises(LicenceNotValid):
        await world.code()
    world.licence = driving
    with pytest.raises(VerifierMustAsk):
        await world.code(consented=["name"])


class TestCredentials:
    async def test_only_what_is_disclosed_is_seen(self, world: World) -> None:
        credential = await world.credential()
        shown = offline.present(
            credential, {"benefit_class"}, audience="gate-3", nonce="n-1", at=AT
        )

        said = read_presentation(
            shown, world.keys, issuer=offline.ADDRESS, audience="gate-3", nonce="n-1", at=NOW
        )

        assert said.claims["benefit_class"] == "公交免费"
        assert "name" not in said.claims
        assert "number" not in said.claims

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"audience": "gate-4"}, "other_audience"),
            ({"nonce": "n-2"}, "other_nonce"),
            ({"issuer": "https://test.zb.test"}, "not_genuine"),
            ({"at": NOW + 600}, "binding_old"),
            ({"at": NOW + 31 * 86400}, "credential_expired"),
        ],
    )
    async def test_a_showing_for_another_is_none(
        self, world: World, changes: dict[str, object], reason: str
    ) -> None:
        shown = offline.present(
            await world.credential(), {"name"}, audience="gate-3", nonce="n-1", at=AT
        )
        given = {"issuer": offline.ADDRESS, "audience": "gate-3", "nonce": "n-1", "at": NOW}

        with pytest.raises(Refused) as refused:
            read_presentation(shown, world.keys, **(given | changes))

        assert refused.value.reason == reason

    async def test_a_credential_taken_back_is_in_the_list(self, world: World) -> None:
        await world.credential()
        await revoke_credential(world.licence.id, world.credential_id, caller=world.caller, at=AT)
        shelf = await world.shelf()
        (uri,) = shelf.lists

        entry = await world.licence.status_entries.all().first()

        assert shelf.find_list(uri, at=NOW).status(entry.position) == Status.REVOKED


class TestTheTool:
    async def test_it_checks_with_no_network_and_says_that_it_was_offline(
        self, world: World, tmp_path: Path
    ) -> None:
        """C09: the answer is marked as offline and not one-time, with no portrait."""
        code = await world.code()
        _keep(await world.shelf(), tmp_path)

        done = _tool(tmp_path, "check", code)

        assert done.returncode == 0, done.stdout + done.stderr
        for word in ("有效", "王*兰", "离线核验，不能防重复", "无照片，请核对身份证", "状态名单"):
            assert word in done.stdout

    async def test_it_refuses_a_revoked_licence_and_judges_nothing_by_a_slow_clock(
        self, world: World, tmp_path: Path
    ) -> None:
        code = await world.code()
        await Licence.filter(id=world.licence.id).update(status=LicenceStatus.REVOKED)
        _keep(await world.shelf(), tmp_path)

        revoked, slow = _tool(tmp_path, "check", code), _tool(tmp_path, "check", code, slow=600)

        assert (revoked.returncode, slow.returncode) == (1, 2)
        assert "已注销" in revoked.stdout
        assert "时钟" in slow.stdout


_CLOSED = (
    "import socket\ndef no(*a, **k): raise OSError('no network')\n"
    "socket.socket.connect = socket.getaddrinfo = no\n"
)


def _tool(folder: Path, *arguments: str, slow: int = 0) -> subprocess.CompletedProcess[str]:
    """The tool as a process of its own, whose every socket fails; its clock is that of the test."""
    (folder / "sitecustomize.py").write_text(_CLOSED)
    clock = int(NOW - time()) - slow
    return subprocess.run(
        [sys.executable, "-m", "verifier", "--folder", str(folder), f"--clock={clock}", *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": str(folder), "PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
