"""Every route of operators, under /operator/v1. A controller that is not here does not answer."""

from litestar import Controller, Router

from operator_api.counter import CounterController
from operator_api.counter_acts import CounterActController
from operator_api.fee_issuing import FeeIssuingController
from operator_api.legal_bases import LegalBasisController
from operator_api.oidc import OidcController
from operator_api.payments import (
    DisbursementController,
    FeeOrderController,
    PaymentExceptionController,
)
from operator_api.persons import PersonController
from operator_api.policies import PolicyController
from operator_api.sessions import OperatorSessionController
from operator_api.staff import StaffController
from operator_api.staff_changes import StaffChangeController
from operator_api.staff_delegations import DelegationController
from operator_api.staff_enrolments import EnrolmentController
from operator_api.staff_machines import StaffMachineController
from operator_api.staff_verifiers import StaffVerifierController
from operator_api.tasks import TaskController

controllers: list[type[Controller]] = [
    OperatorSessionController,
    OidcController,
    FeeOrderController,
    FeeIssuingController,
    DisbursementController,
    PaymentExceptionController,
    PolicyController,
    TaskController,
    PersonController,
    StaffController,
    EnrolmentController,
    StaffChangeController,
    DelegationController,
    StaffVerifierController,
    LegalBasisController,
    StaffMachineController,
    CounterController,
    CounterActController,
]

router = Router("/operator/v1", route_handlers=controllers)
