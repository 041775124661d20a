"""Asking and agreeing, for the tests of both."""

from datetime import datetime
from uuid import UUID

from core.sealing import Vault
from identity.callers import Caller, VerifierCaller
from licences import request_answers, requests
from licences.request_answers import (
    RequestAgreed,
)
from licences.requests import (
    AskedCode,
    AskedLicence,
)
from licences.wanted import Wanted
from tests.conftest import AT
from tests.licences.make import SIGNER

ASKED = AskedLicence("driving", ["name", "vehicle_class"])


async def ask(
    verifier: VerifierCaller, *asked: AskedLicence, request_id: str = "request-1"
) -> AskedCode:
    return await requests.ask(
        asked or [ASKED],
        request_id=request_id,
        reference_no="GZ-2026-1",
        verifier=verifier,
        signer=SIGNER,
        at=AT,
    )


async def agree(
    code: AskedCode,
    wang: Caller,
    licence_id: UUID,
    vault: Vault,
    *,
    organisation_id: UUID,
    fields: tuple[str, ...] = ("name", "vehicle_class"),
    at: datetime = AT,
) -> RequestAgreed:
    return await request_answers.agree(
        code.code,
        [Wanted(licence_id, fields)],
        organisation_id=organisation_id,
        caller=wang,
        signer=SIGNER,
        vault=vault,
        at=at,
    )
