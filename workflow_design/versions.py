"""Published versions as runs use them: compiled once in a process, and kept, for a version never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.db import connection
from workflow_design.kernel.fields import (
    Field,
    JsonSchema,
    merged_fields,
    ticket_constants,
    ticket_defaults,
    ticket_form_schema,
)
from workflow_design.kernel.graph import Graph, GraphCache, compile_graph
from workflow_design.kernel.language import Template, compile_template
from workflow_design.kernel.schemas import Schema, compile_schema
from workflow_design.models import WorkflowVersion

Bundle = dict[str, Any]


@dataclass(frozen=True)
class TicketForm:
    """A ticket type of a version: `schema` is what a submission must satisfy, `constants` and `defaults` what it gets
    besides."""

    key: str
    title: str
    schema: JsonSchema
    constants: Mapping[str, Any]
    defaults: Mapping[str, Any]

    @cached_property
    def checker(self) -> Schema:
        """`schema`, compiled."""
        return compile_schema(self.schema)


@dataclass(frozen=True)
class Compiled:
    """A version, ready to run. It is shared by all threads: nothing in it may be changed."""

    id: int
    number: int
    workflow_id: int
    bundle: Bundle
    """In normal form, with every start and end written out."""
    graph: Graph
    fields: Mapping[str, Field]
    """By name: the declared ones and what tasks write."""
    tickets: Mapping[str, TicketForm]
    """By key."""

    @cached_property
    def tasks(self) -> Mapping[str, dict[str, Any]]:
        """The bundle's tasks by key."""
        return {task["key"]: task for task in self.bundle["tasks"]}

    def template(self, key: str, name: str) -> Template:
        """A task's `input_transform` or `output_transform`, compiled at its first use; it must have one."""
        found = self._templates.get((key, name))
        if found is None:
            found = self._templates[key, name] = compile_template(self.tasks[key][name])
        return found

    @cached_property
    def _templates(self) -> dict[tuple[str, str], Template]:
        return {}


_kept: GraphCache[Compiled] = GraphCache()


def compiled(version_id: int) -> Compiled:
    """A version of the company that the connection is on. Raises WorkflowVersion.DoesNotExist.

    One statement when this process has not seen it lately, else none.
    """
    return _kept.get((connection.tenant.uuid, version_id), lambda: _load(version_id))


def forget() -> None:
    """Keep none: for tests, whose databases use the same ids again."""
    _kept.clear()


def _load(version_id: int) -> Compiled:
    version = WorkflowVersion.objects.only("number", "workflow_id", "document").get(pk=version_id)
    bundle = version.document
    fields = merged_fields(bundle).fields
    return Compiled(
        id=version.pk,
        number=version.number,
        workflow_id=version.workflow_id,
        bundle=bundle,
        graph=compile_graph(bundle),
        fields=fields,
        tickets={ticket["key"]: _form(ticket, fields) for ticket in bundle["tickets"]},
    )


def _form(ticket: dict[str, Any], fields: Mapping[str, Field]) -> TicketForm:
    return TicketForm(
        key=ticket["key"],
        title=ticket["title"],
        schema=ticket_form_schema(ticket, fields),
        constants=ticket_constants(ticket),
        defaults=ticket_defaults(ticket),
    )
