"""From ZB_* variables to a Struct: every problem found before anything is said."""

import difflib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

PREFIX, FILE = "ZB_", "_FILE"
Networks = tuple[IPv4Network | IPv6Network, ...]
T = TypeVar("T", bound=Struct)


class SettingsInvalid(Exception):
    """The start is refused. Says every problem, and no value of a secret."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("配置有误：\n" + "\n".join(f"  - {problem}" for problem in problems))


class Secret:
    """A value that does not print itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"


def read_settings(
    kind: type[T], environ: Mapping[str, str], *, known: tuple[type[Struct], ...]
) -> T:
    """`kind` out of the variables. Names of `known` may be there too; any other is a mistake."""
    kinds: tuple[type[Struct], ...] = (kind, *known)
    names = {field.name for one in kinds for field in fields(one)}
    problems = _unknown(environ, names)
    values: dict[str, Any] = {}
    for field in fields(kind):
        variable = PREFIX + field.name.upper()
        try:
            text = text_of(variable, environ)
            if text is not None:
                values[field.name] = _value(text, field.type)
            elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
                raise ValueError("没有给出")
        except (ValueError, OSError) as error:
            problems.append(f"{variable}：{_told(error)}")
    if problems:
        raise SettingsInvalid(problems)
    return kind(**values)


def _unknown(environ: Mapping[str, str], names: set[str]) -> list[str]:
    allowed = {PREFIX + name.upper() for name in names}
    allowed |= {name + FILE for name in allowed}
    problems = []
    for given in sorted(name for name in environ if name.startswith(PREFIX)):
        if given not in allowed:
            near = difflib.get_close_matches(given, allowed, n=1)
            hint = f"，是不是 {near[0]}？" if near else ""
            problems.append(f"{given}：没有这个配置项{hint}")
    return problems


def text_of(variable: str, environ: Mapping[str, str]) -> str | None:
    """What the variable says, or the file that it names; None when it is not there."""
    path = environ.get(variable + FILE)
    if path is None:
        return environ.get(variable)
    if variable in environ:
        raise ValueError(f"与 {variable}{FILE} 只能给出一个")
    return Path(path).read_text("utf-8").strip()


def _value(text: str, kind: Any) -> Any:
    if kind == Networks:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    if any(isinstance(one, type) and issubclass(one, Struct) for one in (kind, *get_args(kind))):
        return msgspec.json.decode(text, type=kind, dec_hook=_secret)
    return msgspec.convert(text, kind, strict=False, dec_hook=_secret)


def _secret(kind: type, value: object) -> object:
    if kind is Secret and isinstance(value, str) and value:
        return Secret(value)
    raise ValueError("没有内容")


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"文件读不到（{error.strerror}）"
    if isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError):
        return "不是 JSON"
    return str(error)
