"""Every route of operators, under /operator/v1. A controller that is not here does not answer."""

from litestar import Controller, Router

from operator_api.counter import CounterController
from operator_api.counter_acts import CounterActController
from operator_api.fee_issuing import FeeIssuingController
from operator_api.payments import (
    DisbursementController,
    FeeOrderController,
    PaymentExceptionController,
)
from operator_api.policies import PolicyController
from operator_api.sessions import OperatorSessionController
from operator_api.tasks import TaskController

controllers: list[type[Controller]] = [
    OperatorSessionController,
    FeeOrderController,
    FeeIssuingController,
    DisbursementController,
    PaymentExceptionController,
    PolicyController,
    TaskController,
    CounterController,
    CounterActController,
]

router = Router("/operator/v1", route_handlers=controllers)
