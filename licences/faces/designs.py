"""How each kind of licence looks: its colours, its mark, its ornament. 版式"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Ornament = Literal["rosette", "road", "skyline", "dial"]
Layout = Literal["portrait", "plain", "plate", "couple", "charter", "chip"]

ICONS: Mapping[str, str] = {
    "person": "M4 5h16v14H4zM8.7 9.2a1.9 1.9 0 1 0 .01 0zM5.9 16c.5-2 1.5-2.7 2.8-2.7"
    "s2.3.7 2.8 2.7M14 10h3.6M14 13.5h3.6",
    "wheel": "M12 3a9 9 0 1 0 .01 0zM12 9.6a2.4 2.4 0 1 0 .01 0zM3.6 10.5l6.1.6"
    "M20.4 10.5l-6.1.6M12 14.4v6.4",
    "car": "M4 16v-3.6l2-5.4h12l2 5.4V16zM4 12.4h16M6.8 16v2.4M17.2 16v2.4"
    "M7.2 14.2h1.6M15.2 14.2h1.6",
    "umbrella": "M4 12a8 8 0 0 1 16 0zM12 4V2.8M12 12v6a2 2 0 0 0 4 0",
    "house": "M4 11.2l8-6.7 8 6.7M6 9.8V19.5h12V9.8M10 19.5v-5h4v5",
    "heart": "M12 19.5S5 15.2 5 10.2A3.7 3.7 0 0 1 12 8.2a3.7 3.7 0 0 1 7 2"
    "C19 15.2 12 19.5 12 19.5z",
    "rings": "M9 7.5a5 5 0 1 0 .01 0zM15 7.5a5 5 0 1 0 .01 0z",
    "shop": "M4.5 9.5L6 5h12l1.5 4.5M5.5 11v8.5h13V11M4.5 9.5a2.5 2.5 0 0 0 5 0"
    "a2.5 2.5 0 0 0 5 0a2.5 2.5 0 0 0 5 0M10 19.5v-4.5h4v4.5",
    "ginkgo": "M12 20.5V13M12 13.2C7.5 13.2 4 11 4 6.8c2.7-1.8 5.3-1.8 8 0"
    "c2.7-1.8 5.3-1.8 8 0c0 4.2-3.5 6.4-8 6.4zM12 13.2V7",
    "page": "M6.5 3.5h8l4 4v13h-12zM14.5 3.5v4h4M9 12h6.5M9 15.5h6.5",
    "sprout": "M12 20.5v-9M12 12c0-4-2.5-6-7-6c0 4 2.5 6 7 6zM12 10c0-3 2-5 6.5-5c0 3.5-2 5-6.5 5z",
}
"""Each in a square of 24, drawn as a line."""


class Design(Struct, frozen=True, kw_only=True):
    """Colours are ours, contrast of `ink` on `paper` is at least 7 to 1."""

    english: str
    icon: str
    accent: str
    line: str
    paper: tuple[str, str]
    ink: str = "#1b2430"
    layout: Layout = "portrait"
    ornament: Ornament = "rosette"
    motif: str = ""
    """A great character that shines through, as 囍 or 寿."""
    petals: int = 12


OTHER = Design(
    english="ELECTRONIC LICENCE",
    icon="page",
    accent="#34435c",
    line="#6b7fa3",
    paper=("#f3f5f9", "#e8edf3"),
    layout="plain",
)

DESIGNS: Mapping[str, Design] = {
    "id-card": Design(
        english="RESIDENT IDENTITY CARD · ELECTRONIC COPY",
        icon="person",
        accent="#14606b",
        line="#2a9d8f",
        paper=("#e9f6f4", "#f8eef1"),
        petals=16,
    ),
    "driving": Design(
        english="DRIVING LICENCE",
        icon="wheel",
        accent="#173f7a",
        line="#3b7dd8",
        paper=("#ebf2fb", "#f4f2ea"),
        ornament="road",
    ),
    "vehicle": Design(
        english="VEHICLE LICENCE",
        icon="car",
        accent="#0c4a6e",
        line="#1d84b5",
        paper=("#e8f4f9", "#eef3ec"),
        layout="plate",
        ornament="dial",
    ),
    "social-security-card": Design(
        english="SOCIAL SECURITY CARD",
        icon="umbrella",
        accent="#0b5d44",
        line="#2f9e6e",
        paper=("#e6f5ec", "#fcf7e4"),
        layout="chip",
        petals=10,
    ),
    "residence-permit": Design(
        english="RESIDENCE PERMIT",
        icon="house",
        accent="#7a4e08",
        line="#c08a2b",
        paper=("#fdf5e3", "#ebf5ec"),
        ornament="skyline",
    ),
    "disability-card": Design(
        english="DISABILITY CERTIFICATE",
        icon="heart",
        accent="#6d2750",
        line="#b5578f",
        paper=("#fbf0f6", "#f1f0fb"),
        petals=5,
    ),
    "marriage": Design(
        english="MARRIAGE CERTIFICATE",
        icon="rings",
        accent="#9b1c1f",
        line="#cf6a43",
        paper=("#fff1ec", "#fdf4dd"),
        ink="#3b1012",
        layout="couple",
        motif="囍",
        petals=8,
    ),
    "business-licence": Design(
        english="BUSINESS LICENCE",
        icon="shop",
        accent="#6a4a12",
        line="#b98e34",
        paper=("#fffaf0", "#f6edd8"),
        ink="#2e230d",
        layout="charter",
        petals=18,
    ),
    "elder-card": Design(
        english="SENIOR CITIZEN CARD",
        icon="ginkgo",
        accent="#9a3c0c",
        line="#dd8437",
        paper=("#fff4e4", "#fdece4"),
        ink="#33180a",
        motif="寿",
        petals=9,
    ),
    "birth-certificate": Design(
        english="BIRTH CERTIFICATE",
        icon="sprout",
        accent="#8a2f5b",
        line="#d27ba3",
        paper=("#fdf0f5", "#eff6fb"),
        layout="plain",
        petals=7,
    ),
    "real-estate": Design(
        english="REAL ESTATE CERTIFICATE",
        icon="house",
        accent="#7c2a1e",
        line="#b9705f",
        paper=("#fbf1ee", "#f6f1e6"),
        layout="plain",
        ornament="skyline",
    ),
}


def design_of(licence_type: str) -> Design:
    """The design of a kind of licence; a plain one for kinds that have none of their own."""
    return DESIGNS.get(licence_type, OTHER)
