"""docs/marts/<mart>.md from the models' own YAML, and docs/indicators/<indicator>.md with formula and lineage."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ingestion.contracts import load_form
from reporting.docs_text import generated_from, kept, table
from reporting.lineage import Source, lineage
from warehouse.settings import PROJECT_DIR

MODELS_DIR = PROJECT_DIR / "dbt_project" / "models" / "marts"
INDICATORS_FILE = Path(__file__).parent / "indicators.yaml"


@cache
def models() -> dict[str, dict[str, Any]]:
    """Mart name -> its entry in the dbt YAML, with the file it stands in."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(MODELS_DIR.glob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            found[model["name"]] = {**model, "file": str(path.relative_to(PROJECT_DIR))}
    return found


def pages(folder: Path) -> dict[str, str]:
    made = {f"marts/{name}.md": _mart(name, model, folder / "marts" / f"{name}.md") for name, model in models().items()}
    made["marts/README.md"] = _list()
    indicators: dict[str, dict[str, Any]] = yaml.safe_load(INDICATORS_FILE.read_text(encoding="utf-8"))
    made.update({f"indicators/{key}.md": _indicator(key, indicator) for key, indicator in indicators.items()})
    return made


def _schema(model: dict[str, Any]) -> str:
    schema: str = model.get("config", {}).get("meta", {}).get("schema", "marts")
    return schema


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".") + "."


def _list() -> str:
    lines = [(f"[{name}]({name}.md)", _schema(model), _first_sentence(model["description"])) for name, model in models().items()]
    return (
        "# Published marts\n\n"
        + generated_from("dbt_project/models/marts/*.yml")
        + "\nNames and definitions that readers rely on: columns are added, never renamed. Before you read a figure, look at"
        " `data_status` and at `completeness_pct`. Facts hold several boundaries and levels: sum `<mart>_default`, not the mart.\n\n"
        + table(("Mart", "Schema", "What it holds"), lines)
    )


def _mart(name: str, model: dict[str, Any], path: Path) -> str:
    sources = lineage()[name].columns if name in lineage() else {}
    made_from = {column: _source_text(name, source) for column, source in sources.items()}
    lines = [
        (f"`{column['name']}`", column.get("data_type"), column["description"], made_from.get(column["name"], ""))
        for column in model["columns"]
    ]
    header = ("Column", "Type", "Meaning", "Made from") if sources else ("Column", "Type", "Meaning")
    parts = [
        f"# {_schema(model)}.{name}\n",
        generated_from(model["file"]),
        " ".join(model["description"].split()) + "\n",
        table(header, [line[: len(header)] for line in lines]),
        "## Usage notes\n",
        kept(path, "usage notes", "None recorded yet."),
    ]
    if sources:
        of_class = f" --class {lineage()[name].example_class}" if lineage()[name].class_column else ""
        parts.insert(3, f"Walk back from any figure: `warehouse trace {name} 27694 2023 {next(iter(sources))}{of_class}`.\n")
    return "\n".join(parts)


def _source_text(mart: str, source: Source) -> str:
    """The lineage of a column in words: which rows of which sheet."""
    if source.ratio:
        *over, whole = source.ratio
        return f"100 × {over[0] if len(over) == 1 else '(' + ' + '.join(over) + ')'} / {whole}"
    contract = lineage()[mart]
    sheet = load_form(contract.form).sheet(source.sheet or contract.counting.sheet)
    if source.cell:
        return f"{sheet.title}: {sheet.column(source.cell).labels[0]}"
    if source.sheet is None:
        what = f"sum of {source.amount} of" if source.amount else "count of"
        return f"{sheet.title}: {what} each {contract.counting.counts}{f' that is {source.counted}' if source.counted else ''}, once"
    if source.of_class and source.sum:
        return f"{sheet.title}: sum of {sheet.column(source.sum).labels[0]} by {sheet.column(source.of_class).labels[0]}"
    conditions = []
    for field, codes in source.where.items():
        column = sheet.column(field)
        labels = {code: label for label, code in (column.codes or {}).items()}
        conditions.append(f"{column.labels[0]} = {', '.join('x' if code is True else labels[str(code)] for code in codes)}")
    what = f"sum of {sheet.column(source.sum).labels[0]}" if source.sum else "count"
    return f"{sheet.title}: {what} where {'; '.join(conditions)}"


def _indicator(key: str, indicator: dict[str, Any]) -> str:
    model = models()[indicator["mart"]]
    described = {column["name"]: column for column in model["columns"]}
    columns = table(
        ("Column", "Type", "Meaning"),
        [(f"`{name}`", described[name].get("data_type"), described[name]["description"]) for name in indicator["columns"]],
    )
    parts = [
        f"# {indicator['title_vi']} · {indicator['title_en']}\n",
        generated_from(f"reporting/indicators.yaml ({key}) and {model['file']}"),
        " ".join(indicator["meaning"].split()) + "\n",
        f"```\n{indicator['formula']}\n```\n",
        "## How to read it\n",
        "\n".join(f"- {line}" for line in indicator["reading"]) + "\n",
        "## Checked on published figures\n",
        " ".join(indicator["example"].split()) + "\n",
        f"## In the mart: [{_schema(model)}.{indicator['mart']}](../marts/{indicator['mart']}.md)\n",
        columns,
    ]
    sources = lineage()[indicator["mart"]].columns if indicator["mart"] in lineage() else {}
    if made := [(f"`{name}`", _source_text(indicator["mart"], sources[name])) for name in indicator["columns"] if name in sources]:
        parts += ["## Made from\n", table(("Column", "Rows of the return in force"), made)]
    return "\n".join(parts)
