"""Every route of verifiers and machines, under /agency/v1, and the callbacks of providers.

A controller that is not here does not answer.
"""

from litestar import Controller, Router

from agency_api.callbacks import CallbackController
from agency_api.licence_uses import LicenceUseController
from agency_api.machine_verifications import MachineVerificationController
from agency_api.status_lists import (
    CredentialTypeController,
    StatusListController,
    WellKnownController,
)
from agency_api.terminals import TerminalController
from agency_api.token import MachineController
from agency_api.verification_numbers import VerificationNumberController
from agency_api.verification_requests import VerificationRequestController
from agency_api.verifications import VerificationController
from agency_api.verifier_sessions import VerifierSessionController
from agency_api.wechat_push import WechatPushController

controllers: list[type[Controller]] = [
    VerifierSessionController,
    VerificationController,
    VerificationRequestController,
    VerificationNumberController,
    LicenceUseController,
    MachineController,
    MachineVerificationController,
    TerminalController,
    StatusListController,
    CredentialTypeController,
]
callbacks: list[type[Controller]] = [CallbackController, WechatPushController]

router = Router("/agency/v1", route_handlers=controllers)
well_known_router = Router("/.well-known", route_handlers=[WellKnownController])
callback_router = Router("/callbacks", route_handlers=callbacks)
