"""Templates, what rules read, and unknown names."""

from __future__ import annotations

from workflow_design.kernel.language import compile_condition, compile_template, unknown_roots
from workflow_design.kernel.tests.each import each


def test_a_template_makes_new_json():
    template = {"to": {"$": {"var": "who"}}, "list": [1, {"fixed": True}], "rows": {"$literal": [{"$": 1}]}}
    data = {"who": {"name": "Alice", "tags": ["x"]}}
    compiled = compile_template(template)
    first = compiled.render(data)
    assert first == {"to": {"name": "Alice", "tags": ["x"]}, "list": [1, {"fixed": True}], "rows": [{"$": 1}]}
    first["to"]["tags"].append("y")
    first["list"][1]["fixed"] = False
    first["rows"][0]["$"] = 2
    assert data == {"who": {"name": "Alice", "tags": ["x"]}}
    assert compiled.render(data)["list"] == [1, {"fixed": True}]
    assert template["rows"] == {"$literal": [{"$": 1}]}


def test_left_out_when_null():
    template = compile_template({"a": {"$?": {"var": "a"}}, "b": [{"$?": {"var": "a"}}, 2], "c": {"$": {"var": "a"}}})
    assert template.render({}) == {"b": [2], "c": None}
    assert template.render({"a": 0}) == {"a": 0, "b": [0, 2], "c": 0}
    assert compile_template({"$?": {"var": "a"}}).render({}) is None
    assert compile_template({"$?": {"and": []}}).render({}) is None


def test_map_reads_the_item():
    template = compile_template(
        {"lines": {"$map": [{"filter": [{"var": "rows"}, {"var": "on"}]}, {"n": {"$": {"var": "n"}}, "all": "x"}]}}
    )
    data = {"n": 9, "rows": [{"n": 1, "on": True}, {"n": 2}, {"on": 1}]}
    assert template.render(data) == {"lines": [{"n": 1, "all": "x"}, {"n": None, "all": "x"}]}
    assert template.render({"rows": "no list"}) == {"lines": []}
    nested = compile_template({"$map": [{"var": "m"}, {"$map": [{"var": ""}, {"$?": {"var": "v"}}]}]})
    assert nested.render({"m": [[{"v": 1}, {}], []]}) == [[1], []]


def test_key_order_is_kept():
    assert list(compile_template({"b": 1, "a": {"$": 2}, "c": 3}).render({})) == ["b", "a", "c"]


@each(
    "rule, reads, guarded, reads_all",
    [
        ({"==": [{"var": "a"}, {"var": ["b.c"]}]}, {"a", "b.c"}, set(), False),
        ({"var": ["a", {"var": ["b", 1]}]}, {"a", "b"}, {"a", "b"}, False),
        ({"or": [{"var": ["a", 1]}, {"var": "a"}]}, {"a"}, set(), False),
        ({"missing": ["a", "b.c"]}, {"a", "b.c"}, {"a", "b.c"}, False),
        ({"missing": [["a"]]}, {"a"}, {"a"}, False),
        ({"missing_some": [1, ["a", "b"]]}, {"a", "b"}, {"a", "b"}, False),
        ({"missing_some": [{"var": "n"}, {"merge": ["a"]}]}, {"n"}, set(), True),
        ({"map": [{"var": "rows"}, {"+": [{"var": "n"}, {"var": ""}]}]}, {"rows"}, set(), False),
        ({"reduce": [{"var": "rows"}, {"var": "current"}, {"var": "start"}]}, {"rows", "start"}, set(), False),
        ({"var": {"cat": [{"var": "a"}, "b"]}}, {"a"}, set(), True),
        ({"var": ""}, set(), set(), True),
        ({"var": []}, set(), set(), True),
        ({"var": 1}, {"1"}, set(), False),
    ],
)
def test_reads(rule, reads, guarded, reads_all):
    for compiled in (compile_condition(rule), compile_template({"x": [{"$": rule}]})):
        assert compiled.reads == reads
        assert compiled.guarded_reads == guarded
        assert compiled.reads_all is reads_all


def test_reads_of_a_template():
    template = compile_template({"a": {"$?": {"var": "x.y"}}, "b": {"$map": [{"var": "rows"}, {"$": {"var": "n"}}]}})
    assert template.reads == {"x.y", "rows"}
    assert template.reads_all is False


def test_unknown_roots():
    reads = compile_condition({"and": [{"var": "b.x"}, {"var": "b.y"}, {"var": "a"}, {"var": "_ticket.id"}]}).reads
    assert unknown_roots(reads, ["a", "_ticket"]) == ["b"]
    assert unknown_roots(reads, ["a", "b", "_ticket"]) == []
