"""An execution's log, told from the history of its ticket, or of itself."""

from __future__ import annotations

from core.rows import Rows

_INCIDENTS = """(SELECT string_agg(stop ->> 'message', '; ')
    FROM json_array_elements(coalesce(history.detail -> 'steps', '[]')) step,
        json_array_elements(coalesce(step -> 'incidents', '[]')) stop)"""

LOG_ROWS = Rows(
    id="history.id",
    task="history.detail ->> 'task'",
    status="coalesce(history.detail ->> 'task_status', history.detail ->> 'status')",
    timestamp="history.at",
    message="history.event || ' by ' || history.actor",
    data="history.detail",
    error=f"coalesce({_INCIDENTS}, history.detail ->> 'error')",
)
