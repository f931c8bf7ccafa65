"""Commands about waivers: add, list, end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from operations import waivers
from operations.cli_marts import NowOption, command_run
from operations.console import out, say
from warehouse import clock
from warehouse.database import connect
from warehouse.settings import get_settings

app = typer.Typer(help="Approved exceptions to a rule, each for one return (form, commune, period).", no_args_is_help=True)

ActorOption = Annotated[str, typer.Option(help="Who records it.")]


@app.command(
    epilog="Example: warehouse waiver add HHR-38E --form household_review --commune 27694 --period 2023 --expires 2024-03-31"
    ' --approver "Trần Thử Duyệt" --title "Phó Giám đốc Sở" --reason "Công văn 12/SLĐTBXH: đã đối chiếu hồ sơ"'
)
def add(
    rule: Annotated[str, typer.Argument(help="Rule code, e.g. HHR-38E (docs/rules.md).")],
    form: Annotated[str, typer.Option(help="Form code.")],
    commune: Annotated[str, typer.Option(help="Commune code, 5 digits.")],
    period: Annotated[str, typer.Option(help="Period: 2023, 2023-Q3.")],
    approver: Annotated[str, typer.Option(help="Name of the officer who approves; not the one who prepared the return.")],
    title: Annotated[str, typer.Option(help="The approver's title.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the chain, shown on the return's page. Name no person.")],
    expires: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day in force.")],
    actor: ActorOption = "operator",
    now: NowOption = None,
) -> None:
    """Record a waiver: the rule's findings in this return are still found and counted, and do not send it back."""
    settings = get_settings()
    wanted = waivers.Wanted(rule, form, commune, period, approver, title, reason, expires.date())
    with command_run(settings, "waiver", now) as run:
        added = waivers.add(settings, run, wanted, actor=actor)
    said = {"rule": rule, "form": form, "commune": commune, "period": period, "expires": f"{expires:%d/%m/%Y}"}
    say(waivers.sentence("said", "added", waiver_id=added.waiver_id, **said))
    if added.judged_again is None:
        say(waivers.sentence("said", "nothing_waits"))
    else:
        say(waivers.sentence("said", "judged_again", version=added.version, submission=str(added.judged_again)[:8]))


@app.command("list", epilog="Example: warehouse waiver list --state in_force")
def list_(
    state: Annotated[Literal["in_force", "expired", "ended"] | None, typer.Option(help="Those in this state alone.")] = None,
    now: Annotated[str | None, typer.Option("--now", help="Moment to judge them by; only in a synthetic warehouse.")] = None,
) -> None:
    """List waivers, newest first."""
    settings = get_settings()
    with connect(settings) as conn:
        moment = clock.now(conn, clock.parse_now(now) if now else None)
    table = Table("id", "rule", "form", "commune", "period", "expires", "state", "approver", "reason", "recorded")
    for row in waivers.find(settings, moment, state=state):
        table.add_row(
            str(row.waiver_id), row.rule_code, row.form_code, row.commune_code, row.period_key, f"{row.expires_on:%d/%m/%Y}",
            waivers.sentence("states", row.state), Text(f"{row.approver_name}, {row.approver_title}"), Text(row.reason),
            Text(f"{clock.local_date(row.recorded_at):%d/%m/%Y} {row.recorded_by}"),
        )  # fmt: skip
    out.print(table)


@app.command(epilog='Example: warehouse waiver end 1042 --reason "Xã đã gửi bản sửa"')
def end(
    waiver: Annotated[int, typer.Argument(help="Number of the waiver (warehouse waiver list).")],
    reason: Annotated[str, typer.Option(help="Why; kept in the chain.")],
    actor: ActorOption = "operator",
    now: NowOption = None,
) -> None:
    """End a waiver before its expiry. What was accepted under it stays accepted."""
    settings = get_settings()
    with command_run(settings, "waiver", now) as run:
        waivers.end(settings, run, waiver, reason=reason, actor=actor)
    say(waivers.sentence("said", "ended", waiver_id=waiver))
