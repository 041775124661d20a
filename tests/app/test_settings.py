import json
from pathlib import Path

import pytest

from app.development import throwaway_variables
from app.settings import SettingsInvalid, load_settings

VARIABLES = throwaway_variables()


def push(**changes: str) -> str:
    ours = json.loads(VARIABLES["ZB_WECHAT"])["appid"]
    return json.dumps({"appid": ours, "token": "t", "encoding_aes_key": "k" * 43} | changes)


SANDBOX = "http://127.0.0.1:8100/anything"
REGISTRY = {"base_url": SANDBOX, "app_key": "a", "secret": "s", "name": "ours"}
SIGN_IN = {
    **{"base_url": SANDBOX, "issuer": SANDBOX, "redirect_uri": SANDBOX},
    **{"client_id": "c", "client_secret": "s"},
}
OPTIONAL = {
    "ZB_SMS": [
        {"base_url": SANDBOX, "app_key": "a", "secret": "s", "form": "json", "sign_name": "n"}
    ],
    "ZB_LICENCE_REGISTRIES": [REGISTRY],
    "ZB_UNIFIED_IDENTITY": SIGN_IN,
    "ZB_OPERATOR_OIDC": SIGN_IN,
}
"""What a deployment may leave out, played by the sandbox."""


def test_every_problem_is_told_at_once() -> None:
    wrong = VARIABLES | {"ZB_WORKERS": "0", "ZB_BANK": "{", "ZB_KEK": "c2hvcnQ="}
    del wrong["ZB_PUBLIC_URL"]

    with pytest.raises(SettingsInvalid) as refused:
        load_settings(wrong)

    told = "\n".join(refused.value.problems)
    assert all(name in told for name in ("ZB_WORKERS", "ZB_BANK", "ZB_PUBLIC_URL"))


def test_a_misspelt_name_stops_the_start_and_is_guessed() -> None:
    with pytest.raises(SettingsInvalid, match=r"ZB_WORKRES.*ZB_WORKERS"):
        load_settings(VARIABLES | {"ZB_WORKRES": "4"})


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text(VARIABLES["ZB_KEK"] + "\n")
    given = {name: value for name, value in VARIABLES.items() if name != "ZB_KEK"}

    settings = load_settings(given | {"ZB_KEK_FILE": str(file)})

    assert settings.kek.reveal() == VARIABLES["ZB_KEK"]


def test_pushes_are_heard_only_where_they_were_agreed_on() -> None:
    without = {name: value for name, value in VARIABLES.items() if name != "ZB_WECHAT_PUSH"}

    heard = load_settings(without | {"ZB_WECHAT_PUSH": push()})

    assert heard.wechat_push is not None
    assert load_settings(without).wechat_push is None
    assert load_settings(without | {"ZB_WECHAT_PUSH": "null"}).wechat_push is None


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"ZB_KEK.*只能给出一个"):
        load_settings(VARIABLES | {"ZB_KEK_FILE": str(tmp_path)})


def test_no_secret_is_printed_in_settings_or_in_a_refusal() -> None:
    wechat = json.dumps({"appid": "wx1", "secret": "canary-secret"})
    settings = load_settings(VARIABLES | {"ZB_WECHAT": wechat})

    with pytest.raises(SettingsInvalid) as refused:
        load_settings(VARIABLES | {"ZB_WECHAT": wechat, "ZB_KEK": "canary-kek", "ZB_PORT": "x"})

    assert "canary" not in repr(settings) + str(refused.value)
    assert settings.wechat.secret.reveal() == "canary-secret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("ZB_KEK", "c2hvcnQ=", id="a short key-encrypting key"),
        pytest.param("ZB_PRESENTATION_KEYS", "c2hvcnQ=", id="a short signing key"),
        pytest.param("ZB_RESIDENT_TOKEN_KEYS", "no pem", id="no token key"),
        pytest.param("ZB_DATABASE_URL", "sqlite://x", id="another database"),
        pytest.param("ZB_PUBLIC_URL", "https://zb.test/", id="a callback address with //"),
        pytest.param("ZB_TRUSTED_PROXIES", "10.0.0.0/33", id="no network"),
        pytest.param("ZB_BANK", '{"base_url": "ftp://x"}', id="no web address"),
        pytest.param("ZB_WECHAT_PUSH", push(encoding_aes_key="short"), id="a short push key"),
        pytest.param("ZB_WECHAT_PUSH", push(appid="wx1"), id="pushes of another app"),
        pytest.param("ZB_WECHAT_PUSH", push(token=""), id="no push token"),
        pytest.param("ZB_LICENCE_REGISTRIES", json.dumps([REGISTRY] * 2), id="a registry twice"),
        pytest.param("ZB_ENVIRONMENT", "prod", id="no such environment"),
    ],
)
def test_a_value_that_cannot_work_is_found_at_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        load_settings(VARIABLES | {name: value})


def test_a_merchant_stands_there_once() -> None:
    """The second would silently take the first one's place."""
    words = ("serial_no", "private_key_pem", "apiv3_key", "public_key_id", "public_key_pem")
    merchant = {"mchid": "1900000001", **dict.fromkeys(words, "x")}

    with pytest.raises(SettingsInvalid, match="ZB_WECHAT_PAY：同一个 mchid 只能写一次"):
        load_settings(VARIABLES | {"ZB_WECHAT_PAY": json.dumps({"merchants": [merchant] * 2})})


def test_production_refuses_the_sandbox_and_a_moved_clock() -> None:
    moved = {"ZB_ENVIRONMENT": "production", "ZB_CLOCK_OFFSET_SECONDS": "60"}

    with pytest.raises(SettingsInvalid) as refused:
        load_settings(VARIABLES | moved)

    told = "\n".join(refused.value.problems)
    for name in ("WECHAT", "WECHAT_PAY", "ALIPAY", "POPULATION_REGISTER", "BUSINESS_REGISTER"):
        assert f"ZB_{name}：生产环境不允许使用本机沙箱" in told
    assert "ZB_BANK" in told
    assert "ZB_CLOCK_OFFSET_SECONDS" in told


@pytest.mark.parametrize("name", OPTIONAL)
def test_production_refuses_the_sandbox_also_for_what_may_be_left_out(name: str) -> None:
    given = {"ZB_ENVIRONMENT": "production", name: json.dumps(OPTIONAL[name])}

    with pytest.raises(SettingsInvalid) as refused:
        load_settings(VARIABLES | given)

    assert f"{name}：生产环境不允许使用本机沙箱" in refused.value.problems


@pytest.mark.parametrize("name", ["ZB_UNIFIED_IDENTITY", "ZB_OPERATOR_OIDC"])
def test_production_sends_nobody_to_a_page_in_clear(name: str) -> None:
    service = SIGN_IN | {"base_url": "https://id.test", "issuer": "http://id.test"}
    given = {"ZB_ENVIRONMENT": "production", name: json.dumps(service)}

    with pytest.raises(SettingsInvalid) as refused:
        load_settings(VARIABLES | given)

    assert f"{name}：生产环境必须使用 https" in refused.value.problems
