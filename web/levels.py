"""How well somebody must be known to call what residents call, from one file. 认证等级

Denied unless a line says less: a route that nobody thought about asks for a real name.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

from identity.kinds import Level
from web.matrix import MatrixWrong, read_lines, route_key


class Levels:
    """Lines "METHOD /path": level, by its name; `unsaid` is what a route without a line needs."""

    def __init__(self, lines: Mapping[str, str], *, unsaid: Level = Level.REAL_NAME) -> None:
        names = {level.name.lower(): level for level in Level}
        if wrong := sorted(set(lines.values()) - set(names)):
            raise MatrixWrong(f"no such levels: {wrong}")
        self._by_route = {line: names[name] for line, name in lines.items()}
        self._unsaid = unsaid
        self.needed = lru_cache(1024)(self._needed)

    def __iter__(self) -> Iterator[tuple[str, Level]]:
        return iter(self._by_route.items())

    def names(self, route: str) -> bool:
        """Whether a line says what this route needs."""
        return route in self._by_route

    def check(self, routes: Iterable[str]) -> None:
        """Refuse a line about what residents cannot call."""
        if stale := sorted(set(self._by_route) - set(routes)):
            raise MatrixWrong(f"a level without a route of residents: {stale}")

    def _needed(self, method: str, path: str) -> Level:
        return self._by_route.get(route_key(method, path), self._unsaid)


def load_levels() -> Levels:
    """The levels of this build."""
    return read_levels(files("web").joinpath("levels.yaml").read_text("utf-8"))


def read_levels(text: str) -> Levels:
    """The levels a file says; MatrixWrong when a route has two."""
    return Levels(read_lines(text))
