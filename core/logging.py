"""JSON logs: one line an event, with the request's id and company."""

from __future__ import annotations

import logging
from contextlib import nullcontext, suppress
from typing import Any, cast

import orjson
import structlog

# Without local variables: passwords and tokens are among them.
TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
)
SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def _json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


class LineHandler(logging.StreamHandler[Any]):
    """Writes JSON lines."""

    def line(self, text: str) -> None:
        """Write one as it is; where nobody reads any more, work goes on without."""
        with self.lock or nullcontext(), suppress(OSError, ValueError):
            self.stream.write(text + self.terminator)
            self.flush()


def _straight(logger: Any, method: str, event: Any) -> Any:
    """A line of our own loggers goes to where it is written without the standard library's detour, which takes longer
    than all else; but not where others listen too."""
    handlers = logging.root.handlers
    if not all(isinstance(handler, LineHandler) for handler in handlers):
        return structlog.stdlib.ProcessorFormatter.wrap_for_formatter(logger, method, event)
    text = _json(TRACEBACKS(logger, method, event))
    for handler in handlers:
        cast(LineHandler, handler).line(text)
    raise structlog.DropEvent


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Django's LOGGING: everything through structlog, as JSON lines or, for people, as text."""
    wrap = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, _straight if as_json else wrap],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if as_json:
        ending: list[Any] = [TRACEBACKS, structlog.processors.JSONRenderer(serializer=_json)]
    else:
        ending = [structlog.dev.ConsoleRenderer(colors=False)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
            }
        },
        "handlers": {"stderr": {"()": LineHandler if as_json else logging.StreamHandler, "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # Said once, by our own request log.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "WARNING"},
            "procrastinate": {"level": "WARNING"},
        },
    }
