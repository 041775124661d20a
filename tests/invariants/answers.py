"""I9 and I12: what may be said, to whomever, and what never."""

import re
from collections.abc import Iterable, Iterator

import httpx

from seeds.files import City

CHINESE = re.compile("[一-鿿]")
CODE = re.compile(r"[a-z_]+\.[a-z_0-9]+\Z")
UNAVAILABLE = 503


def faults_of(answer: httpx.Response) -> list[str]:
    """I12: what is wrong with how something was refused; nothing when it was not, or well."""
    if answer.status_code < 400:
        return []
    where = f"I12 {answer.request.method} {answer.request.url.path}: {answer.status_code}"
    if answer.status_code > 500 and answer.status_code != UNAVAILABLE:
        return [f"{where}"]
    if answer.headers.get("content-type") != "application/problem+json":
        return [f"{where} is no problem: {answer.text[:200]}"]
    problem = answer.json()
    wrong = [
        name
        for name, holds in {
            "code": CODE.match(problem.get("code", "")),
            "title": CHINESE.search(problem.get("title", "")),
            "trace_id": problem.get("trace_id"),
            "no 500": answer.status_code != 500,
            "no trace": "Traceback" not in answer.text,
        }.items()
        if not holds
    ]
    return [f"{where} {problem.get('code')}: {', '.join(wrong)}"] if wrong else []


def secrets_of(city: City) -> set[str]:
    """I9: what must not stand in any log: names, numbers, telephones, passwords."""
    known = {word for person in city.people for word in (person.name, person.id_number)}
    known |= {person.phone for person in city.people if person.phone}
    known |= {word for one in city.operators for word in (one.password, one.totp_secret)}
    return known | {one.password for one in city.verifiers}


def leaks(lines: Iterable[str], secrets: set[str]) -> Iterator[str]:
    """The secrets that stand in these lines, each named once by its first two letters."""
    pattern = re.compile("|".join(re.escape(one) for one in sorted(secrets)))
    seen = set()
    for line in lines:
        for found in pattern.findall(line):
            if found not in seen:
                seen.add(found)
                yield f"I9 {found[:2]}… stands in: {line.strip()[:160]}"
