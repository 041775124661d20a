"""The product and its bare comparisons in the same processes. `python -m benchmarks.serving`

The product is put together as `app.serving` does it, access log included, but for its limits: the
limiter counts every request as always, and never has to refuse one.
"""

import logging
import os
import sys
from typing import Any

from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send
from msgspec.structs import replace

from app.logging import configure_logging
from app.serving import begin_process, serve
from app.settings import load_settings
from web.limiter import RULES, Rule

WIDE: dict[str, Rule] = {name: replace(rule, limit=10**9) for name, rule in RULES.items()}

log = logging.getLogger(__name__)


def application() -> Any:
    """What each worker process serves."""
    settings = begin_process()
    from app.asgi import create_app  # after the metrics folder is known
    from app.logging import AccessLog
    from app.providers import choose_parts
    from benchmarks.bare import create_bare
    from web.limiter import Limiter

    parts = choose_parts(settings)
    limiter = Limiter(parts.cache, rules=WIDE)
    product = AccessLog(create_app(settings, parts, limiter=limiter))
    return Beside(product, create_bare(settings, issuer=parts.issuer, limiter=limiter))


class Beside:
    """Bare handlers at /bare, the product everywhere else."""

    def __init__(self, product: Any, bare: Any) -> None:
        self._product = product
        self._bare = bare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bare = scope["type"] == ScopeType.HTTP and scope["path"].startswith("/bare/")
        await (self._bare if bare else self._product)(scope, receive, send)


def main() -> int:
    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    return serve(settings, target="benchmarks.serving:application")


if __name__ == "__main__":
    sys.exit(main())
