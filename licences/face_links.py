"""Links to pictures of licences, for an image tag that can send no token. 证照图片链接

Asked for by who is signed in, good for a minute and one fetch. Mini-programs' image components may
ask twice for one picture (a first try that broke off, a preview beside the page): for ten seconds
the same network may fetch it twice more. The picture is drawn when it is fetched, and never kept.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from core import audit
from core.clock import CHINA, date_in_china
from core.errors import NotFound
from core.files import FileStorage
from core.models import StoredFile
from core.sealing import Place, Vault
from core.signing import BadSignature, Signer
from identity.callers import Caller
from identity.session_states import load_state
from licences import freshness
from licences.faces.face import Face, FaceField, FaceForm
from licences.faces.studio import FaceBusy, Studio
from licences.faces.words import cleaned
from licences.holders import find_readable
from licences.licence_fields import definitions, open_values, show
from licences.models import FaceLink, Licence
from licences.registry import LicenceNotFound
from licences.showing_models import random_id
from licences.wallet import UnmaskPurpose, find_own

PURPOSE = "licence face"
LIFETIME = timedelta(seconds=60)
AGAIN_WITHIN = timedelta(seconds=10)
FETCHES = 3
PORTRAIT_LIMIT = 512 * 1024

_TABLE = "licences_face_link"
_KEPT_AFTER_END = timedelta(hours=1)
_BATCH = 5_000
_USED_FOR = {
    None: "本人查看",
    UnmaskPurpose.OWN_CHECK: "本人查看",
    UnmaskPurpose.FORM_FILLING: "填写表单",
    UnmaskPurpose.SHOW_TO_STAFF: "当面出示",
}


class FaceLinkGone(NotFound):
    """Not ours, over, or fetched: all look the same."""

    code = "licences.face_gone"
    message = "图片链接已失效，请返回重新打开"


class MadeLink(Struct, frozen=True, kw_only=True):
    """What stands in the address of the picture, and until when it can be fetched."""

    token: str
    masked: bool
    expires_at: datetime


async def make_link(
    licence_id: UUID,
    *,
    form: FaceForm | None,
    purpose: UnmaskPurpose | None,
    used_for: str,
    caller: Caller,
    vault: Vault,
    signer: Signer,
    at: datetime,
) -> MadeLink:
    """One picture of a licence that the caller may look at, masked; in clear for a `purpose`.

    Without a form it is large for an account in elder mode, else a card.
    In clear it must be the party's that the caller acts for, by who may confirm, and it is audited.
    """
    if purpose is None:
        licence = await _find_readable(licence_id, caller, at)
    else:
        caller.required_confirmer()
        licence = await find_own(licence_id, caller)
    link_id = random_id()
    used_for = cleaned(used_for)
    async with in_transaction():
        await FaceLink.create(
            id=link_id,
            licence_id=licence.id,
            session_id=caller.session_id,
            form=(form or _usual_form(caller)).value,
            purpose=purpose and purpose.value,
            used_for_sealed=vault.seal(_place(link_id), used_for) if used_for else None,
            made_at=at,
            expires_at=at + LIFETIME,
        )
        if purpose is not None:
            subject = f"licence:{licence.id}"
            await audit.record(
                caller.actor(), "licences.unmask", subject, purpose=purpose.value, shown_as="face"
            )
    token = signer.sign(link_id.bytes)
    return MadeLink(token=token, masked=purpose is None, expires_at=at + LIFETIME)


async def fetch_picture(
    token: str,
    *,
    network: str,
    studio: Studio,
    vault: Vault,
    signer: Signer,
    files: FileStorage,
    at: datetime,
) -> bytes:
    """The PNG behind a link, drawn now. FaceBusy, with the link unused, when too many wait."""
    if studio.full:
        raise FaceBusy()
    face = await take_face(token, network=network, vault=vault, signer=signer, files=files, at=at)
    return await studio.paint(face)


async def take_face(
    token: str, *, network: str, vault: Vault, signer: Signer, files: FileStorage, at: datetime
) -> Face:
    """What is to be drawn behind a link, once. FaceLinkGone for every link that is not to be used.

    The status is that of now. The link ends with the session that asked for it.
    """
    link = await _claim(_link_id(token, signer), network=network, vault=vault, at=at)
    licence = await Licence.get(id=link.licence_id).select_related("licence_type")
    return await _face(licence, link, vault=vault, files=files, at=at)


async def forget_links(*, at: datetime) -> None:
    """Erase links an hour after their end."""
    old = await FaceLink.filter(expires_at__lt=at - _KEPT_AFTER_END).limit(_BATCH).values_list("id")
    await FaceLink.filter(id__in=[row[0] for row in old]).delete()


def _usual_form(caller: Caller) -> FaceForm:
    return FaceForm.LARGE if caller.elder_mode else FaceForm.CARD


async def _find_readable(licence_id: UUID, caller: Caller, at: datetime) -> Licence:
    caller.required_party()
    licence = await Licence.get_or_none(id=licence_id).select_related("licence_type")
    if licence is None or await find_readable(licence.holder_id, caller, at=at) is None:
        raise LicenceNotFound(licence_id=licence_id)
    return licence


def _link_id(token: str, signer: Signer) -> UUID:
    try:
        return UUID(bytes=signer.unsign(token))
    except (BadSignature, ValueError) as error:
        raise FaceLinkGone() from error


async def _claim(link_id: UUID, *, network: str, vault: Vault, at: datetime) -> FaceLink:
    """Use the link, or one of its few repeats: one conditional update decides."""
    place = UUID(bytes=vault.blind_index(f"{_TABLE}.used_from", network))
    fresh = FaceLink.filter(id=link_id, used_at=None, expires_at__gt=at)
    if not await fresh.update(used_at=at, used_from=place, fetches=1):
        again = FaceLink.filter(
            id=link_id,
            used_from=place,
            used_at__gt=at - AGAIN_WITHIN,
            expires_at__gt=at,
            fetches__lt=FETCHES,
        )
        if not await again.update(fetches=F("fetches") + 1):
            raise FaceLinkGone(link_id=link_id)
    link = await FaceLink.get(id=link_id)
    state = await load_state(link.session_id, at=at)
    if state is None or not state.living:
        raise FaceLinkGone(link_id=link_id)
    return link


async def _face(
    licence: Licence, link: FaceLink, *, vault: Vault, files: FileStorage, at: datetime
) -> Face:
    values = open_values(licence, vault)
    shown = show(values, definitions(licence.licence_type), clear=link.purpose is not None)
    known = await freshness.freshness_of(licence, at=at)
    as_of = date_in_china(known.as_of).isoformat()
    return Face(
        licence_type=licence.licence_type_id,
        title=licence.licence_type.name,
        issuer=licence.issuer,
        status=licence.status_on(date_in_china(at)),
        until=licence.valid_until.isoformat() if licence.valid_until else "长期",
        fields=[FaceField(field.key, field.label, field.value) for field in shown],
        watermark=_watermark(link, vault),
        masked=link.purpose is None,
        stale=f"数据非最新 · {as_of}" if known.stale else "",
        region=licence.region_name,
        notice=licence.licence_type.notice,
        portrait=await _portrait(licence, files, at),
        form=FaceForm(link.form),
    )


def _watermark(link: FaceLink, vault: Vault) -> str:
    purpose = UnmaskPurpose(link.purpose) if link.purpose else None
    said = _USED_FOR[purpose]
    if link.used_for_sealed is not None:
        said = vault.open(_place(link.id), link.used_for_sealed)
    moment = link.made_at.astimezone(CHINA)
    return f"仅用于{said}，{moment:%Y-%m-%d %H:%M}"


async def _portrait(licence: Licence, files: FileStorage, at: datetime) -> bytes | None:
    """The portrait that the registry gave; none rather than one that is too large or gone."""
    if licence.portrait_id is None:
        return None
    file = await StoredFile.get_or_none(id=licence.portrait_id, expires_at__gt=at)
    if file is None or file.size > PORTRAIT_LIMIT:
        return None
    return b"".join([piece async for piece in files.read(file)])


def _place(link_id: UUID) -> Place:
    return Place(_TABLE, "used_for_sealed", link_id)
