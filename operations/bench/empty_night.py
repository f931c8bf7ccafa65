"""The steps of a night that do nothing: what is left is Airflow's own share."""

from __future__ import annotations

from typing import Any


class EmptyNight:
    """Stands in for operations.nightly in the empty twin of the night's DAG."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks

    def begin(self, **_options: Any) -> dict[str, Any]:
        return {"token": {}, "chunks": [[{"chunk": number}] for number in range(self.chunks)]}

    def collect_chunk(self, _token: Any, chunk: list[Any]) -> dict[str, int]:
        return {"files": len(chunk)}

    def validate(self, _token: Any) -> dict[str, int]:
        return {}

    def build(self, _token: Any) -> dict[str, Any]:
        return {"build_id": None}

    def check(self, _token: Any, _built: Any, **_options: Any) -> dict[str, Any]:
        return {"passed": None}

    def publish(self, _token: Any, _built: Any, **_options: Any) -> dict[str, Any]:
        return {"publication_id": None}

    def report(self, _token: Any, _failed: Any) -> dict[str, Any]:
        return {
            "files": 0, "unreadable": 0, "accepted": 0, "waived": 0, "returned": 0, "renewed": 0, "lapsed": [], "again": None,
            "publication_id": None, "error": None, "outcome": "nothing_new", "report": "",
        }  # fmt: skip
