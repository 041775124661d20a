"""Who somebody is inside an app: openid, open_id, user_id. Stable, and not to be guessed."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

from sandbox.city import City, Person


class Identities:
    """Each name is derived from a secret in the state, so a restart gives the same."""

    def __init__(self, city: City, secret: str) -> None:
        self._people = city.people
        self._secret = secret.encode()
        self._found: dict[tuple[str, str], Person] = {}
        platforms = city.platforms
        for person in city.people.values():
            for appid in platforms.wechat.appids():
                self._found[appid, self.openid(person, appid)] = person
            for app_id in platforms.alipay_app_ids():
                self._found[app_id, self.open_id(person, app_id)] = person
                self._found[app_id, self.user_id(person)] = person

    def openid(self, person: Person, appid: str) -> str:
        """WeChat's: 28 characters, another one in each app."""
        return "o" + urlsafe_b64encode(self._digest("wechat", appid, person)).decode()[:27]

    def unionid(self, person: Person) -> str:
        """WeChat's too, the same in all apps of one account of the Open Platform."""
        return "o" + urlsafe_b64encode(self._digest("open platform", "", person)).decode()[:27]

    def open_id(self, person: Person, app_id: str) -> str:
        """Alipay's newer name, another one in each app."""
        return "0" + self._digest("alipay", app_id, person).hex()[:46]

    def user_id(self, person: Person) -> str:
        """Alipay's older name: 2088 and 12 digits, the same in all apps of a merchant."""
        number = int.from_bytes(self._digest("alipay", "", person)) % 10**12
        return f"2088{number:012d}"

    def person(self, appid: str, subject: str) -> Person | None:
        return self._found.get((appid, subject))

    def _digest(self, provider: str, appid: str, person: Person) -> bytes:
        message = "\n".join((provider, appid, person.key)).encode()
        return hmac.digest(self._secret, message, sha256)
