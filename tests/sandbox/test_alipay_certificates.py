"""Certificate mode: a call names two certificates, an answer the one it was signed under."""

from base64 import b64decode
from pathlib import Path

import httpx
import pytest
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates

from sandbox.alipay.certificates import certificate_sn
from sandbox.asgi import create_app
from sandbox.city import Person
from sandbox.fault_line import FaultLine
from sandbox.keys import open_keys
from sandbox.world import AlipayApp, World
from tests.data import vectors
from tests.sandbox.conftest import APP_ID, CERTIFIED_APP_ID
from tests.sandbox.peers import AlipayClient, cert_sn

V = vectors("alipay_certificates")
QUERY = "alipay.trade.query"
DOWNLOAD = "alipay.open.app.alipaycert.download"


@pytest.mark.parametrize("whose", ["app_cert", "alipay_cert"])
def test_a_certificate_has_its_published_number(whose: str) -> None:
    der = V[f"{whose}_der_b64"]
    pem = f"-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n"

    assert certificate_sn(pem) == V[f"{whose}_sn"]


def test_one_root_of_the_bundle_is_not_rsa(certified: AlipayClient) -> None:
    roots = load_pem_x509_certificates(certified.app["root_bundle_pem"].encode())

    assert len(roots) == 3
    assert certified.certificates["alipay_root_cert_sn"].count("_") == 1


async def test_an_answer_names_the_certificate_it_was_signed_under(
    certified: AlipayClient, world: World, wang: Person
) -> None:
    reply = await certified.send(certified.params(QUERY, biz_content='{"out_trade_no":"F1"}'))

    assert reply.json()["alipay_cert_sn"] == certified.alipay_cert_sn
    assert certified.node(reply)["sub_code"] == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize(
    ("changed", "sub_code"),
    [
        ({"app_cert_sn": ""}, "isv.missing-app-cert-sn"),
        ({"app_cert_sn": "0" * 32}, "isv.invalid-app-cert-sn"),
        ({"alipay_root_cert_sn": ""}, "isv.missing-alipay-root-cert-sn"),
        ({"alipay_root_cert_sn": "0" * 32}, "isv.invalid-alipay-root-cert-sn"),
    ],
)
async def test_a_call_that_names_other_certificates_is_refused(
    certified: AlipayClient, changed: dict[str, str], sub_code: str
) -> None:
    reply = await certified.send(certified.params(QUERY, biz_content="{}") | changed)

    assert reply.json()["error_response"]["sub_code"] == sub_code


async def test_money_goes_out_in_certificate_mode_only(alipay: AlipayClient) -> None:
    reply = await alipay.send(alipay.params(DOWNLOAD, biz_content="{}"))

    assert reply.json()["error_response"]["sub_code"] == "isv.insufficient-isv-permissions"


async def test_a_new_certificate_can_be_downloaded_and_leads_to_a_root(
    certified: AlipayClient, world: World
) -> None:
    """B13, for Alipay: the old one is still there for what was signed before."""
    before = certified.alipay_cert_sn
    asked = {"app_id": CERTIFIED_APP_ID}
    told = (await certified.http.post("/control/alipay/certificate", json=asked)).json()
    certified.alipay_cert_sn = told["alipay_cert_sn"]
    content = f'{{"alipay_cert_sn":"{told["alipay_cert_sn"]}"}}'
    reply = await certified.send(certified.params(DOWNLOAD, biz_content=content))

    pem = b64decode(
        reply.json()["alipay_open_app_alipaycert_download_response"]["alipay_cert_content"]
    )

    assert cert_sn(pem.decode()) == told["alipay_cert_sn"] != before
    leaf, issuer = load_pem_x509_certificates(pem)
    root = load_pem_x509_certificate(certified.app["root_bundle_pem"].encode())
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)
    certified.trust(leaf.public_key())
    known = [await certified.call(DOWNLOAD, {"alipay_cert_sn": sn}) for sn in (before, "none")]
    assert [one["code"] for one in known] == ["10000", "40004"]


def test_a_restart_finds_the_same_certificates(world: World, state: Path) -> None:
    changed = world.change_alipay_certificate(CERTIFIED_APP_ID)

    keys = open_keys(state, world.city)

    assert AlipayApp(CERTIFIED_APP_ID, keys).alipay_cert_sn == changed
    assert AlipayApp(APP_ID, keys).alipay_cert_sn == ""


async def test_a_fault_changes_the_certificate_in_the_middle(
    certified: AlipayClient, world: World
) -> None:
    """Alipay has no mode to name, as WeChat Pay's rotation does."""
    before = world.alipay_apps[certified.app_id].alipay_cert_sn
    rule = {"path": "/openapi.alipay.com/*", "fault": "key_rotation", "times": 1}
    planned = await certified.http.post("/control/faults", json={"rules": [rule]})
    transport = httpx.ASGITransport(FaultLine(create_app(world, delivers=False), world))

    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as faulty:
        line = AlipayClient(faulty, certified.app, world.clock)
        answer = await line.send(line.params(QUERY, biz_content='{"trade_no":"1"}'))

    assert planned.status_code == 200
    assert answer.json()["alipay_cert_sn"] == world.alipay_apps[certified.app_id].alipay_cert_sn
    assert answer.json()["alipay_cert_sn"] != before
