"""Who may import whom: the layers of the design, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLASK = (
    "flask",
    "flask_compress",
    "flask_cors",
    "flask_limiter",
    "flask_migrate",
    "flask_smorest",
    "flask_sqlalchemy",
    "werkzeug",
)
SQL = ("sqlalchemy", "flask_sqlalchemy", "alembic", "psycopg2")
DATABASE = ("aggregator.db", "aggregator.engines", "aggregator.database_errors")
#: From the bottom up: none imports one above it.
LAYERS = (
    "aggregator.models",
    "aggregator.services",
    "aggregator.schemas",
    "aggregator.http",
    "aggregator.openapi",
    "aggregator.views",
    "aggregator.operations",
    "aggregator.web",
    "aggregator.cli",
)
#: What knows neither a database, nor a request, nor the time.
PURE = (*FLASK, *SQL, *LAYERS, "requests", "marshmallow", *DATABASE, "aggregator.clock")


def _above(layer: str) -> tuple[str, ...]:
    return LAYERS[LAYERS.index(layer) + 1 :]


#: Module or package → what neither it nor anything in it imports.
NEVER: dict[str, tuple[str, ...]] = {
    "aggregator": ("poller", "sandbox", "tools"),
    "aggregator.errors": (*FLASK, *SQL, "requests", "aggregator"),
    "aggregator.offers_errors": (*FLASK, *SQL, *LAYERS, "requests", *DATABASE),
    "aggregator.strict_json": (*FLASK, *SQL, "requests", "aggregator"),
    "aggregator.words": (*FLASK, *SQL, "requests", "aggregator"),
    "aggregator.environment": (*FLASK, *SQL, *LAYERS, "requests"),
    "aggregator.settings": (*FLASK, *SQL, *LAYERS, "requests"),
    "aggregator.log": (*FLASK, *SQL, *LAYERS, *DATABASE, "requests", "aggregator.settings"),
    "aggregator.log_text": (*FLASK, *SQL, "requests", "aggregator"),
    "aggregator.metric_families": (*FLASK, *SQL, "requests", "aggregator"),
    "aggregator.clock": (*FLASK, *SQL, "requests", "aggregator"),
    "aggregator.single_flight": (*FLASK, *SQL, "requests", "aggregator"),
    "aggregator.deadline": (*FLASK, *SQL, "aggregator"),
    "aggregator.database_errors": (*FLASK, *LAYERS, "aggregator.db", "aggregator.engines"),
    "aggregator.engines": (*FLASK, *LAYERS, "aggregator.db"),
    "aggregator.db": (*LAYERS, "aggregator.settings", "aggregator.history"),
    "aggregator.numbers": (*FLASK, "requests", "aggregator"),
    "aggregator.sql_functions": (*FLASK, *LAYERS, *DATABASE, "aggregator.history"),
    "aggregator.recordset": (*FLASK, "aggregator"),
    "aggregator.sql_json": (*FLASK, "aggregator"),
    "aggregator.prepared": (*FLASK, *LAYERS, "requests"),
    "aggregator.history": PURE,
    "aggregator.bulk": PURE,
    "aggregator.offers_wire": (*FLASK, *SQL, *LAYERS, "requests", *DATABASE),
    "aggregator.offers_http": (*FLASK, *SQL, *LAYERS, *DATABASE),
    "aggregator.offers_client": (*FLASK, *SQL, *LAYERS, *DATABASE, "requests"),
    "aggregator.models": (*FLASK, *_above("aggregator.models"), "requests"),
    "aggregator.services": (*FLASK, *_above("aggregator.services"), "requests", "marshmallow"),
    "aggregator.services.health.check": (*SQL, "aggregator"),
    "aggregator.services.health.configuration": (*SQL, "aggregator.models", *DATABASE),
    "aggregator.services.health.headline": (*SQL, "aggregator.models", *DATABASE),
    "aggregator.services.health.latency": (*SQL, "aggregator.models", *DATABASE),
    "aggregator.services.due": (*SQL, "requests", "aggregator"),
    "aggregator.services.reconcile": (*SQL, "aggregator.models", *DATABASE),
    "aggregator.services.settle": (*SQL, "aggregator.models", *DATABASE),
    "aggregator.schemas": (
        *FLASK,
        *SQL,
        *_above("aggregator.schemas"),
        "requests",
        *DATABASE,
        "aggregator.models",
        "aggregator.services",
    ),
    "aggregator.http": (*_above("aggregator.http"), "requests", "aggregator.models"),
    "aggregator.http.problem_types": (*FLASK, *SQL, *LAYERS, "requests"),
    "aggregator.openapi": (
        *SQL,
        *_above("aggregator.openapi"),
        "requests",
        *DATABASE,
        "aggregator.models",
        "aggregator.services",
    ),
    "aggregator.views": (*SQL, *_above("aggregator.views"), "requests", "aggregator.models"),
    "aggregator.operations": (
        *_above("aggregator.operations"),
        "requests",
        "aggregator.models",
        "aggregator.views",
    ),
    "aggregator.operations.health": SQL,
    "aggregator.web": (
        *SQL,
        *_above("aggregator.web"),
        "requests",
        "aggregator.models",
        "aggregator.views",
    ),
    "aggregator.cli": (
        *SQL,
        "requests",
        "aggregator.models",
        "aggregator.http",
        "aggregator.openapi",
        "aggregator.views",
        "aggregator.web",
    ),
    "poller": (*FLASK, *_above("aggregator.services"), "requests", "aggregator.models"),
    "sandbox": ("aggregator", "poller"),
}


def find_modules(root: Path, name: str) -> dict[str, Path]:
    """Return the module or the modules of the package, by dotted name."""
    path = root.joinpath(*name.split("."))
    files = [path.with_suffix(".py"), *path.rglob("*.py")]
    return {_dotted(root, file): file for file in sorted(files) if file.is_file()}


def find_imports(module: str, path: Path) -> Iterator[str]:
    """Yield what a module imports, wherever in it; of ``from a import b`` both a and a.b."""
    package = module.split(".") if path.stem == "__init__" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def find_breaches(root: Path, name: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return a line for each forbidden import in a module or package."""
    return [
        f"{module} imports {imported}"
        for module, path in find_modules(root, name).items()
        for imported in find_imports(module, path)
        if any(imported == layer or imported.startswith(f"{layer}.") for layer in forbidden)
    ]


def _dotted(root: Path, file: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("name", NEVER)
def test_layer_imports_nothing_forbidden(name: str) -> None:
    assert find_breaches(ROOT, name, NEVER[name]) == []


@pytest.mark.parametrize("name", NEVER)
def test_layer_exists(name: str) -> None:
    assert find_modules(ROOT, name)


@pytest.mark.parametrize(
    "line",
    [
        "import a.hidden",
        "import a.hidden.deep as x",
        "import os, a.hidden",
        "from a import hidden",
        "from a import b, hidden",
        "from a.hidden import name",
        "from a.hidden.deep import name",
        "from a.hidden import *",
        "from .. import hidden",
        "from ..hidden import name",
        "from .. import hidden as x",
        "def f():\n    from a.hidden import name",
        "if TYPE_CHECKING:\n    import a.hidden",
        "try:\n    import a.hidden\nexcept ImportError:\n    pass",
    ],
)
def test_forbidden_import_is_found_however_it_is_written(tmp_path: Path, line: str) -> None:
    package = tmp_path / "a" / "layer"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "module.py").write_text(f"{line}\n")
    [breach, *_] = find_breaches(tmp_path, "a.layer", ("a.hidden",))
    assert breach.startswith("a.layer.module imports a.hidden")


@pytest.mark.parametrize(
    "line",
    [
        "import a",
        "from a import hidden_not",
        "from a.hidden_not import name",
        "from . import hidden",
        "from .hidden import name",
        "import hidden",
        "text = 'import a.hidden'",
    ],
)
def test_other_imports_are_allowed(tmp_path: Path, line: str) -> None:
    (tmp_path / "a" / "layer").mkdir(parents=True)
    (tmp_path / "a" / "layer" / "module.py").write_text(f"{line}\n")
    assert find_breaches(tmp_path, "a.layer", ("a.hidden",)) == []


def test_relative_import_in_a_package_itself_is_resolved(tmp_path: Path) -> None:
    (tmp_path / "a" / "layer").mkdir(parents=True)
    (tmp_path / "a" / "layer" / "__init__.py").write_text("from . import hidden\n")
    breaches = find_breaches(tmp_path, "a.layer", ("a.layer.hidden",))
    assert breaches == ["a.layer imports a.layer.hidden"]


@pytest.mark.parametrize("name", NEVER)
def test_rule_is_broken_by_each_forbidden_import_added_to_the_layer(
    tmp_path: Path, name: str
) -> None:
    for module, path in find_modules(ROOT, name).items():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        added = "".join(f"import {layer}\n" for layer in NEVER[name])
        copy.write_text(path.read_text(encoding="utf-8") + added, encoding="utf-8")
        expected = [f"{module} imports {layer}" for layer in NEVER[name]]
        assert find_breaches(tmp_path, module, NEVER[name])[-len(expected) :] == expected
