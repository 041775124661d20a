"""The API as one ASGI application. 应用"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from litestar import Litestar
from litestar.di import Provide

from agency_api.routes import callback_router, well_known_router
from agency_api.routes import router as agency_router
from app.database import database
from app.health import health_router
from app.metrics import metrics_middleware, metrics_router
from app.providers import Parts, choose_parts
from app.retention import retention
from app.settings import Settings
from core.files import FileStorage
from core.news import News
from miniprogram_api.routes import router as miniprogram_router
from notifications.channels.wechat_push import WechatPushes
from operator_api.routes import router as operator_router
from web.doors import make_doors
from web.events import EventStream, Streams
from web.limiter import Limiter
from web.plugin import WebPlugin


def create_app(
    settings: Settings, parts: Parts | None = None, *, limiter: Limiter | None = None
) -> Litestar:
    """Everything that answers over HTTP, with the adapters the settings ask for, or those given.

    Only what measures us brings a limiter of its own: one with room for a whole city's requests.
    """
    parts = parts or choose_parts(settings)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None, None]:
        url = settings.database_url.reveal()
        async with database(url, minsize=2, maxsize=settings.database_connections):
            yield
        await parts.close()

    web = WebPlugin(
        doors=make_doors(parts.issuer, parts.session_states),
        limiter=limiter or Limiter(parts.cache),
        cursor_signer=parts.cursor_signer,
        version=_version(),
        trusted_proxies=settings.trusted_proxies,
    )
    return Litestar(
        route_handlers=[
            miniprogram_router,
            operator_router,
            agency_router,
            callback_router,
            well_known_router,
            health_router(settings.database_url.reveal(), parts.cache),
            metrics_router(settings.metrics_networks),
        ],
        plugins=[web],
        middleware=[metrics_middleware()],
        dependencies=_dependencies(parts, settings),
        lifespan=[lifespan],
        logging_config=None,  # app.logging has done it; Litestar's would take its place
    )


def _dependencies(parts: Parts, settings: Settings) -> dict[str, Provide]:
    given = {
        "issuer": parts.issuer,
        "session_states": parts.session_states,
        "identity_providers": parts.identity_providers,
        "face_verifiers": parts.face_verifiers,
        "unified_door": parts.unified_door,
        "population_register": parts.population_register,
        "business_register": parts.business_register,
        "registries": parts.registries,
        "sms_lines": parts.sms_lines,
        "gateways": parts.gateways,
        "bank": parts.bank,
        "oidc": parts.oidc,
        "pushes": WechatPushes(parts.push_keys),
        "signer": parts.presentation_signer,
        "licence_issuer": parts.licence_issuer,
        "news": (news := News(parts.cache)),
        "event_stream": EventStream(Streams(), news),
        "face_signer": parts.face_signer,
        "studio": parts.studio,
        "public_url": settings.public_url,
        "retention": retention(),
        "cache": parts.cache,
        "operating_department": settings.operating_department,
    }
    provided = {name: _given(value) for name, value in given.items()}

    async def files() -> FileStorage:
        return FileStorage(parts.file_store, await parts.vault.get())

    return provided | {"vault": Provide(parts.vault.get), "files": Provide(files)}


def _given(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _version() -> str:
    try:
        return version("zhangban")
    except PackageNotFoundError:
        return "0.1.0"
