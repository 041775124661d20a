"""A licence registry that has what it was given, and is silent when told to be."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from io import BytesIO

from PIL import Image

from core.clock import now
from licences.registries import (
    Changes,
    Held,
    HolderKey,
    RegistryFailed,
    RegistryRecord,
)


def photograph() -> bytes:
    """A face with the place where it was taken, as cameras write it, and a word behind it."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (30.0, 15.0, 20.25)
    made = BytesIO()
    Image.new("RGB", (90, 120), "#336699").save(made, "JPEG", exif=exif, comment=b"at home")
    return made.getvalue() + b"<script>"


PORTRAIT = photograph()


class FakeRegistry:
    """Its list of changes is its records in the order in which they were given."""

    def __init__(
        self, records: Iterable[RegistryRecord] = (), *, name: str = "linxi", region: str = ""
    ) -> None:
        self.name = name
        self.region = region
        self.region_name = "临江市" if region else ""
        self.records = list(records)
        self.silent = False
        self.as_of: datetime | None = None
        self.asked = 0
        self.portrait_bytes = PORTRAIT

    async def held_by(self, holder: HolderKey) -> Held:
        self._answer()
        latest = {row.number: row for row in self.records if row.holder == holder}
        return Held(list(latest.values()), self.as_of or now())

    async def find(self, type_code: str, number: str) -> Held:
        self._answer()
        found = [row for row in self.records if (row.type_code, row.number) == (type_code, number)]
        return Held(found[-1:], self.as_of or now())

    async def changes(self, after: str, *, limit: int) -> Changes:
        self._answer()
        begun = int(after or 0)
        page = self.records[begun : begun + limit]
        end = begun + len(page)
        return Changes(page, str(end), end < len(self.records), self.as_of or now())

    async def portrait(self, identifier: str) -> bytes:
        self._answer()
        return self.portrait_bytes

    def digest(self) -> str:
        return sha256(self.portrait_bytes).hexdigest()

    def _answer(self) -> None:
        self.asked += 1
        if self.silent:
            raise RegistryFailed(registry=self.name, reason="silent")
