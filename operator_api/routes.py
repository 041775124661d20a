"""Every route of operators, under /operator/v1. A controller that is not here does not answer."""

from litestar import Controller, Router

from operator_api.payments import (
    DisbursementController,
    FeeOrderController,
    PaymentExceptionController,
)
from operator_api.policies import PolicyController
from operator_api.sessions import OperatorSessionController

controllers: list[type[Controller]] = [
    OperatorSessionController,
    FeeOrderController,
    DisbursementController,
    PaymentExceptionController,
    PolicyController,
]

router = Router("/operator/v1", route_handlers=controllers)
