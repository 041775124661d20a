"""Who may call what: routes × roles, from one file that is the truth for code and test. 权限矩阵

Denied unless a line allows it: a route without a line answers nobody and stops the start.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Any, cast

import yaml
from litestar.routes import BaseRoute, HTTPRoute
from msgspec import Struct

from identity.machine_clients import MachineScope


class Audience(StrEnum):
    """For whom a token is made. One audience's token opens nothing of another's."""

    ANYONE = "anyone"
    RESIDENT = "resident"
    VERIFIER = "verifier"
    OPERATOR = "operator"
    MACHINE = "machine"


OPERATOR_ROLES = frozenset(
    {
        "editor",
        "approver",
        "publisher",
        "finance",
        "data_steward",
        "window_officer",
        "auditor",
        "security_admin",
        "system_admin",
    }
)
MACHINE_SCOPES = frozenset(MachineScope)
STEP_UP = "step_up"
METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})

_TYPED = re.compile(r"\{(\w+):\w+\}")


class MatrixWrong(Exception):
    """The matrix and the routes differ, or a line makes no sense. Stops the start."""


class Access(Struct, frozen=True):
    """Who may call one route: one audience, for operators which roles, for programs which scopes.

    With `step_up` an operator must have given a one-time code in the last minutes.
    """

    audience: Audience
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    step_up: bool = False


class Matrix:
    """Lines "METHOD /path": roles. Paths are written with plain `{names}`."""

    def __init__(self, lines: Mapping[str, Iterable[str]]) -> None:
        self._access = {
            route_key(*line.split(" ", 1)): _access(line, lines[line]) for line in lines
        }

    def find(self, method: str, path: str) -> Access | None:
        return self._access.get(route_key(method, path))

    def routes_of(self, audience: Audience) -> set[str]:
        """Every line that is for one audience."""
        return {line for line, access in self._access.items() if access.audience is audience}

    def check(self, routes: Iterable[BaseRoute]) -> None:
        """Refuse a route without a line, and a line without a route."""
        existing = set(route_keys(routes))
        missing, stale = existing - set(self._access), set(self._access) - existing
        if missing or stale:
            raise MatrixWrong(
                f"without a line: {sorted(missing)}; without a route: {sorted(stale)}"
            )


def load_matrix() -> Matrix:
    """The matrix of this build."""
    text = files("web").joinpath("matrix.yaml").read_text("utf-8")
    return Matrix(read_lines(text))


def read_lines(text: str) -> dict[str, Any]:
    """What a file says of each route; MatrixWrong when it says two things of one."""
    return cast(dict[str, Any], yaml.load(text, Loader=_NoRepeats))


def route_keys(routes: Iterable[BaseRoute]) -> Iterator[str]:
    """Every route as the matrix writes it; OPTIONS, which Litestar answers itself, is not one."""
    for route in routes:
        if isinstance(route, HTTPRoute):
            for method in sorted(route.methods):
                if method != "OPTIONS":
                    yield route_key(method, route.path)


class _NoRepeats(yaml.SafeLoader):
    """A second line for a route would silently win over the first."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, object]:
    pairs: list[tuple[str, object]] = loader.construct_pairs(node, deep=True)
    if len({key for key, _ in pairs}) != len(pairs):
        raise MatrixWrong("a route has two lines")
    return dict(pairs)


_NoRepeats.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def route_key(method: str, path: str) -> str:
    """A route as the matrix writes it."""
    return f"{method} " + _TYPED.sub(r"{\1}", path)


def _access(line: str, roles: Iterable[str]) -> Access:
    method, _, path = line.partition(" ")
    named = frozenset(roles)
    if method not in METHODS or not path.startswith("/") or not named:
        raise MatrixWrong(f"not a line: {line}")
    if named - {STEP_UP} <= OPERATOR_ROLES and named != {STEP_UP}:
        return Access(Audience.OPERATOR, named - {STEP_UP}, step_up=STEP_UP in named)
    if named <= MACHINE_SCOPES:
        return Access(Audience.MACHINE, scopes=named)
    if len(named) == 1 and (name := min(named)) in set(Audience) - {Audience.OPERATOR}:
        return Access(Audience(name))
    raise MatrixWrong(f"not roles of one audience: {line}")
