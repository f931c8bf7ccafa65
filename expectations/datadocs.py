"""Great Expectations' own Data Docs of the last night, readable offline: no outside address is left in a page.

What Great Expectations loads from elsewhere (fonts, scripts, its logo, whose address carries the context's id) is taken out; a
small style sheet of our own takes the place of the frameworks that are missed.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations.results import kept_runs
from expectations.runner import quiet_great_expectations
from warehouse.settings import Settings

_OUTSIDE = re.compile(
    r"<script[^>]*\bsrc\s*=[^>]*>\s*</script>|<link[^>]*\bhref\s*=\s*[\"'](?:https?:)?//[^>]*>|<img[^>]*\bsrc\s*=\s*[\"']https?://[^>]*>",
    re.I | re.S,
)
_ADDRESS = re.compile(r"https?://[^\s\"'<>)]*", re.I)
_STYLE = (
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #ccc;padding:.35rem .6rem;text-align:left;vertical-align:top}"
    "pre,code{white-space:pre-wrap;font-size:.85em}.navbar,.btn,button,footer,.footer,[class*=newsletter]{display:none}</style>"
)


class NoResults(Exception):
    """No night has been validated yet."""


def write_datadocs(settings: Settings) -> Path:
    """Build the pages of the last validated night and return their index. Raises NoResults."""
    runs = kept_runs(settings)
    if not runs:
        raise NoResults("No night has been validated yet: there are no results to show. Run 'warehouse nightly'.")
    target = settings.home / "datadocs" / "site"
    with tempfile.TemporaryDirectory() as folder:
        site = _build(Path(folder), runs[0])
        _take_out_addresses(site)
        fresh = target.with_name("site.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(site, fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.replace(target)
    return target / "index.html"


def _build(folder: Path, results: Path) -> Path:
    gx = quiet_great_expectations()
    from great_expectations.core import ExpectationSuiteValidationResult, RunIdentifier
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
    from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier, ValidationResultIdentifier

    context: Any = gx.get_context(mode="file", project_root_dir=folder)
    run = RunIdentifier(run_name=results.name, run_time=datetime.fromtimestamp(results.stat().st_mtime, UTC))
    suites: dict[str, list[Any]] = {}
    for path in sorted(results.glob("*.json")):
        number, _, sheet = path.stem.partition("-")
        loaded: ExpectationSuiteValidationResult = ExpectationSuiteValidationResultSchema().load(
            json.loads(path.read_text(encoding="utf-8"))
        )
        key = ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(name=sheet), run_id=run, batch_identifier=f"round-{number}"
        )
        context.validation_results_store.set(key, loaded)
        suites.setdefault(sheet, [item.expectation_config for item in loaded.results])
    context.build_data_docs()
    found = list(folder.rglob("data_docs/local_site"))
    return found[0]


def _take_out_addresses(site: Path) -> None:
    for folder in ("images", "fonts"):
        shutil.rmtree(site / "static" / folder, ignore_errors=True)
    for page in site.rglob("*.html"):
        text = _OUTSIDE.sub("", page.read_text(encoding="utf-8"))
        text = _ADDRESS.sub("", text)
        page.write_text(text.replace("</head>", f"{_STYLE}</head>", 1), encoding="utf-8")
    for sheet in site.rglob("*.css"):
        sheet.write_text(_ADDRESS.sub("", sheet.read_text(encoding="utf-8")), encoding="utf-8")
