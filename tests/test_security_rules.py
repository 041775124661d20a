"""What no code of ours may do, looked for in its syntax trees; beside bandit, in `make check`.

semgrep would read the same rules, but cannot be locked beside granian: it pins another click.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.test_architecture import OURS, ROOT

Rule = Callable[[ast.AST], bool]

CLOCKS = {
    "core/clock.py": "the clock itself",
    "sandbox/clock.py": "the sandbox's own",
    "app/logging.py": "when a line was written, as the machine has it",
    "app/demo/cast.py": "an outside client's, set by the offset it is told",
    "app/heartbeat.py": "compares with the time of a file",
    "core/files.py": "compares with the time of the file store",
}
"""Who may ask the machine for the time."""


def _called(node: ast.AST) -> str:
    """`a.b.c` for a call of that name, else nothing."""
    return _dotted(node.func) if isinstance(node, ast.Call) else ""


def _dotted(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{_dotted(owner)}.{name}"
    return ""


def _given(node: ast.AST, name: str) -> ast.expr | None:
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return next((keyword.value for keyword in keywords if keyword.arg == name), None)


def _is(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _imports(*names: str) -> Rule:
    def rule(node: ast.AST) -> bool:
        match node:
            case ast.Import(names=imported):
                return any(one.name.partition(".")[0] in names for one in imported)
            case ast.ImportFrom(module=str(module)):
                return module.partition(".")[0] in names
        return False

    return rule


def _runs_a_shell(node: ast.AST) -> bool:
    shell = _given(node, "shell")
    called = _called(node)
    return (shell is not None and not _is(shell, False)) or called in (
        *("os.system", "os.popen", "asyncio.create_subprocess_shell"),
        *("subprocess.getoutput", "subprocess.getstatusoutput"),
    )


def _loads_yaml_freely(node: ast.AST) -> bool:
    """A loader of ours is a SafeLoader and says so by a leading underscore in its own file."""
    if _called(node) in ("yaml.unsafe_load", "yaml.full_load", "yaml.load_all"):
        return True
    loader = _given(node, "Loader")
    named = loader.id if isinstance(loader, ast.Name) else ""
    return _called(node) == "yaml.load" and not named.startswith("_")


def _makes_a_loader_that_is_not_safe(node: ast.AST) -> bool:
    if not isinstance(node, ast.ClassDef):
        return False
    bases = {_dotted(base) for base in node.bases}
    return any("Loader" in base for base in bases) and bases != {"yaml.SafeLoader"}


def _trusts_any_certificate(node: ast.AST) -> bool:
    if _called(node).endswith(("_create_unverified_context", "_create_default_https_context")):
        return True
    match node:
        case ast.Assign(targets=[ast.Attribute(attr="check_hostname")], value=value):
            return _is(value, False)
        case ast.Attribute(attr="CERT_NONE"):
            return True
    return _is(_given(node, "verify"), False) or _is(_given(node, "check_hostname"), False)


def _reads_a_token_unchecked(node: ast.AST) -> bool:
    if _called(node) == "jwt.decode" and _given(node, "algorithms") is None:
        return True
    match node:
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return any(
                isinstance(key, ast.Constant)
                and key.value in ("verify_signature", "verify_aud", "verify_iss")
                and _is(value, False)
                for key, value in pairs
            )
    return False


def _is_money(node: ast.AST) -> bool:
    name = _dotted(node).rpartition(".")[2]
    return name == "fen" or name.endswith("_fen") or "yuan" in name


def _has_money_as_a_float(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="float" | "round"), args=[argument, *_]):
            return _is_money(argument)
        case ast.BinOp(left=left, op=ast.Div() | ast.Mult(), right=right):
            divided = isinstance(node.op, ast.Div) and (_is_money(left) or _is_money(right))
            return divided or (_is_money(left) and _is_fraction(right))
        case ast.AnnAssign(target=target, annotation=ast.Name(id="float")):
            return _is_money(target)
        case ast.arg(arg=name, annotation=ast.Name(id="float")):
            return _is_money(ast.Name(name))
        case ast.Assign(targets=[target], value=value):
            return _is_money(target) and _is_fraction(value)
    return False


def _is_fraction(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, float)


def _asks_the_machine_for_the_time(node: ast.AST) -> bool:
    return _called(node) in (
        *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"),
        *("datetime.datetime.now", "datetime.date.today", "time.time_ns"),
    )


def _calls(*names: str) -> Rule:
    return lambda node: _called(node) in names


RULES: Mapping[str, Rule] = {
    "runs a shell": _runs_a_shell,
    "loads YAML freely": _loads_yaml_freely,
    "makes a YAML loader that is not safe": _makes_a_loader_that_is_not_safe,
    "unpickles": _imports("pickle", "marshal", "shelve", "dill", "cloudpickle"),
    "evaluates text": _calls("eval", "exec", "compile", "__import__"),
    "trusts any certificate": _trusts_any_certificate,
    "reads a token unchecked": _reads_a_token_unchecked,
    "has money as a float": _has_money_as_a_float,
    "asks the machine for the time": _asks_the_machine_for_the_time,
    "prints": _calls("print", "pprint"),
    "makes a guessable file": _calls("tempfile.mktemp", "os.tmpnam", "os.tempnam"),
}

FORBIDDEN = [
    ("runs a shell", "subprocess.run('ls', shell=True)"),
    ("runs a shell", "subprocess.run('ls', shell=wanted)"),
    ("runs a shell", "os.system('ls')"),
    ("loads YAML freely", "yaml.load(text)"),
    ("loads YAML freely", "yaml.load(text, Loader=yaml.Loader)"),
    ("loads YAML freely", "yaml.unsafe_load(text)"),
    ("makes a YAML loader that is not safe", "class _Text(yaml.Loader): pass"),
    ("unpickles", "import pickle"),
    ("unpickles", "from pickle import loads"),
    ("evaluates text", "eval(text)"),
    ("trusts any certificate", "httpx.AsyncClient(verify=False)"),
    ("trusts any certificate", "context.verify_mode = ssl.CERT_NONE"),
    ("trusts any certificate", "context.check_hostname = False"),
    ("reads a token unchecked", "jwt.decode(token, key)"),
    ("reads a token unchecked", "jwt.decode(t, k, algorithms=A, options={'verify_aud': False})"),
    ("has money as a float", "float(order.amount_fen)"),
    ("has money as a float", "shown = amount_fen / 100"),
    ("has money as a float", "due = amount_fen * 1.05"),
    ("has money as a float", "amount_fen: float = 0"),
    ("has money as a float", "def pay(fen: float): pass"),
    ("has money as a float", "total_fen = 12.5"),
    ("asks the machine for the time", "datetime.now(UTC)"),
    ("asks the machine for the time", "time.time()"),
    ("prints", "print(name)"),
    ("makes a guessable file", "tempfile.mktemp()"),
]
ALLOWED = [
    "subprocess.run(['ls'], shell=False)",
    "yaml.load(text, Loader=_Text)",
    "class _Text(yaml.SafeLoader): pass",
    "yaml.safe_load(text)",
    "httpx.AsyncClient(verify=context)",
    "jwt.decode(token, key, algorithms=['ES256'])",
    "amount_fen // 100",
    "amount_fen * 12",
    "seconds / 2",
    "now()",
    "time.monotonic()",
]


def _broken(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        for name, rule in RULES.items():
            if rule(node):
                yield name, getattr(node, "lineno", 0)


@pytest.mark.parametrize(("rule", "code"), FORBIDDEN)
def test_each_rule_finds_what_it_forbids(rule: str, code: str) -> None:
    assert rule in {name for name, _ in _broken(ast.parse(code))}


@pytest.mark.parametrize("code", ALLOWED)
def test_no_rule_forbids_what_is_right(code: str) -> None:
    assert list(_broken(ast.parse(code))) == []


def test_every_rule_has_been_seen_to_bite() -> None:
    assert {rule for rule, _ in FORBIDDEN} == RULES.keys()


def test_no_code_of_ours_breaks_a_rule() -> None:
    files = [path for package in OURS for path in sorted((ROOT / package).rglob("*.py"))]

    found = [
        f"{path.relative_to(ROOT)}:{line} {rule}"
        for path in files
        for rule, line in _broken(ast.parse(path.read_text("utf-8")))
        if not (rule == "asks the machine for the time" and _name(path) in CLOCKS)
    ]

    assert len(files) > 200
    assert found == []


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
