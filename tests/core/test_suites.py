"""Both suites do the same for whoever uses them; `gm` is held to the standards' own examples."""

import pytest

from core.ids import new_id
from core.models import DataKey
from core.sealing import Place, SealBroken, Vault, load_vault
from core.signature_keys import (
    SignatureKey,
    new_ed25519_key,
    new_sm2_key,
    read_signature_key,
)
from core.signing import BadSignature, Signer
from core.suites import GM, INTL, NotGenuine, Suite

KEY, NONCE = b"k" * 32, b"n" * 12
NAME = Place("identity_person", "name", new_id())
BOTH = pytest.mark.parametrize("suite", [INTL, GM], ids=lambda suite: suite.name)


class TestSuites:
    @BOTH
    def test_what_was_encrypted_opens_for_its_key_and_place_only(self, suite: Suite) -> None:
        sealed = suite.encrypt(KEY, NONCE, "王桂兰".encode(), b"here")

        assert suite.decrypt(KEY, NONCE, sealed, b"here").decode() == "王桂兰"
        for key, nonce, where in [
            (b"x" * 32, NONCE, b"here"),
            (KEY, b"x" * 12, b"here"),
            (KEY, NONCE, b"there"),
        ]:
            with pytest.raises(NotGenuine):
                suite.decrypt(key, nonce, sealed, where)

    @BOTH
    @pytest.mark.parametrize("cut", [0, 1, 15, 16, 20])
    def test_a_ciphertext_cut_short_is_not_genuine(self, suite: Suite, cut: int) -> None:
        sealed = suite.encrypt(KEY, NONCE, "王桂兰".encode(), b"here")

        with pytest.raises(NotGenuine):
            suite.decrypt(KEY, NONCE, sealed[:cut], b"here")

    def test_sm3_is_that_of_the_standard(self) -> None:
        """GB/T 32905, appendix A.1."""
        expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

        assert GM.digest(b"abc").hex() == expected

    def test_a_deployment_may_change_its_suite_and_read_what_it_wrote(self) -> None:
        before = Vault({1: KEY}, index_key=b"i" * 32, suite=INTL)
        after = Vault({1: KEY}, index_key=b"i" * 32, suite=GM)

        assert after.open(NAME, before.seal(NAME, "王桂兰")) == "王桂兰"
        assert before.open(NAME, after.seal(NAME, "王桂兰")) == "王桂兰"
        assert after.seal(NAME, "王桂兰")[0] == GM.code

    def test_a_suite_nobody_knows_does_not_open(self) -> None:
        vault = Vault({1: KEY}, index_key=b"i" * 32)
        sealed = b"\x63" + vault.seal(NAME, "王桂兰")[1:]

        with pytest.raises(SealBroken):
            vault.open(NAME, sealed)

    def test_a_code_signed_by_one_suite_is_refused_by_the_other(self) -> None:
        code = Signer([KEY], purpose="tests", suite=GM).sign(b"payload")

        assert Signer([KEY], purpose="tests", suite=GM).unsign(code) == b"payload"
        with pytest.raises(BadSignature):
            Signer([KEY], purpose="tests", suite=INTL).unsign(code)


@pytest.mark.usefixtures("db")
async def test_what_was_found_before_a_change_of_suite_is_found_after_it() -> None:
    before = await load_vault(KEY, suite=INTL)
    after = await load_vault(KEY, suite=GM)

    assert await DataKey.all().count() == 2
    assert before.blind_index("phone", "154") == after.blind_index("phone", "154")


class TestSignatureKeys:
    @pytest.mark.parametrize("new", [new_ed25519_key, new_sm2_key])
    def test_a_signature_holds_for_its_message_and_key_only(self, new) -> None:
        text = new()
        key: SignatureKey = read_signature_key(text)
        signature = read_signature_key(text).sign(b"message")

        assert key.verify(b"message", signature)
        assert not key.verify(b"massage", signature)
        assert not key.verify(b"message", signature[:-1])
        assert not read_signature_key(new()).verify(b"message", signature)

    @pytest.mark.parametrize("text", ["", "sm2:00:00", "sm2:" + "z" * 64 + ":" + "z" * 128])
    def test_what_is_no_key_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            read_signature_key(text)
