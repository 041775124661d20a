"""Every route of residents, under /v1. A controller that is not here does not answer."""

from litestar import Controller, Router

controllers: list[type[Controller]] = []

router = Router("/v1", route_handlers=controllers)
