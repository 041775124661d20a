"""No step under ten minutes but the QR: old people are not hurried. 适老

Every length of time that stands in the code as a constant is found here. One below ten minutes is
either something that no person waits for, and says why, or the QR.
"""

import ast
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "core",
    "identity",
    "facts",
    "licences",
    "notifications",
    "payments",
    "proactive",
    "web",
    "miniprogram_api",
    "operator_api",
    "agency_api",
)
ENOUGH = timedelta(minutes=10)
THE_QR = {"licences/presentations.py LIFETIME", "licences/presentations.py RENEW_AFTER"}
NOBODY_WAITS: Mapping[str, str] = {
    "core/clock.py _offset": "the demonstration's clock",
    "core/wire/alipay_trust.py ASK_AGAIN_AFTER": "between two requests of a program",
    "core/wire/signed_tokens.py FETCH_AGAIN_AFTER": "between two requests of a program",
    "core/wire/signed_tokens.py LEEWAY": "clocks that differ",
    "identity/device_keys.py LEEWAY": "clocks that differ",
    "identity/device_proofs.py WINDOW": "a program signs each request",
    "identity/faces.py _ANSWER_WITHIN": "the platform's answer to a request of ours",
    "identity/machine_tokens.py ASSERTION_LIFETIME": "a program signs in",
    "identity/operator_sessions.py _SEEN_EVERY": "how often a row is written",
    "identity/phone_codes.py RESEND_AFTER": "before a next code; the code itself waits longer",
    "identity/refreshing.py GRACE": "a program asks again for a lost answer",
    "identity/tokens.py LEEWAY": "clocks that differ",
    "licences/credentials.py NONCE_LASTS": "a wallet signs at once by itself",
    "licences/credentials.py PROOF_SKEW": "clocks that differ",
    "licences/face_links.py AGAIN_WITHIN": "a page loads a picture twice",
    "licences/face_links.py LIFETIME": "a page loads a picture",
    "licences/offline_codes.py REFRESH_AFTER": "the app makes the next code by itself",
    "licences/presentations.py SCAN_WINDOW": "two scanners at once",
    "licences/reading.py CHANGES_EVERY": "between two requests of a program",
    "licences/status_lists.py REBUILD_AFTER": "how often a list is written",
    "licences/status_lists.py TTL": "between two requests of a program",
    "notifications/sending.py FIRST_WAIT": "between two sends",
    "payments/asking.py ASKING_LASTS": "a request to a provider",
    "payments/attempts.py ASKING_LASTS": "a request to a provider",
    "payments/gateways/wechat_api.py MAX_CLOCK_SKEW": "clocks that differ",
    "payments/notices.py CLAIM_LASTS": "a worker's lease",
    "web/auth.py STEP_UP_LASTS": "an operator at work, who shows a code again",
}


def test_no_step_of_a_person_is_shorter_than_ten_minutes_but_the_qr() -> None:
    short = {name for name, length in _lengths() if length < ENOUGH}

    assert short - set(NOBODY_WAITS) == THE_QR


def _lengths() -> Iterator[tuple[str, timedelta]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Assign([ast.Name(name)], ast.Call(ast.Name("timedelta")) as made):
                        pass
                    case ast.AnnAssign(ast.Name(name), _, ast.Call(ast.Name("timedelta")) as made):
                        pass
                    case _:
                        continue
                if (length := _length(made)) is not None:
                    yield f"{path.relative_to(ROOT)} {name}", length


def _length(made: ast.Call) -> timedelta | None:
    """None where it is made of something that is known only when it runs."""
    try:
        given = {
            word.arg: float(ast.literal_eval(word.value)) for word in made.keywords if word.arg
        }
        return timedelta(*(float(ast.literal_eval(one)) for one in made.args), **given)
    except ValueError:
        return None
