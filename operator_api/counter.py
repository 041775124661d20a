from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.files import FileNotFound, FileStorage, StorageFailed
from core.lines import Line
from core.pictures import PictureRefused, PictureTooLarge
from core.sealing import Vault
from identity import counter_codes, counters
from identity.callers import OperatorCaller
from identity.counter_codes import CounterCodeWrong
from identity.counters import (
    CounterCaseEnded,
    CounterCaseNotFound,
    CounterView,
    Present,
    evidence_owner,
    show_case,
)
from identity.id_numbers import IdNumberInvalid
from identity.kinds import DocumentKind
from identity.providers import PopulationRegister, RegisterFailed
from identity.real_names import RealNameConflict, RealNameMismatch
from identity.session_states import SessionStates
from web.uploads import UPLOAD, UPLOAD_LIMIT, FileKindRefused, keep_upload
from web.views import View

Name = Annotated[Line, Meta(min_length=1, max_length=64)]
Number = Annotated[str, Meta(min_length=15, max_length=18)]
EXAMPLE_ID = "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e"


class EvidenceView(View, frozen=True):
    id: UUID
    media_type: str
    size: int
    expires_at: datetime


class CounterRequest(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    id_number: Number
    document: DocumentKind
    evidence_id: UUID


class CodeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(pattern=r"^[0-9]{8}\Z")]


class ProvedView(Struct, frozen=True):
    level: int


class CounterController(Controller):
    """窗口办理: identity checked at a counter, and what is done there for the person present."""

    path = "/counter-cases"
    tags = ["窗口办理"]

    @post(
        "/evidence",
        opt=UPLOAD,
        request_max_body_size=UPLOAD_LIMIT,
        summary="上传窗口凭证",
        description="请求体是证件读取结果、现场照片或签字的委托书；加密保存，开始办理后保存三年。",
        errors=(FileKindRefused, PictureRefused, PictureTooLarge, StorageFailed),
    )
    async def keep_evidence(
        self,
        request: Request[Any, Any, State],
        operator: NamedDependency[OperatorCaller],
        files: NamedDependency[FileStorage],
    ) -> EvidenceView:
        owner = evidence_owner(operator)
        return EvidenceView.of(await keep_upload(request, files, owner=owner, at=now()))

    @post(
        limit="counter",
        summary="核对身份，开始窗口办理",
        description="核对当面出示的证件，并经人口库核对一致。最长半小时，归开始的工作人员；"
        "再开始一次即结束上一次。本人会收到消息。",
        example={
            "name": "王桂兰",
            "id_number": "330100195103089023",
            "document": "reader",
            "evidence_id": EXAMPLE_ID,
        },
        errors=(FileNotFound, IdNumberInvalid, RealNameMismatch, RegisterFailed),
    )
    async def open(
        self,
        data: JSONBody[CounterRequest],
        operator: NamedDependency[OperatorCaller],
        population_register: NamedDependency[PopulationRegister],
        vault: NamedDependency[Vault],
    ) -> CounterView:
        present = Present(
            name=data.name,
            id_number=data.id_number,
            document=data.document,
            evidence_id=data.evidence_id,
        )
        case = await counters.open_case(
            operator, present, register=population_register, vault=vault, at=now()
        )
        return await show_case(case, vault=vault)

    @get(
        "/{case_id:uuid}",
        summary="窗口办理详情",
        description="只有开始办理的工作人员能看到；姓名和证件号码脱敏。",
        errors=(CounterCaseNotFound,),
    )
    async def show(
        self,
        case_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> CounterView:
        case = await counters.get_case(case_id, operator=operator)
        return await show_case(case, vault=vault)

    @post(
        "/{case_id:uuid}/ending",
        status_code=200,
        summary="结束窗口办理",
        description="本人离开窗口时结束；之后不能再替其办事。再次结束不变。",
        errors=(CounterCaseNotFound,),
    )
    async def end(
        self,
        case_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> CounterView:
        case = await counters.end_case(case_id, operator=operator, at=now())
        return await show_case(case, vault=vault)

    @post(
        "/{case_id:uuid}/account",
        limit="counter",
        status_code=200,
        summary="为本人的账号完成实名认证",
        description="输入本人手机上显示的八位窗口码，该账号即认证为到场的本人（2 级）。"
        "窗口码十分钟内有效，只能用一次。",
        example={"code": "20481632"},
        errors=(
            CounterCaseNotFound,
            CounterCaseEnded,
            CounterCodeWrong,
            RealNameConflict,
            RealNameMismatch,
            RegisterFailed,
        ),
    )
    async def prove(
        self,
        case_id: FromPath[UUID],
        data: JSONBody[CodeRequest],
        operator: NamedDependency[OperatorCaller],
        population_register: NamedDependency[PopulationRegister],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
    ) -> ProvedView:
        await counter_codes.prove_account(
            case_id,
            data.code,
            operator=operator,
            register=population_register,
            vault=vault,
            states=session_states,
            at=now(),
        )
        return ProvedView(2)
