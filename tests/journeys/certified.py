"""A deployment on its way from WeChat Pay's certificates to its public keys: it knows both."""

import msgspec

from sandbox.clock import Clock
from sandbox.wechat_pay.certificates import valid_certificates
from sandbox.world import open_world
from seeds.files import CITY
from tests.journeys.town import Deployment


def with_certificates(deployment: Deployment) -> Deployment:
    """Its merchants' newest platform certificates stand in the settings as further keys."""
    world = open_world(deployment.state, CITY, clock=Clock())
    known = {mchid: valid_certificates(world, mchid)[-1] for mchid in world.merchants}
    world.book.close()
    merchants = [
        msgspec.structs.replace(
            merchant,
            more_keys={known[merchant.mchid].serial_no: known[merchant.mchid].certificate_pem},
        )
        for merchant in deployment.settings.wechat_pay.merchants
    ]
    wechat_pay = msgspec.structs.replace(deployment.settings.wechat_pay, merchants=merchants)
    return deployment.altered(msgspec.structs.replace(deployment.settings, wechat_pay=wechat_pay))
