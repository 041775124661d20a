"""What speaks to the suppliers of text messages, in the order of the settings. 短信对接"""

from collections.abc import Callable, Sequence

import httpx

from app.settings import SmsSupplier
from core.wire.hmac_api import HmacApi
from core.wire.sms import FormSms, JsonSms, SmsLine


def sms_lines(
    suppliers: Sequence[SmsSupplier], open_client: Callable[[str], httpx.AsyncClient]
) -> list[SmsLine]:
    return [_line(supplier, open_client(supplier.base_url)) for supplier in suppliers]


def _line(supplier: SmsSupplier, client: httpx.AsyncClient) -> SmsLine:
    secret = supplier.secret.reveal()
    if supplier.form == "form":
        return FormSms(
            client, account=supplier.app_key, secret=secret, sign_name=supplier.sign_name
        )
    api = HmacApi(client, app_key=supplier.app_key, secret=secret.encode())
    return JsonSms(api, sign_name=supplier.sign_name)
