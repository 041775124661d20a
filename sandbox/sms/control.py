"""What is entered at the suppliers. 控制"""

from typing import Literal

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from sandbox.sms.pushes import set_push_url
from sandbox.world import World

Supplier = Literal["sms_json", "sms_form"]


class PushAddress(Struct, forbid_unknown_fields=True):
    supplier: Supplier
    url: str


@post("/control/sms/push-url", status_code=200)
async def enter_push_url(
    data: JSONBody[PushAddress], world: NamedDependency[World]
) -> dict[str, str]:
    """Enter at a supplier where receipts and replies go; empty for nowhere."""
    set_push_url(world, data.supplier, data.url)
    return {"url": data.url}
