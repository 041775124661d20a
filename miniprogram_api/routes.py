"""Every route of residents, under /v1. A controller that is not here does not answer."""

from litestar import Controller, Router

from miniprogram_api.acting import ActingController
from miniprogram_api.credentials import CredentialController, CredentialNonceController
from miniprogram_api.disbursements import DisbursementController
from miniprogram_api.entitlements import EntitlementController
from miniprogram_api.face_checks import FaceCheckController
from miniprogram_api.faces import FaceController, LicenceFaceController
from miniprogram_api.fee_orders import FeeOrderController
from miniprogram_api.files import FileController
from miniprogram_api.helpers import HelperController
from miniprogram_api.home import HomeController
from miniprogram_api.invitations import InvitationController
from miniprogram_api.licences import LicenceController
from miniprogram_api.me import MeController
from miniprogram_api.me_accounts import MyAccountController
from miniprogram_api.me_data import MyDataController
from miniprogram_api.messages import MessageController, SubscriptionController
from miniprogram_api.phone_sessions import PhoneCodeController, PhoneSessionController
from miniprogram_api.policies import PolicyController
from miniprogram_api.presentations import PresentationController
from miniprogram_api.relations import ActController, CounterCodeController, RelationController
from miniprogram_api.sessions import SessionController
from miniprogram_api.unified_logins import UnifiedLoginController
from miniprogram_api.use_consents import MisuseController, UseConsentController
from miniprogram_api.verification_requests import VerificationRequestController
from miniprogram_api.verifying import VerifyingController
from miniprogram_api.wallet import WalletController

controllers: list[type[Controller]] = [
    SessionController,
    PhoneCodeController,
    PhoneSessionController,
    MeController,
    MyAccountController,
    MyDataController,
    FaceCheckController,
    UnifiedLoginController,
    ActingController,
    RelationController,
    ActController,
    CounterCodeController,
    InvitationController,
    HelperController,
    HomeController,
    FileController,
    FeeOrderController,
    DisbursementController,
    LicenceController,
    WalletController,
    LicenceFaceController,
    CredentialController,
    CredentialNonceController,
    FaceController,
    PresentationController,
    VerificationRequestController,
    UseConsentController,
    MisuseController,
    EntitlementController,
    PolicyController,
    MessageController,
    SubscriptionController,
    VerifyingController,
]

router = Router("/v1", route_handlers=controllers)
