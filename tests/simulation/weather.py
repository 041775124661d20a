"""What kind of day it is: a plan of faults drawn from a seed. 天气"""

from random import Random

from sandbox.faults import Fault, On, Plan, Rule

PAY, ALIPAY = "/api.mch.weixin.qq.com/*", "/openapi.alipay.com/*"
WECHAT, BANK, REGISTERS = "/api.weixin.qq.com/*", "/bank/*", "/registers/*"
CALLBACKS = "/callbacks/*"

SIGNED: list[tuple[Fault, float]] = [
    ("drop", 0),
    ("answer_lost", 0),
    ("late", 20),
    ("duplicate", 0),
    ("corrupt", 0),
    ("half_open", 0),
    ("clock_skew", 200),
    ("clock_skew", -400),
]
UNSIGNED: list[tuple[Fault, float]] = [
    ("drop", 0),
    ("answer_lost", 0),
    ("late", 5),
    ("half_open", 0),
]
DELIVERED: list[tuple[Fault, float]] = [
    ("drop", 0),
    ("duplicate", 0),
    ("reorder", 90),
    ("delay", 40),
    ("corrupt", 0),
    ("answer_lost", 0),
    ("clock_skew", 310),
]
ERRORS = [
    (PAY, "SYSTEM_ERROR"),
    (PAY, "FREQUENCY_LIMITED"),
    (ALIPAY, "isp.unknow-error"),
    (ALIPAY, "ACQ.SYSTEM_ERROR"),
    (WECHAT, "-1"),
    (WECHAT, "45009"),
    (BANK, "busy"),
    (REGISTERS, "busy"),
]
MODES = ("both", "public_key")
"""The product is on its way from certificates to public keys, and knows both."""


def plan_of(seed: int) -> Plan:
    """Each fault on each line: on some days never, on some often."""
    dice = Random(f"weather {seed}")
    rules = []
    for paths, faults in (((PAY, ALIPAY, BANK, REGISTERS), SIGNED), ((WECHAT,), UNSIGNED)):
        rules += [_rule(dice, path, fault, seconds) for path in paths for fault, seconds in faults]
    rules += [_rule(dice, CALLBACKS, fault, seconds, on="callback") for fault, seconds in DELIVERED]
    rules += [_rule(dice, path, "error", 0, code=code) for path, code in ERRORS]
    keys = Rule(path=PAY, fault="key_rotation", code=dice.choice(MODES), probability=0.05)
    return Plan(seed, [*(rule for rule in rules if rule.probability), keys])


def _rule(
    dice: Random, path: str, fault: Fault, seconds: float, *, on: On = "call", code: str = ""
) -> Rule:
    probability = dice.choice([0, 0, 0.02, 0.05, 0.1])
    return Rule(path=path, fault=fault, on=on, seconds=seconds, code=code, probability=probability)
