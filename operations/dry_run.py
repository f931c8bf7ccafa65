"""`warehouse nightly --dry-run`: what tonight would do. Reads only."""

from __future__ import annotations

from uuid import UUID

from expectations.part import count_accepted
from expectations.waivers import judged_again
from ingestion.inbox import new_arrivals
from operations.again import Told, as_part, part_of
from warehouse import clock
from warehouse.builds import needs_build
from warehouse.database import connect
from warehouse.runs import Run, holder
from warehouse.settings import Settings


def dry_run(settings: Settings, now: str | None = None, again: Told | None = None) -> list[str]:
    """Lines for a person: files that would be read, returns that would be judged, whether marts would be built and switched.

    Raises PartRefused where ``again`` names what there is not.
    """
    part = part_of(settings, again or {})
    with connect(settings) as conn:
        run = Run(UUID(int=0), "dry-run", clock.now(conn, clock.parse_now(now) if now else None))
        arrivals = new_arrivals(conn, settings.inbox_dir)
        pending = conn.execute("select count(*) from audit.submission where state = 'received'").fetchone()
        repeated = count_accepted(conn, run, as_part(part)) if part else None
        waived = len(judged_again(conn, run.now))
        pinned = conn.execute("select is_rollback from audit.publication order by publication_id desc limit 1").fetchone()
        writer = holder(conn)
    lines = [f"Inbox {settings.inbox_dir}: {len(arrivals)} new files."]
    lines += [f"  {item.path.name}  {item.size:,} bytes  {item.mtime.astimezone(clock.LOCAL):%d/%m/%Y %H:%M}" for item in arrivals[:20]]
    if len(arrivals) > 20:
        lines.append(f"  ... and {len(arrivals) - 20} more")
    lines.append(f"Returns waiting to be judged: {pending[0] if pending else 0}, and those of the new files.")
    if waived:
        lines.append(f"Returned ones judged again for a new waiver: {waived}.")
    if repeated is not None:
        lines.append(f"Accepted returns judged again: {repeated}; all stay in force.")
    needed, reason = needs_build(settings, run)
    if arrivals or waived or (pending and pending[0]):
        lines.append("Marts: built where a return is accepted.")
    else:
        lines.append(f"Marts: {'would be built' if needed else 'would not be built'}: {reason}.")
    if pinned and pinned[0]:
        lines.append("A rollback pins the marts: they would be built but not switched ('warehouse publish --resume' ends it).")
    if writer:
        lines.append(f"Another command is writing now: {writer}.")
    lines.append("Nothing was written.")
    return lines
