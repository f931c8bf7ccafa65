"""The catalogue of what the reader can say, in Vietnamese and English."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

CATALOGUE = Path(__file__).parent / "findings.yaml"

Severity = Literal["error", "warning", "info"]


class FindingType(BaseModel):
    """One kind of reader finding. Texts hold ``{placeholders}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str
    level: Literal["file", "submission", "cell"]
    severity: Severity
    text_vi: str
    text_en: str
    resolve_vi: str
    resolve_en: str

    def sentences(self, **values: Any) -> tuple[str, str]:
        """(Vietnamese, English) with the values filled in. Raises KeyError for a value that is not given."""
        return self.text_vi.format(**values), self.text_en.format(**values)


@cache
def finding_types() -> dict[str, FindingType]:
    """Every finding type by code."""
    raw = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    return {code: FindingType(code=code, **fields) for code, fields in raw.items()}


class ReadError(Exception):
    """The file or the return cannot be used; ``code`` says why (findings.yaml), ``values`` fill its sentences."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
