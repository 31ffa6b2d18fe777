"""Public callables of three or more parameters say what each parameter is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("include", "plugins")
MANY = 3
Callable = ast.FunctionDef | ast.AsyncFunctionDef


def _trees() -> dict[str, ast.Module]:
    files = sorted(path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in files}


def _parameters(function: Callable) -> list[str]:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return [parameter.arg for parameter in named if parameter.arg not in {"self", "cls"}]


def _public(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, Callable]]:
    """Yield the public functions of a module, and the public methods of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for member in node.body:
                if isinstance(member, Callable) and (member.name == "__init__" or not member.name.startswith("_")):
                    yield node, member
        elif isinstance(node, Callable) and not node.name.startswith("_"):
            yield None, node


def _base_names(owner: ast.ClassDef) -> set[str]:
    """Return the names of a class's bases: ``Action`` of ``contract.Action``, ``Check`` of ``Check[Options]``."""
    bare = [base.value if isinstance(base, ast.Subscript) else base for base in owner.bases]
    return {base.attr if isinstance(base, ast.Attribute) else ast.unparse(base) for base in bare}


def _says(owner: ast.ClassDef | None, function: Callable) -> bool:
    """Whether the parameters are documented: by the function, or by the class where it makes an instance."""
    documented = owner if owner is not None and function.name == "__init__" else function
    return "Parameters\n----------" in (ast.get_docstring(documented) or "")


def undocumented(trees: dict[str, ast.Module]) -> list[str]:
    """Return the public callables that do not say what their parameters are.

    A method that a base class documents needs no second account of it: such are the methods of a family's members.
    """
    public = [(path, owner, function) for path, tree in trees.items() for owner, function in _public(tree)]
    of_contracts = {(owner.name, function.name) for _, owner, function in public if owner and _says(owner, function)}
    return [
        f"{path}:{function.lineno} {function.name}"
        for path, owner, function in public
        if len(_parameters(function)) >= MANY
        and not _says(owner, function)
        and not any((base, function.name) in of_contracts for base in (_base_names(owner) if owner else ()))
    ]


def test_what_is_public_says_what_its_parameters_are() -> None:
    assert undocumented(_trees()) == []


def test_a_callable_that_does_not_is_noticed_unless_its_contract_does() -> None:
    text = '''
class Contract:
    def told(self, a, b, c):
        """Say it.

        Parameters
        ----------
        a, b, c : str
            What to say.
        """


class Member(Contract):
    def told(self, a, b, c):
        """Say it aloud."""

    def silent(self, a, *, b, **c):
        """Say nothing."""

    def _inner(self, a, b, c): ...


def few(a, b): ...


def many(a, b, *c):
    """Do much."""
'''
    assert undocumented({"module.py": ast.parse(text)}) == ["module.py:17 silent", "module.py:26 many"]
