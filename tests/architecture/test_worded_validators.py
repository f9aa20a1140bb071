"""What a validator of options refuses is said in both languages: it raises an OptionError with a declared message.

A bare ValueError has one language, and stands inside the sentence that repeats it whatever the reader's is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

DECORATORS = {"field_validator", "model_validator"}
WRAPPERS = {"AfterValidator", "BeforeValidator", "PlainValidator", "WrapValidator"}

# Why nobody reads what these say.
UNREAD = {
    "gateway.domain.identifier_exceptions._known_scheme": "EXCEPTION_REFUSED names the fields at fault and what is "
    "allowed, and repeats nothing of pydantic's",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """The functions of a module by name, and what it imports by the name it uses."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.functions = {each.name: each for each in ast.walk(tree) if isinstance(each, Function)}
        self.imported = {
            alias.asname or alias.name: (each.module, alias.name)
            for each in ast.walk(tree)
            if isinstance(each, ast.ImportFrom) and each.module
            for alias in each.names
        }

    def validators(self) -> Iterator[str]:
        """The names of the functions that pydantic calls."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function) and any(_name(each) in DECORATORS for each in node.decorator_list):
                yield node.name
            if isinstance(node, ast.Call) and _name(node) in WRAPPERS:
                yield from (_name(each) for each in node.args)


Modules = Mapping[str, Module]


def _name(node: ast.expr) -> str:
    """The last part of what is named or called."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _called(function: Function) -> Iterator[str]:
    return (
        _name(each) for each in ast.walk(function) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
    )


def _raises_bare(function: Function) -> bool:
    raised = (each.exc for each in ast.walk(function) if isinstance(each, ast.Raise) and each.exc)
    return any(_name(each) == "ValueError" for each in raised)


def _reached(modules: Modules) -> Mapping[str, Function]:
    """Every validator, and the functions that it calls by name, in whichever module they are."""
    reached: dict[str, Function] = {}
    waiting = [(module, name) for module in modules for name in modules[module].validators()]
    while waiting:
        place, name = waiting.pop()
        module = modules.get(place)
        if module is None or f"{place}.{name}" in reached:
            continue
        if function := module.functions.get(name):
            reached[f"{place}.{name}"] = function
            waiting += [(place, each) for each in _called(function)]
        elif name in module.imported:
            waiting.append(module.imported[name])
    return reached


def _bare(modules: Modules) -> set[str]:
    return {place for place, function in _reached(modules).items() if _raises_bare(function)}


def _modules() -> Modules:
    files = [(file, ROOT) for file in (ROOT / "gateway").rglob("*.py")]
    files += [(file, ROOT / "plugins") for file in (ROOT / "plugins").rglob("*.py")]
    return {
        _dotted(file.relative_to(root)): Module(ast.parse(file.read_text(encoding="utf-8"))) for file, root in files
    }


def _dotted(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def test_no_validator_raises_a_bare_value_error() -> None:
    assert sorted(_bare(_modules()) - UNREAD.keys()) == []


def test_nothing_is_excused_that_raises_none() -> None:
    assert sorted(UNREAD.keys() - _bare(_modules())) == []


def test_validators_are_found() -> None:
    """One of each kind: decorated, named in Annotated, named there of another module, and called by one."""
    assert {
        "gateway_soap.options._pages_have_a_size",
        "gateway_soap.options._address",
        "gateway_rest.destination.address",
        "gateway_rest.question.assert_distinct",
    } <= _reached(_modules()).keys()


def test_a_bare_value_error_is_noticed() -> None:
    ours = """
from other import _theirs
class Options(BaseModel):
    name: Annotated[str, pydantic.AfterValidator(_theirs)]
    @field_validator("name")
    @classmethod
    def _short(cls, name):
        return _checked(name)
    def written(self):
        raise ValueError("never called by pydantic")
def _checked(name):
    raise ValueError("too long")
"""
    theirs = """
def _theirs(name):
    raise ValueError
"""
    modules = {"ours": Module(ast.parse(ours)), "other": Module(ast.parse(theirs))}
    assert _bare(modules) == {"ours._checked", "other._theirs"}
