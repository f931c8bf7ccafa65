"""The arrows of the house: dags -> operations -> reporting -> expectations -> ingestion -> warehouse, and no other way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_DIR

# What each package may import of ours, itself apart. `synthetic` stands beside: it makes workbooks from the same contracts.
MAY_IMPORT = {
    "warehouse": set(),
    "ingestion": {"warehouse"},
    "synthetic": {"warehouse", "ingestion"},
    "expectations": {"warehouse", "ingestion"},
    "reporting": {"warehouse", "ingestion", "expectations"},
    "operations": {"warehouse", "ingestion", "expectations", "reporting", "synthetic"},
    "dags": {"operations"},
}
FORBIDDEN = {
    "ingestion": {"airflow", "dbt", "great_expectations"},
    "warehouse": {"airflow", "great_expectations"},
    "dags": {"pandas", "psycopg", "sqlalchemy", "dbt", "great_expectations", "os", "requests", "httpx"},
}
# Seconds each: imported where they are used, so that `warehouse --help` and the parsing of a DAG stay quick.
HEAVY = {"pandas", "numpy", "great_expectations", "dbt", "openpyxl", "xlsxwriter", "airflow", "alembic", "sqlalchemy"}
# Run by their own tools only.
HEAVY_ALLOWED = {
    "dags/": {"airflow"},
    "warehouse/migrations": {"alembic", "sqlalchemy"},
    "expectations/counted_rows.py": {"great_expectations"},  # a class of it; its users import this file where they need it
}

FILES = [path for package in MAY_IMPORT for path in sorted((PROJECT_DIR / package).rglob("*.py"))]


def _names(path: Path, *, module_level: bool) -> Iterator[str]:
    """Top-level names of the modules that a file imports; TYPE_CHECKING blocks do not run, so they count for arrows only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    def walk(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (alias.name.split(".")[0] for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: import by full name"
                yield str(child.module).split(".")[0]
            elif module_level and (isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) or _is_type_checking(child)):
                continue
            else:
                yield from walk(child)

    yield from walk(tree)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _id(path: Path) -> str:
    return str(path.relative_to(PROJECT_DIR))


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_imports_follow_the_arrows(path: Path) -> None:
    package = path.relative_to(PROJECT_DIR).parts[0]
    imported = set(_names(path, module_level=False))
    ours = imported & set(MAY_IMPORT) - {package}
    assert ours <= MAY_IMPORT[package], f"{_id(path)} imports {sorted(ours - MAY_IMPORT[package])}"
    assert not imported & FORBIDDEN.get(package, set())
    assert "tests" not in imported


@pytest.mark.parametrize("path", FILES, ids=_id)
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    allowed = next((names for prefix, names in HEAVY_ALLOWED.items() if _id(path).startswith(prefix)), set())
    assert not set(_names(path, module_level=True)) & (HEAVY - allowed)


def test_the_walk_sees_what_it_should(tmp_path: Path) -> None:
    module = tmp_path / "m.py"
    module.write_text("import a.b\nif TYPE_CHECKING:\n    import c\ndef f():\n    from d.e import g\nclass K:\n    import h\n")
    assert set(_names(module, module_level=True)) == {"a", "h"}
    assert set(_names(module, module_level=False)) == {"a", "c", "d", "h"}
