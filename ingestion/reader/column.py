"""One column of a sheet, converted. Work goes by distinct value: a column of 300 flags is converted twice, not 300 times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.contracts import Column
from ingestion.reader.cells import Cell, Converter, keys_of


@dataclass
class ReadColumn:
    """``known`` has what each distinct value became; ``changed`` the cells that became something else, by their index."""

    column: Column
    raw: Sequence[Any]
    keys: Sequence[Any]
    known: dict[Any, Cell]
    changed: dict[int, Cell] = field(default_factory=dict)
    shown: dict[int, Any] = field(default_factory=dict)
    """Raw values to show in place of those that the cell reader gave (error values)."""

    def __getitem__(self, index: int) -> Cell:
        return self.changed.get(index) or self.known[self.keys[index]]

    def __setitem__(self, index: int, cell: Cell) -> None:
        self.changed[index] = cell

    def __iter__(self) -> Iterator[Cell]:
        cells = list(map(self.known.__getitem__, self.keys))
        for index, cell in self.changed.items():
            cells[index] = cell
        return iter(cells)

    def raw_at(self, index: int) -> Any:
        return self.shown.get(index, self.raw[index])

    def remarkable(self) -> list[tuple[int, Any, Cell]]:
        """(index, raw value, cell) of the cells that were repaired or refused, in the order of the rows."""
        spoken = {key: cell for key, cell in self.known.items() if cell.repair or cell.refused}
        if not self.changed:
            cells = zip(self.raw, self.keys, strict=True)
            return [(index, raw, spoken[key]) for index, (raw, key) in enumerate(cells) if key in spoken] if spoken else []
        changed = {index: spoken[key] for index, key in enumerate(self.keys) if key in spoken} | self.changed
        return [(index, self.raw_at(index), cell) for index, cell in sorted(changed.items()) if cell.repair or cell.refused]

    def texts(self, to_text: Any) -> list[str]:
        """Each cell as ``to_text`` writes its value."""
        memory = {key: to_text(cell.value) for key, cell in self.known.items()}
        texts = list(map(memory.__getitem__, self.keys)) if len(memory) > 1 else [*memory.values()] * len(self.keys)
        for index, cell in self.changed.items():
            texts[index] = to_text(cell.value)
        return texts


def convert(converter: Converter, raw: Sequence[Any]) -> ReadColumn:
    """Convert the raw values of a column."""
    keys, distinct = keys_of(raw)
    return ReadColumn(converter.column, raw, keys, converter.known(distinct))
