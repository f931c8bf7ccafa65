"""The marts as their dbt contracts give them: names, columns, types and descriptions, read from the YAML without dbt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from warehouse.settings import PROJECT_DIR

MARTS_DIR = PROJECT_DIR / "dbt_project" / "models" / "marts"
PUBLICATION_TYPES = {"publication_id": "bigint", "published_at": "timestamptz"}
PUBLICATION_TEXTS = {
    "publication_id": "Publication in audit.publication that this row belongs to: the same in every mart between two switches.",
    "published_at": "When the marts were switched to this publication.",
}


@dataclass(frozen=True)
class MartColumn:
    name: str
    data_type: str
    description: str

    @property
    def is_of_publication(self) -> bool:
        """True for a constant of the view, which no build table stores."""
        return self.name in PUBLICATION_TYPES


@dataclass(frozen=True)
class Mart:
    """One published view: where it stands, over which build table, with which columns in which order."""

    name: str
    table: str
    schema: str
    description: str
    columns: tuple[MartColumn, ...]
    condition: str | None = None
    key: tuple[str, ...] = ()
    """The columns of the build table's primary key."""

    @property
    def is_restricted(self) -> bool:
        return self.schema == "marts_restricted"


@cache
def load_marts() -> tuple[Mart, ...]:
    """Every mart in the fixed order in which the switch takes their locks."""
    marts: list[Mart] = []
    for path in sorted(MARTS_DIR.glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            marts += _marts_of(model)
    return tuple(sorted(marts, key=lambda mart: (mart.schema, mart.name)))


def _marts_of(model: dict[str, Any]) -> list[Mart]:
    meta = model.get("config", {}).get("meta", {})
    columns = [MartColumn(c["name"], c["data_type"], c["description"]) for c in model["columns"]]
    is_fact = columns[-1].name == "maturity" or model["name"].startswith("fct_")
    after = meta.get("publication_columns", {"publication_id": columns[-1].name} if is_fact else {})
    for name, place in after.items():
        position = next(index for index, column in enumerate(columns) if column.name == place)
        columns.insert(position + 1, MartColumn(name, PUBLICATION_TYPES[name], PUBLICATION_TEXTS[name]))
    name, schema, text = model["name"], meta.get("schema", "marts"), " ".join(model["description"].split())
    key = next((tuple(c["columns"]) for c in model.get("constraints", ()) if c["type"] == "primary_key"), ())
    marts = [Mart(name, name, schema, text, tuple(columns), key=key)]
    if condition := meta.get("default_view"):
        safe = f"Rows of {name} that may be summed: {condition}. {text}"
        marts.append(Mart(f"{name}_default", name, schema, safe, tuple(columns), condition, key))
    return marts
