"""A trace as the terminal shows it: the figure, what it was published as, then file, sheet, rows and cells."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reporting import words
from reporting.trace import Trace


def render(traced: Trace) -> RenderableType:
    parts: list[RenderableType] = [_headline(traced), _publication(traced)]
    if traced.note:
        parts.append(Text(f"{traced.note[0]} · {traced.note[1]}", style="yellow"))
    if traced.source.ratio:
        *over, whole = traced.source.ratio
        parts.append(Text(f"= 100 × ({' + '.join(over)}) / {whole}"))
        for part in traced.parts:
            parts += [Text(""), _headline(part), *_details(part)]
    else:
        parts += _details(traced)
    return Group(*parts)


def figure(value: Decimal | int | None) -> str:
    """Six decimals for rates, whole numbers for counts; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}".replace(",", ".") if value == int(value) else f"{value:.6f}".replace(".", ",")


def _headline(traced: Trace) -> Text:
    return Text.assemble(
        (f"{traced.mart}.{traced.column}", "bold"),
        f"  {traced.area_name} ({traced.area_code}), {traced.period_key}{f', {traced.counted_class}' if traced.counted_class else ''}  =  ",
        (figure(traced.value), "bold green"),
    )  # fmt: skip


def _publication(traced: Trace) -> Text:
    told = traced.publication
    return Text(
        f"Công bố · publication {told.publication_id}, {words.moment(told.published_at)}, hash {told.hash}\n"
        f"Biết đến · known up to {words.moment(told.knowledge_at)}"
    )


def _details(traced: Trace) -> list[RenderableType]:
    if traced.parts and not traced.source.ratio:
        return [_communes(traced), *_missing(traced)]
    if traced.submission is None:
        return []
    given = traced.submission
    stage = words.vi(f"stage_{given.result_stage}")
    state = words.known(f"state_{given.state_now}", given.state_now)[0]
    file_text = Text(
        f"Báo cáo · submission {given.submission_id}, bản {given.version}, {stage}, nay: {state}\nTệp · file {given.file_name}\n"
        f"sha256 {given.sha256}\nKho lưu · archive/{given.sha256[:2]}/{given.sha256[2:4]}/{given.sha256}\n"
        f"Trang · sheet «{traced.sheet_title}»: {len(traced.rows)} dòng · rows"
    )
    if given.waived:
        file_text.append(f"\n{words.vi('waived')} · {words.en('waived')}: {', '.join(given.waived)}", style="yellow")
    total = Text(f"Cộng · sum = {figure(traced.found)}", style="bold")
    return [file_text, _rows(traced), total] if traced.rows else [file_text]


def _rows(traced: Trace) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Dòng", justify="right")
    households = any(row.household_code or row.name_masked for row in traced.rows)
    if households:
        table.add_column("Mã hộ")
        table.add_column("Họ tên (đã che)")
    if traced.rows:
        for cell in traced.rows[0].cells:
            table.add_column(cell.label)
    for row in traced.rows:
        about = [Text(row.household_code or ""), Text(row.name_masked or "")] if households else []
        table.add_row(str(row.row_number), *about, *[Text(f"{cell.cell}: {cell.value}") for cell in row.cells])
    return table


def _communes(traced: Trace) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Mã", "Xã, phường, thị trấn", "Giá trị", "Bản", "Tệp", "sha256"):
        table.add_column(name, justify="right" if name == "Giá trị" else "left")
    for part in traced.parts:
        given = part.submission
        about = (str(given.version), Text(given.file_name), given.sha256[:12]) if given else ("–", Text("–"), "–")
        table.add_row(part.area_code, part.area_name, figure(part.value), *about)
    known = [part.value for part in traced.parts if part.value is not None]
    table.add_row("", Text(f"Cộng {len(traced.parts)} xã · sum", style="bold"), Text(figure(sum(known)), style="bold"))
    return table


def _missing(traced: Trace) -> list[RenderableType]:
    if not traced.missing:
        return []
    return [Text(f"Chưa có báo cáo có hiệu lực · no return in force ({len(traced.missing)}): {', '.join(traced.missing)}", style="yellow")]
