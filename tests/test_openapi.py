"""What openapi.yaml promises to whoever generates a client from it: names, types, examples; free JSON only where the
domain has it."""

import keyword
import re

import pytest

from tests.contract import METHODS, document, validator

# Where any JSON may stand, and why. Everything else has a type.
FREE = {
    # A change can be of any value of a definition.
    *("Difference.before", "Difference.after"),
    # Values of the fields that creators declare.
    *(
        "Field.Default",
        "Problem.counterexample",
        "TicketDefinition.fields",
        "TicketDocument.fields",
        "OneTicket.fields",
        "PlacedTicketDefinition.fields",
        *("Submission.data", "Submission.outputs", "Simulation.data", "EvaluatedCondition.inputs"),
        *("Ticket.data", "OpenTicket.data", "Execute.input", "Execution.input", "Execution.output"),
        *(
            "TaskInstance.input",
            "TaskInstance.output",
            "Output.output",
            "Skip.output",
            "Bulk.output",
            "TicketType.constants",
        ),
    ),
    # JSON Schemas.
    *("Workflow.state_schema", "WorkflowDocument.state_schema", "Steps.state_schema", "Graph.state_schema"),
    *("TaskDefinition.input_schema", "TaskDocument.input_schema", "OneTask.input_schema"),
    *("PlacedTaskDefinition.input_schema", "PlacedTaskDefinition.output_schema"),
    *("TaskDefinition.output_schema", "TaskDocument.output_schema", "OneTask.output_schema"),
    *("TicketType.form", "TaskInstance.form"),
    # What is told of an event is the event's own.
    *("HistoryEntry.detail", "LogEntry.data"),
    # Whatever a system outside takes and answers.
    *("Attempt.request", "Attempt.response"),
    *("OneWebhookDelivery.request", "OneWebhookDelivery.response"),
    # Conditions and templates.
    *("PlacedTransition.condition", "PlacedTaskDefinition.input_transform", "PlacedTaskDefinition.output_transform"),
    *("Transition.condition", "TransitionDocument.condition", "Connection.condition", "Node.condition", "Node.params"),
    *("TaskDefinition.input_transform", "TaskDocument.input_transform", "OneTask.input_transform"),
    *("TaskDefinition.output_transform", "TaskDocument.output_transform", "OneTask.output_transform"),
    # Its shape follows end_action_type; templates are in it.
    *("Workflow.end_action", "WorkflowDocument.end_action", "Steps.end_action", "Graph.end_action"),
    # A field of the short form, whose keys have two names each.
    "Step.fields",
}


def operations():
    return [
        (method, path, item[method])
        for path, item in document()["paths"].items()
        for method in METHODS
        if method in item
    ]


def types_of(schema):
    kind = schema.get("type")
    return {kind} if isinstance(kind, str) else set(kind or ())


def is_free(schema):
    """Whether it says nothing about what a value holds."""
    if {"$ref", "enum", "const"} & schema.keys():
        return False
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            return any(map(is_free, schema[word]))
    kinds = types_of(schema)
    if "array" in kinds:
        return is_free(schema.get("items", {}))
    if "object" in kinds:
        return "properties" not in schema and not is_typed_map(schema)
    return not kinds


def is_typed_map(schema):
    values = schema.get("additionalProperties")
    return isinstance(values, dict) and bool(values) and not is_free(values)


def test_free_json_is_where_the_list_says():
    found = {
        f"{re.sub('^Patched|Request$', '', name)}.{key}"
        for name, schema in document()["components"]["schemas"].items()
        for key, value in schema.get("properties", {}).items()
        if is_free(value)
    }
    assert found == FREE


@pytest.mark.parametrize("name", document()["components"]["schemas"])
def test_components_are_named_and_closed(name):
    assert re.fullmatch("[A-Z][A-Za-z0-9]+", name)
    schema = document()["components"]["schemas"][name]
    assert "enum" in schema or "oneOf" in schema or "properties" in schema


def test_operation_ids_are_names_that_every_language_takes():
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))
    for name in names:
        assert re.fullmatch("[a-z]+(_[a-z]+)*", name), name
        assert not keyword.iskeyword(name)


def test_every_call_is_told_about():
    tags = {tag["name"] for tag in document()["tags"]}
    for method, path, operation in operations():
        assert set(operation["tags"]) <= tags, path
        assert operation["summary"], path
        assert operation["description"].strip(), f"{method} {path}"
        assert operation["x-hosts"], path


def test_bodies_and_answers_have_a_component():
    for method, path, operation in operations():
        answers = [answer for status, answer in operation["responses"].items() if status < "300"]
        assert answers, path
        contents = [operation.get("requestBody", {}), *answers]
        for media_type, content in [pair for item in contents for pair in item.get("content", {}).items()]:
            # What a system outside reports is JSON of any kind.
            if media_type == "application/json" and operation["operationId"] != "receive_callback":
                assert "$ref" in content["schema"], f"{method} {path}"


def test_what_needs_a_token_says_so_and_nothing_else_does():
    for method, path, operation in operations():
        secured = operation.get("security") == [{"jwtAuth": []}]
        own = ("login", "refresh_token", "receive_callback")
        refused = "401" in operation["responses"] and operation["operationId"] not in own
        assert secured == refused, f"{method} {path}"
    assert document()["components"]["securitySchemes"]["jwtAuth"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
    }


PERSON = "/api/users/{id}/"
# What stands beside the errors of a refusal.
TOLD_BESIDES = {"PublishRefused": {"problems"}, "NobodyLeft": {"tasks"}}


def test_every_refusal_has_the_one_shape():
    for method, path, operation in operations():
        for status, answer in operation["responses"].items():
            if "400" <= status < "500":
                schema = answer["content"]["application/json"]["schema"]
                name = "Error"
                if status == "422":
                    name = "PublishRefused"
                elif (method, path, status) in (("put", PERSON, "409"), ("patch", PERSON, "409")):
                    name = "NobodyLeft"
                assert schema == {"$ref": f"#/components/schemas/{name}"}, f"{method} {path} {status}"
    schemas = document()["components"]["schemas"]
    for name, besides in TOLD_BESIDES.items():
        refused = schemas[name]["properties"]
        assert refused.items() > schemas["Error"]["properties"].items()
        assert refused.keys() - schemas["Error"]["properties"].keys() == besides


def test_examples_are_valid():
    count = 0
    for method, path, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for example in content.get("examples", {}).values():
                validator(content["schema"]).validate(example["value"])
                count += 1
        created = method == "post" and "201" in operation["responses"] and "{" not in path
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        assert not created or path.endswith("invite/") or content.get("examples"), f"{method} {path} has no example"
    assert count >= 8
