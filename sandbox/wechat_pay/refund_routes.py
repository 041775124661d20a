"""The addresses of api.mch.weixin.qq.com about refunds, bills and platform certificates."""

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from sandbox.refusals import PayRefusal
from sandbox.wechat_pay import certificates, refunds
from sandbox.wechat_pay.abnormal_refunds import apply_abnormal_refund
from sandbox.wechat_pay.authorization import HOST, Call, authorized_call
from sandbox.wechat_pay.fields import AbnormalRefundRequest, RefundRequest
from sandbox.wechat_pay.platform_keys import signing_of
from sandbox.wechat_pay.rates import REFUND, check_faults, note_fault, spend_call
from sandbox.wechat_pay.statements import Request, fetch_statement, order_statement
from sandbox.world import World

DOWNLOAD = "/v3/billdownload/file"
PARTS = {"tradebill": ("bill_type", "ALL"), "fundflowbill": ("account_type", "BASIC")}


class RefundController(Controller):
    path = f"{HOST}/v3/refund/domestic/refunds"
    dependencies = {"call": Provide(authorized_call)}

    @post("/")
    async def refund(
        self, call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        mchid = call.merchant.mchid
        spend_call(world, mchid, REFUND)
        check_faults(world, mchid)
        try:
            refund = refunds.refund(world, call.merchant, call.read(RefundRequest))
        except PayRefusal:
            note_fault(world, mchid)
            raise
        return call.answer(refunds.describe(refund))

    @get("/{out_refund_no:str}")
    async def by_number(
        self,
        out_refund_no: FromPath[str],
        call: NamedDependency[Call],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        refund = refunds.find_refund(world, call.merchant.mchid, out_refund_no)
        return call.answer(refunds.describe(refund))

    @post("/{refund_id:str}/apply-abnormal-refund")
    async def abnormal(
        self, refund_id: FromPath[str], call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        asked = call.read(AbnormalRefundRequest)
        refund = apply_abnormal_refund(world, call.merchant, refund_id, asked, call.serial)
        return call.answer(refunds.describe(refund))


class BillController(Controller):
    path = HOST
    dependencies = {"call": Provide(authorized_call)}

    @get("/v3/bill/{kind:str}")
    async def order(
        self, kind: FromPath[str], call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        if kind not in PARTS:
            raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "接口不存在")
        (name, default), given = PARTS[kind], call.request.query_params
        asked = Request(
            kind=kind,
            part=given.get(name, default),
            bill_date=given.get("bill_date", ""),
            tar_type=given.get("tar_type", ""),
        )
        token, digest = order_statement(world, call.merchant, asked)
        host = f"{call.request.url.scheme}://{call.request.url.netloc}{HOST}"
        answer = {"hash_type": "SHA1", "hash_value": digest}
        return call.answer(answer | {"download_url": f"{host}{DOWNLOAD}?token={token}"})

    @get(DOWNLOAD)
    async def download(
        self, call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        """The one answer that is not signed: its digest came with the address."""
        token = call.request.query_params.get("token", "")
        content = fetch_statement(world, call.merchant, token)
        return Response(content, media_type="application/octet-stream")


@get(f"{HOST}/v3/certificates", dependencies={"call": Provide(authorized_call)})
async def list_certificates(
    call: NamedDependency[Call], world: NamedDependency[World]
) -> Response[bytes]:
    """Those that count now. Who has only a public key has none of them."""
    if signing_of(world, call.merchant.mchid).mode == "public_key":
        raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请使用微信支付公钥")
    found = certificates.valid_certificates(world, call.merchant.mchid)
    return call.answer({"data": [certificates.describe(call.merchant, one) for one in found]})
