"""With what somebody proves who they are: one type and one spelling of its number. 身份证件

A number alone says of which type it is, so the person's own row keeps only the number.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

from msgspec import Struct

from core.errors import Rejected
from core.sealing import Vault
from identity.id_numbers import IdNumberInvalid, read_id_number
from identity.kinds import DocumentType, Sex

HONG_KONG_MACAO_TAIWAN = ("810000", "820000", "830000")
_INDEX = "identity_person.id_number"
_FOREIGN, _OLD_FOREIGN = re.compile(r"9\d{16}[0-9X]\Z"), re.compile(r"[A-Z]{3}\d{12}\Z")
_HM_TRAVEL, _TW_TRAVEL = re.compile(r"([HM]\d{8})(\d{2})?\Z"), re.compile(r"\d{8}\Z")


class DocumentNumberInvalid(Rejected):
    code = "identity.document_number_invalid"
    message = "证件号码与证件类型不符，请核对后重新填写"


class Document(Struct, frozen=True):
    """A number that its type can have, in its one spelling. Day of birth and sex if it tells."""

    document_type: DocumentType
    number: str
    birth_date: date | None = None
    sex: Sex | None = None

    def __repr__(self) -> str:
        return f"Document({self.document_type}, …)"

    def index(self, vault: Vault) -> UUID:
        """What finds the one person of this type and number. 盲索引

        Numbers of eighteen figures are one space, whoever issued them; the others are not.
        """
        within = "" if len(self.number) == 18 else f"{self.document_type}:"
        return UUID(bytes=vault.blind_index(_INDEX, within + self.number))


def read_document(number: str, document_type: DocumentType = DocumentType.RESIDENT_ID) -> Document:
    """The document with this number, refused when the type cannot have it."""
    text = "".join(number.split()).upper()
    if not text.isascii():
        raise DocumentNumberInvalid(document_type=document_type)
    return _READERS[document_type](text)


def document_of(number: str) -> Document:
    """The document that a number belongs to, of whatever type: their forms are all different."""
    text = "".join(number.split()).upper()
    for document_type, reads in _SHAPES.items():
        if reads(text):
            return read_document(text, document_type)
    return read_document(text)


def _read_resident(text: str) -> Document:
    number = read_id_number(text)
    if number.text[:6] in HONG_KONG_MACAO_TAIWAN or number.text[0] == "9":
        raise DocumentNumberInvalid(document_type=DocumentType.RESIDENT_ID)
    return Document(DocumentType.RESIDENT_ID, number.text, number.birth_date, number.sex)


def _read_hmt_residence(text: str) -> Document:
    """Made as a citizen's number is, with a place code of its own for each of the three."""
    number = _read_eighteen(text, DocumentType.HMT_RESIDENCE)
    if number.number[:6] not in HONG_KONG_MACAO_TAIWAN:
        raise DocumentNumberInvalid(document_type=DocumentType.HMT_RESIDENCE)
    return number


def _read_foreign_residence(text: str) -> Document:
    """The 2023 card: 9, then made as a citizen's number is. Before that, three letters of a
    country and twelve figures, whose two-figure year of birth leaves the century open.
    """
    if _FOREIGN.match(text):
        return _read_eighteen(text, DocumentType.FOREIGN_RESIDENCE)
    if not _OLD_FOREIGN.match(text) or not _is_day(text[7:13]):
        raise DocumentNumberInvalid(document_type=DocumentType.FOREIGN_RESIDENCE)
    return Document(DocumentType.FOREIGN_RESIDENCE, text)


def _read_hm_travel(text: str) -> Document:
    """H or M and eight figures for life. What two more figures count is how often it was renewed:
    they are left away, so that a renewed permit is the same document.
    """
    found = _HM_TRAVEL.match(text)
    if found is None:
        raise DocumentNumberInvalid(document_type=DocumentType.HM_TRAVEL)
    return Document(DocumentType.HM_TRAVEL, found.group(1))


def _read_tw_travel(text: str) -> Document:
    if not _TW_TRAVEL.match(text):
        raise DocumentNumberInvalid(document_type=DocumentType.TW_TRAVEL)
    return Document(DocumentType.TW_TRAVEL, text)


def _read_eighteen(text: str, document_type: DocumentType) -> Document:
    if len(text) != 18:
        raise DocumentNumberInvalid(document_type=document_type)
    try:
        number = read_id_number(text)
    except IdNumberInvalid as error:
        raise DocumentNumberInvalid(document_type=document_type) from error
    return Document(document_type, number.text, number.birth_date, number.sex)


def _is_day(text: str) -> bool:
    """Whether six figures can be a day of birth, in either century."""
    for century in ("19", "20"):
        try:
            date.fromisoformat(f"{century}{text[:2]}-{text[2:4]}-{text[4:]}")
        except ValueError:
            continue
        return True
    return False


_READERS: Mapping[DocumentType, Callable[[str], Document]] = {
    DocumentType.RESIDENT_ID: _read_resident,
    DocumentType.HMT_RESIDENCE: _read_hmt_residence,
    DocumentType.HM_TRAVEL: _read_hm_travel,
    DocumentType.TW_TRAVEL: _read_tw_travel,
    DocumentType.FOREIGN_RESIDENCE: _read_foreign_residence,
}
_SHAPES: Mapping[DocumentType, Callable[[str], object]] = {
    DocumentType.HM_TRAVEL: _HM_TRAVEL.match,
    DocumentType.TW_TRAVEL: _TW_TRAVEL.match,
    DocumentType.FOREIGN_RESIDENCE: lambda text: _FOREIGN.match(text) or _OLD_FOREIGN.match(text),
    DocumentType.HMT_RESIDENCE: lambda text: text[:6] in HONG_KONG_MACAO_TAIWAN,
}
