"""Identifiers of electronic licences by the million: those of one kind differ in their serial. 标识

The same that `licences.identifiers` makes, with the check character of the common beginning
calculated once for all of them.
"""

from stdnum.iso7064 import mod_37_36

from licences.identifiers import ROOT

ISSUER_CODE = "11330199MB0LX0001B"
VERSION = "001"

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}


class Numbering:
    """Identifiers of one kind of licence."""

    def __init__(self, type_code: str) -> None:
        self._begin = f"{ROOT}.{type_code}.{ISSUER_CODE}."
        self._check = mod_37_36.checksum(type_code + ISSUER_CODE)

    def identifier(self, serial: str) -> str:
        """The identifier of one licence, in its first version."""
        check = self._check
        for letter in serial + VERSION:
            check = ((check or 36) * 2 % 37 + _VALUES[letter]) % 36
        last = _LETTERS[(1 - (check or 36) * 2 % 37) % 36]
        return f"{self._begin}{serial}.{VERSION}.{last}"
