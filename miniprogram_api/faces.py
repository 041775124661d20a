from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.files import FileStorage, StorageFailed
from core.sealing import Vault
from core.signing import Signer
from identity.callers import Caller, ConfirmerRequired, RealNameRequired
from licences import face_links
from licences.face_links import FaceLinkGone
from licences.faces.face import FaceForm
from licences.faces.studio import FaceBusy, Studio
from licences.registry import LicenceNotFound
from licences.wallet import UnmaskPurpose
from web.addresses import Whence

PNG: dict[str, Any] = {"image/png": {"type": "string", "format": "binary"}}


class FaceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`purpose` asks for the picture in clear; `used_for` is written across it."""

    form: FaceForm | None = None
    purpose: UnmaskPurpose | None = None
    used_for: Annotated[str, Meta(max_length=20)] = ""


class FaceLinkView(Struct, frozen=True):
    """Where the picture is, once."""

    url: str
    masked: bool
    expires_at: datetime


class LicenceFaceController(Controller):
    """证照图片: what a phone shows instead of a list of fields."""

    path = "/licences"
    tags = ["证照"]

    @post(
        "/{licence_id:uuid}/faces",
        limit="face",
        summary="取证照图片链接",
        description="返回一个 60 秒内有效、只能取一次的图片地址，可直接用于 image 组件。"
        "默认脱敏；填写 `purpose` 时为完整信息并留审计记录。"
        "`form` 为 `large` 时是大字版，不填时长辈模式为大字版、其余为卡片；"
        "`used_for` 会连同时间写在水印里。",
        example={"form": "card", "used_for": "办理公积金提取"},
        errors=(RealNameRequired, ConfirmerRequired, LicenceNotFound),
    )
    async def make(
        self,
        licence_id: FromPath[UUID],
        data: JSONBody[FaceRequest],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
        face_signer: NamedDependency[Signer],
        public_url: NamedDependency[str],
    ) -> FaceLinkView:
        made = await face_links.make_link(
            licence_id,
            form=data.form,
            purpose=data.purpose,
            used_for=data.used_for,
            caller=caller,
            vault=vault,
            signer=face_signer,
            at=now(),
        )
        url = f"{public_url}/v1/faces/{made.token}"
        return FaceLinkView(url, made.masked, made.expires_at)


class FaceController(Controller):
    """The picture itself. The token in its address is the credential: an image tag has no other."""

    path = "/faces"
    tags = ["证照"]

    @get(
        "/{token:str}",
        limit="picture",
        summary="证照图片",
        description="取一次即失效；为容忍网络重试，同一网络 10 秒内最多再取两次。图片不留存，"
        "字库没有的生僻字显示为“〓”。",
        answers=PNG,
        errors=(FaceLinkGone, FaceBusy, StorageFailed),
    )
    async def show(
        self,
        token: FromPath[str],
        whence: NamedDependency[Whence],
        studio: NamedDependency[Studio],
        vault: NamedDependency[Vault],
        face_signer: NamedDependency[Signer],
        files: NamedDependency[FileStorage],
    ) -> Response[bytes]:
        picture = await face_links.fetch_picture(
            token,
            network=whence.network,
            studio=studio,
            vault=vault,
            signer=face_signer,
            files=files,
            at=now(),
        )
        headers = {"Content-Disposition": "inline", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(picture, media_type="image/png", headers=headers)
