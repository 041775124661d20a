"""Platforms that begin to sign with other keys, in the middle of everything. 换钥"""

import msgspec

from sandbox.wechat_pay.platform_keys import Mode, Signing, set_signing
from sandbox.world import World


def change_keys(world: World, target: str, mode: str) -> None:
    """WeChat Pay signs to all its merchants in `mode`; Alipay with a new certificate, to those
    applications that are in certificate mode."""
    if "alipay" in target:
        for app in list(world.alipay_apps.values()):
            if app.alipay_cert_sn:
                world.change_alipay_certificate(app.app_id)
        return
    for mchid in world.merchants:
        set_signing(world, mchid, Signing(msgspec.convert(mode, Mode)))
