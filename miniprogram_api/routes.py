"""Every route of residents, under /v1. A controller that is not here does not answer."""

from litestar import Controller, Router

from miniprogram_api.files import FileController
from miniprogram_api.home import HomeController

controllers: list[type[Controller]] = [HomeController, FileController]

router = Router("/v1", route_handlers=controllers)
