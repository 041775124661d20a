import re
from ipaddress import ip_address, ip_network
from typing import Any, get_args

import pytest
from litestar import Litestar
from msgspec import NODEFAULT
from msgspec.structs import fields

from app.__main__ import _parser
from app.settings import OwnerSettings, Settings
from core.worker import GRACE_SECONDS
from tests.deploy.reading import (
    COMPOSE,
    DEPLOY,
    ROOT,
    SECRETS_FOLDER,
    SERVICES,
    VARIABLES,
    example_variables,
    image_variables,
    variables_of,
)

OURS = {"api": "serve", "worker": "work", "migrate": "migrate"}


def _required(kind: Any) -> set[str]:
    return {
        f"ZB_{field.name.upper()}"
        for field in fields(kind)
        if field.default is NODEFAULT and field.default_factory is NODEFAULT
    }


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def test_the_set_is_whole_and_has_no_sandbox_in_it() -> None:
    assert set(SERVICES) == {"proxy", *OURS, "postgres", "valkey"}
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert "sandbox" not in (ROOT / "compose.yaml").read_text()


@pytest.mark.parametrize(("service", "command"), OURS.items())
def test_each_of_our_processes_runs_a_command_there_is(service: str, command: str) -> None:
    assert _parser().parse_args(SERVICES[service]["command"]).command == command


@pytest.mark.parametrize("service", ["api", "worker"])
def test_the_processes_have_every_setting_they_need_and_none_that_is_not_one(service: str) -> None:
    given = variables_of(service)
    names = {name.removesuffix("_FILE") for name in given}

    assert names - VARIABLES.keys() == set()
    assert _required(Settings) - names == set()
    assert len(names) == len(given), "a setting given twice stops the start"


def test_migrations_know_the_owner_and_nothing_else() -> None:
    given = variables_of("migrate").keys() - image_variables().keys()

    assert {name.removesuffix("_FILE") for name in given} == _required(OwnerSettings)
    assert SERVICES["migrate"]["restart"] == "no"
    owners = [name for name, one in SERVICES.items() if "owner_database_url" in _secrets(one)]
    assert owners == ["migrate"]


def test_every_secret_of_ours_comes_as_a_file() -> None:
    secret = {
        name
        for name, field in VARIABLES.items()
        if "Secret" in str(field.type) or _has_secret_parts(field.type)
    }

    for service in OURS:
        assert secret & variables_of(service).keys() == set()
    assert secret & example_variables().keys() == set()
    for service in ("api", "worker"):
        files = {name.removesuffix("_FILE") for name in variables_of(service)}
        assert secret - files == {"ZB_OWNER_DATABASE_URL"}, "what cannot be given cannot be used"


def _has_secret_parts(kind: Any) -> bool:
    return any(hasattr(one, "__struct_fields__") for one in (kind, *get_args(kind)))


def _secrets(service: dict[str, Any]) -> list[str]:
    found: list[str] = service.get("secrets", [])
    return found


def test_every_secret_named_is_mounted_known_and_used() -> None:
    known = COMPOSE["secrets"]

    for name, service in SERVICES.items():
        paths = [*service.get("environment", {}).values(), *map(str, service.get("command", []))]
        used = {path.rpartition("/")[2] for path in paths if path.startswith(SECRETS_FOLDER)}
        assert used <= set(_secrets(service)), name
        assert set(_secrets(service)) <= set(known), name
    assert {name for one in SERVICES.values() for name in _secrets(one)} == set(known)
    assert all(one["file"] == f"deploy/secrets/{name}" for name, one in known.items())


def test_each_service_has_a_health_check_and_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        assert service["healthcheck"], name
        for needed, how in service.get("depends_on", {}).items():
            checked = "disable" not in SERVICES[needed]["healthcheck"]
            ends = SERVICES[needed]["restart"] == "no"
            assert how["condition"] == (
                "service_completed_successfully" if ends else "service_healthy"
            )
            assert checked or ends
    for product in ("api", "worker"):
        assert set(SERVICES[product]["depends_on"]) == {"migrate", "postgres", "valkey"}


def test_the_health_checks_ask_what_the_application_answers(app: Litestar) -> None:
    paths = {route.path for route in app.routes}

    for service, part in (("api", "ready"), ("worker", "worker")):
        word, *command = SERVICES[service]["healthcheck"]["test"]
        assert [word, *command[:3]] == ["CMD", "python", "-m", "app"]
        assert _parser().parse_args(command[3:]).part == part
    assert {"/health/live", "/health/ready"} <= paths
    asked = SERVICES["proxy"]["healthcheck"]["test"][-1]
    assert asked.removeprefix("https://127.0.0.1") in paths
    assert "ZB_HEARTBEAT_PATH" in variables_of("worker")


def test_stopping_waits_for_what_is_under_way() -> None:
    asked = int(example_variables()["ZB_STOP_SECONDS"])

    assert _seconds(SERVICES["api"]["stop_grace_period"]) > asked
    assert _seconds(SERVICES["worker"]["stop_grace_period"]) > GRACE_SECONDS


def test_only_the_proxy_is_reached_and_only_the_proxy_is_believed() -> None:
    (config,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    proxy = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]

    assert [name for name, one in SERVICES.items() if "ports" in one] == ["proxy"]
    assert ip_address(proxy) in ip_network(config["subnet"])
    assert variables_of("api")["ZB_TRUSTED_PROXIES"] == f"{proxy}/32"
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["valkey"]["networks"] == ["data"]


def test_what_is_mounted_from_the_tree_is_there() -> None:
    mounts = [mount for one in SERVICES.values() for mount in one.get("volumes", [])]
    sources = {mount.split(":")[0]: mount.split(":")[1] for mount in mounts}
    env_files = {file for one in SERVICES.values() for file in one.get("env_file", [])}

    assert all((ROOT / source).exists() for source in sources if source.startswith("./"))
    named = {source for source in sources if not source.startswith("./")}
    assert named == set(COMPOSE["volumes"])
    assert variables_of("api")["ZB_FILE_STORE_URL"] == f"file://{sources['files']}"
    assert sources["postgres"] == "/var/lib/postgresql", "where PostgreSQL 18 keeps its versions"
    assert env_files == {"deploy/zhangban.env"}
    assert (DEPLOY / "zhangban.env.example").exists()


def test_our_processes_may_little_on_their_host() -> None:
    for service in OURS:
        one = SERVICES[service]
        assert one["read_only"]
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in one


def test_all_connections_fit_into_the_database() -> None:
    given = example_variables()
    each, processes = int(given["ZB_DATABASE_CONNECTIONS"]), int(given["ZB_WORKERS"]) + 1

    assert processes * each + 4 < 100 - 3, "PostgreSQL's usual max_connections, less its own"


def test_the_page_on_deploying_names_only_what_there_is() -> None:
    page = (ROOT / "docs" / "zh" / "deploy.md").read_text("utf-8")
    files = re.findall(r"`(deploy/[\w./-]+|compose\.yaml|Dockerfile)`", page)
    made = {f"deploy/secrets/{name}" for name in COMPOSE["secrets"]} | {
        "deploy/secrets",
        "deploy/zhangban.env",
    }

    names = {name.removesuffix("_FILE") for name in re.findall(r"ZB_[A-Z_]+", page)}
    assert names - VARIABLES.keys() == set()
    assert [name for name in files if name not in made and not (ROOT / name).exists()] == []
    for command in re.findall(r"python -m app ([a-z ]+)", page):
        assert _parser().parse_args(command.split())
    for service, command in re.findall(r"docker compose run --rm (\w+)([^`\n]*)", page):
        assert SERVICES[service]
        assert not command.strip() or _parser().parse_args(command.split())
