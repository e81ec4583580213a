"""The fingerprint of the code that makes a table: a table is recomputed when its code changed, and only then.

Counted are the module that declares the table, what it imports from `methods` and `resources` (transitively, also
inside functions), the table's SQL files, the macros, and the versions of the libraries that compute. Comments and
docstrings do not count.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from resources.engine import sql_file
from resources.home import REPOSITORY

COMPUTING_LIBRARIES = ("duckdb", "highspy", "numpy", "pandas", "pyarrow", "rapidfuzz", "scipy")
FOLLOWED = ("methods", "resources")


@cache
def code_fingerprint(modules: tuple[str, ...], sql: tuple[str, ...]) -> str:
    """SHA-256 over the modules' closure, the SQL files and the library versions."""
    digest = hashlib.sha256()
    for library in COMPUTING_LIBRARIES:
        digest.update(f"{library}=={importlib.metadata.version(library)}\n".encode())
    for module in sorted(closure(modules)):
        digest.update(f"{module}:{_module_digest(module)}\n".encode())
    for name in sorted({"macros.sql", *sql}):
        digest.update(f"{name}:{hashlib.sha256(sql_file(name).encode()).hexdigest()}\n".encode())
    return digest.hexdigest()


def closure(modules: Iterable[str]) -> set[str]:
    """The modules and everything of ours that they import from `FOLLOWED` packages."""
    found, waiting = set[str](), list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(_imports(module))
    return found


def _path(module: str) -> Path | None:
    base = REPOSITORY / Path(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


@cache
def _tree(module: str) -> ast.Module:
    path = _path(module)
    if path is None:
        raise FileNotFoundError(f"no module {module} in the repository")
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _module_digest(module: str) -> str:
    tree = ast.parse(ast.unparse(_tree(module)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


@cache
def _imports(module: str) -> frozenset[str]:
    names = set[str]()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(n for n in names if n.split(".")[0] in FOLLOWED and _path(n) is not None)
