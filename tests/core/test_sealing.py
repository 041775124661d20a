from uuid import UUID

import pytest

from core.ids import new_id
from core.models import DataKey
from core.sealing import Place, SealBroken, Vault, load_vault

ROW = UUID(int=7)
NAME = Place("identity_person", "name", ROW)
KEK = b"e" * 32


class TestVault:
    def test_opens_what_it_sealed(self, vault: Vault) -> None:
        assert vault.open(NAME, vault.seal(NAME, "王桂兰")) == "王桂兰"

    def test_seals_the_same_text_differently_each_time(self, vault: Vault) -> None:
        assert vault.seal(NAME, "王桂兰") != vault.seal(NAME, "王桂兰")

    @pytest.mark.parametrize(
        "elsewhere",
        [
            Place("identity_person", "name", new_id()),
            Place("identity_person", "id_number", ROW),
            Place("identity_account", "name", ROW),
        ],
    )
    def test_a_value_moved_elsewhere_does_not_open(self, vault: Vault, elsewhere: Place) -> None:
        """G10: ciphertexts swapped between rows give a clear error."""
        sealed = vault.seal(NAME, "王桂兰")

        with pytest.raises(SealBroken):
            vault.open(elsewhere, sealed)

    def test_one_bit_flipped_anywhere_does_not_open(self, vault: Vault) -> None:
        """G10: in the header, the nonce, the text or the tag."""
        sealed = vault.seal(NAME, "王桂兰")

        for position in range(len(sealed)):
            changed = bytearray(sealed)
            changed[position] ^= 1
            with pytest.raises(SealBroken):
                vault.open(NAME, bytes(changed))

    @pytest.mark.parametrize("cut", [0, 2, 3, 15, 20])
    def test_a_value_cut_short_does_not_open(self, vault: Vault, cut: int) -> None:
        with pytest.raises(SealBroken):
            vault.open(NAME, vault.seal(NAME, "王桂兰")[:cut])

    def test_an_older_version_still_opens_after_rotation(self) -> None:
        old = Vault({1: b"a" * 32}, index_key=b"i" * 32)
        both = Vault({1: b"a" * 32, 2: b"b" * 32}, index_key=b"i" * 32)

        assert both.open(NAME, old.seal(NAME, "王桂兰")) == "王桂兰"
        with pytest.raises(SealBroken):
            old.open(NAME, both.seal(NAME, "王桂兰"))

    def test_the_index_finds_equal_values_of_one_column_only(self, vault: Vault) -> None:
        found = vault.blind_index("id_number", "330102195006011234")

        assert found == vault.blind_index("id_number", "330102195006011234")
        assert found != vault.blind_index("phone", "330102195006011234")
        assert len(found) == 16


@pytest.mark.usefixtures("db")
class TestLoadVault:
    async def test_makes_the_keys_once_and_finds_them_again(self) -> None:
        """Happens again: a value of the first start opens at the next."""
        sealed = (await load_vault(KEK)).seal(NAME, "王桂兰")

        again = await load_vault(KEK)

        assert again.open(NAME, sealed) == "王桂兰"
        assert await DataKey.all().count() == 2

    async def test_another_key_encrypting_key_is_refused(self) -> None:
        await load_vault(KEK)

        with pytest.raises(SealBroken):
            await load_vault(b"x" * 32)
