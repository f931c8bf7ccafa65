"""What is wrong with a line of a reference file, in one sentence of each language (`reference_faults.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import ErrorDetails, PydanticCustomError

FAULTS_FILE = Path(__file__).parent / "reference_faults.yaml"

# pydantic's kinds of error, by how their names begin -> our code.
KINDS = (
    ("date", "not_a_date"), ("int", "not_a_number"), ("decimal", "not_a_number"), ("finite", "not_a_number"), ("bool", "not_yes_no"),
    ("literal", "not_one_of"), ("string_pattern", "pattern"), ("greater", "out_of_range"), ("less", "out_of_range"),
)  # fmt: skip


class ReferenceDataError(Exception):
    """A reference file is refused whole. ``problems`` names file and line of each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@cache
def _sentences() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = yaml.safe_load(FAULTS_FILE.read_text(encoding="utf-8"))
    return loaded


def say(code: str, **values: Any) -> str:
    """The sentence of a code, Vietnamese and then English. Raises KeyError for a code that the catalogue does not have."""
    pair = _sentences()[code]
    return f"{pair['vi'].format(**values)} · {pair['en'].format(**values)}"


def fault(code: str, **values: Any) -> PydanticCustomError:
    """What a validator of a row model raises; `say_error` tells it."""
    return PydanticCustomError(code, "see reference_faults.yaml", values)


def say_error(error: ErrorDetails) -> str:
    """One error of pydantic's as a sentence."""
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    values = {"field": ".".join(map(str, error["loc"])), "given": given}
    if kind in _sentences():
        return say(kind, **(values | context))
    if given is None:
        return say("empty", **values)
    code = next((code for start, code in KINDS if kind.startswith(start)), "other")
    limit = next((f"{sign} {context[name]}" for name, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤")) if name in context), "")
    return say(code, **values, expected=context.get("expected", ""), pattern=context.get("pattern", ""), limit=limit)
