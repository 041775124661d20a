import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from obstore.store import MemoryStore

from core.files import FileStorage
from core.models import AuditEntry
from core.sealing import Vault
from core.signing import Signer
from identity.callers import Caller, ConfirmerRequired
from identity.kinds import Scope
from identity.models import Session
from licences.face_links import (
    PURPOSE,
    FaceLinkGone,
    MadeLink,
    fetch_picture,
    forget_links,
    make_link,
    take_face,
)
from licences.faces.face import Face, FaceForm
from licences.faces.studio import FaceBusy, Studio
from licences.models import FaceLink, Licence, LicenceStatus
from licences.registry import LicenceNotFound, change_status
from licences.wallet import UnmaskPurpose
from tests.given import AT
from tests.licences import make

SIGNER = Signer([b"for tests only"], purpose=PURPOSE)
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"

pytestmark = pytest.mark.usefixtures("db")


async def linked(
    vault: Vault,
    licence: Licence,
    caller: Caller,
    *,
    purpose: UnmaskPurpose | None = None,
    used_for: str = "",
    form: FaceForm | None = FaceForm.CARD,
) -> MadeLink:
    return await make_link(
        licence.id,
        form=form,
        purpose=purpose,
        used_for=used_for,
        caller=caller,
        vault=vault,
        signer=SIGNER,
        at=AT,
    )


async def take(vault: Vault, token: str, *, after: float = 1, network: str = HOME) -> Face:
    return await take_face(
        token,
        network=network,
        vault=vault,
        signer=SIGNER,
        files=FileStorage(MemoryStore(), vault),
        at=AT + timedelta(seconds=after),
    )


@pytest.fixture
async def wang(vault: Vault) -> tuple[Caller, Licence]:
    caller = await make.caller(vault)
    assert caller.person_id is not None
    return caller, await make.licence(vault, caller.person_id)


class TestTakeFace:
    async def test_a_face_is_masked_and_says_what_for_and_when(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang

        face = await take(vault, (await linked(vault, licence, caller)).token)

        assert face.masked
        assert face.value("name") == "王*兰"
        assert make.SENSITIVE_NUMBER not in face.value("number")
        assert face.watermark == "仅用于本人查看，2026-11-22 10:00"
        assert await AuditEntry.filter(action="licences.unmask").count() == 0

    async def test_for_a_purpose_it_is_in_clear_and_audited(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(
            vault, licence, caller, purpose=UnmaskPurpose.FORM_FILLING, used_for="办理\u202e公积金"
        )

        face = await take(vault, made.token)

        assert (face.masked, face.value("name")) == (False, "王桂兰")
        assert face.watermark == "仅用于办理公积金，2026-11-22 10:00"
        entry = await AuditEntry.get(action="licences.unmask")
        assert (entry.subject, entry.details["purpose"]) == (
            f"licence:{licence.id}",
            "form_filling",
        )
        kept = (await FaceLink.get()).used_for_sealed
        assert kept is not None
        assert "公积金".encode() not in kept

    async def test_an_agent_who_only_prepares_gets_none_in_clear(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        agent = msgspec.structs.replace(caller, scope=Scope.PREPARER)

        with pytest.raises(ConfirmerRequired):
            await linked(vault, licence, agent, purpose=UnmaskPurpose.OWN_CHECK)

    async def test_the_status_is_that_of_the_moment_it_is_fetched(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)
        await change_status(
            licence.id, LicenceStatus.REVOKED, registry_date=AT.date(), actor="system:test"
        )

        assert (await take(vault, made.token)).status is LicenceStatus.REVOKED

    async def test_who_says_nothing_of_the_form_gets_what_their_account_is_used_to(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        elder = msgspec.structs.replace(caller, elder_mode=True)

        links = [await linked(vault, licence, who, form=None) for who in (caller, elder)]

        assert [(await take(vault, link.token)).form for link in links] == ["card", "large"]

    async def test_somebody_elses_licence_has_no_face(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        _, licence = wang
        stranger = await make.caller(vault)

        for purpose in (None, UnmaskPurpose.OWN_CHECK):
            with pytest.raises(LicenceNotFound):
                await linked(vault, licence, stranger, purpose=purpose)


class TestLinks:
    async def test_many_at_once_from_different_places_get_one_picture(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)

        told = await asyncio.gather(
            *(take(vault, made.token, network=f"192.0.2.{number}") for number in range(8)),
            return_exceptions=True,
        )

        assert sum(isinstance(one, Face) for one in told) == 1
        assert sum(isinstance(one, FaceLinkGone) for one in told) == 7

    async def test_the_same_network_may_try_twice_more_for_ten_seconds(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)
        for after in (1, 5, 10.9):
            await take(vault, made.token, after=after)

        with pytest.raises(FaceLinkGone):
            await take(vault, made.token, after=10.9)

    @pytest.mark.parametrize(
        ("after", "network"),
        [
            pytest.param(11.1, HOME, id="the same place, later"),
            pytest.param(2, ELSEWHERE, id="another place, at once"),
        ],
    )
    async def test_a_used_link_is_gone(
        self, vault: Vault, wang: tuple[Caller, Licence], after: float, network: str
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)
        await take(vault, made.token, after=1)

        with pytest.raises(FaceLinkGone):
            await take(vault, made.token, after=after, network=network)

    async def test_a_link_ends_after_a_minute(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)

        with pytest.raises(FaceLinkGone):
            await take(vault, made.token, after=60)

    async def test_a_link_ends_with_the_session_that_asked_for_it(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)
        await Session.filter(id=caller.session_id).update(ended_at=AT)

        with pytest.raises(FaceLinkGone):
            await take(vault, made.token)

    async def test_what_we_did_not_sign_is_gone_too(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)
        last = "A" if made.token[-1] != "A" else "B"
        other = Signer([b"for tests only"], purpose="licence presentation")
        forged = (
            made.token[:-1] + last,
            other.sign((await FaceLink.get()).id.bytes),
            SIGNER.sign(uuid4().bytes),
            SIGNER.sign(b"short"),
            "x" * 5_000,
            "",
        )

        for token in forged:
            with pytest.raises(FaceLinkGone):
                await take(vault, token)

    async def test_links_are_forgotten(self, vault: Vault, wang: tuple[Caller, Licence]) -> None:
        caller, licence = wang
        await linked(vault, licence, caller)

        await forget_links(at=AT + timedelta(minutes=30))
        assert await FaceLink.all().count() == 1
        await forget_links(at=AT + timedelta(minutes=62))

        assert await FaceLink.all().count() == 0

    async def test_where_too_many_wait_the_link_is_not_used_up(
        self, vault: Vault, wang: tuple[Caller, Licence]
    ) -> None:
        caller, licence = wang
        made = await linked(vault, licence, caller)

        with pytest.raises(FaceBusy):
            await fetch_picture(
                made.token,
                network=HOME,
                studio=Studio(most_waiting=0),
                vault=vault,
                signer=SIGNER,
                files=FileStorage(MemoryStore(), vault),
                at=AT,
            )

        assert (await take(vault, made.token)).value("name") == "王*兰"
