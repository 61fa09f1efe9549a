"""YAML: read as 1.2 core, written so that readers of 1.1 see the same, bounded whatever comes."""

from __future__ import annotations

from time import perf_counter

import pytest
import yaml

from workflow_design.kernel.document import DocumentSyntaxError, parse_yaml, to_yaml
from workflow_design.kernel.tests.each import each


@each(
    "text, value",
    [
        ("", None),
        ("# nothing", None),
        ("a: 1", {"a": 1}),
        ("[yes, no, on, off, y, n, Yes]", ["yes", "no", "on", "off", "y", "n", "Yes"]),
        ("[true, True, TRUE, false, False, FALSE, tRUE]", [True, True, True, False, False, False, "tRUE"]),
        ("[null, Null, NULL, ~, nUll]", [None, None, None, None, "nUll"]),
        ("a:\nb: ~", {"a": None, "b": None}),
        ("[0o17, 017, 0x1F, -7, +3, 1_000, 0b1]", [15, 17, 31, -7, 3, "1_000", "0b1"]),
        ("[1.5, 1., .5, -1e3, 1E-2, 12:30, 1.2.3]", [1.5, 1.0, 0.5, -1000.0, 0.01, "12:30", "1.2.3"]),
        ("[2026-11-20, 2026-11-20T09:30:00Z]", ["2026-11-20", "2026-11-20T09:30:00Z"]),
        ("['1', \"true\", 'null', \"\"]", ["1", "true", "null", ""]),
        ("a: |\n  one\n  two\nb: >\n  one\n  two\n", {"a": "one\ntwo\n", "b": "one two\n"}),
        ("{a: {b: [1, {c: d}]}}", {"a": {"b": [1, {"c": "d"}]}}),
        ("<<: 1\n=: 2", {"<<": 1, "=": 2}),
        ("\ufeffa: 1", {"a": 1}),
        ("%YAML 1.2\n---\na: 1\n...", {"a": 1}),
        ("on: x\nno: y", {"on": "x", "no": "y"}),
        ("a: ü😀", {"a": "ü😀"}),
    ],
)
def test_it_reads_yaml_1_2(text, value):
    found = parse_yaml(text.encode())
    assert found == value
    assert repr(found) == repr(value)


@each(
    "text, line, column, words",
    [
        ("a: [1", 2, 1, "isn't YAML"),
        ("a: 1\nb: 2\na: 3", 3, 1, 'The key "a" comes twice.'),
        ("a: &x 1", 1, 4, "Anchors"),
        ("a: *x", 1, 4, "Aliases"),
        ("a: !!python/object:os.system {}", 1, 4, "Tags"),
        ("a: !!str 1", 1, 4, "Tags"),
        ("%TAG ! tag:x,2000:\n---\na: 1", 1, 1, "Tags"),
        ("%YAML 1.1\n---\na: 1", 1, 1, "1.2"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("1: a", 1, 1, "isn't text"),
        ("true: a", 1, 1, "isn't text"),
        ("~: a", 1, 1, "isn't text"),
        ("? [a]\n: b", 1, 3, "must be text"),
        ("a: .nan", 1, 4, "finite"),
        ("a: -.inf", 1, 4, "finite"),
        ("a: 1e400", 1, 4, "too large"),
        ("a: " + "9" * 500, 1, 4, "too long"),
        ('a: "\\0"', 1, 4, "NUL"),
        ("a: \x07", 1, 4, "U+0007"),
        ("a: b: c", 1, 5, "isn't YAML"),
        ("a:\n\t- b", 2, 1, "isn't YAML"),
    ],
)
def test_mistakes_have_a_place(text, line, column, words):
    with pytest.raises(DocumentSyntaxError) as caught:
        parse_yaml(text.encode())
    assert (caught.value.line, caught.value.column) == (line, column)
    assert words in caught.value.message
    assert f"line {line}, column {column}" in str(caught.value)


@each("data", [b"a: \xff", "a: ü".encode("latin-1"), "a: 1".encode("utf-16"), b"a: \xed\xa0\x80"])
def test_only_utf_8(data):
    with pytest.raises(DocumentSyntaxError):
        parse_yaml(data)


def bomb(levels=30):
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        bomb(),
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "\n".join(" " * i + "a:" for i in range(2_000)),
        "x" * 10_485_761,
        "? " * 50_000,
        "[" + "[]," * 600_000 + "]",
    ],
    ids=["aliases", "flow lists", "flow objects", "block lists", "block objects", "size", "keys", "width"],
)
def test_hostile_text_is_refused_in_bounded_time(text):
    started = perf_counter()
    with pytest.raises(DocumentSyntaxError):
        parse_yaml(text.encode())
    assert perf_counter() - started < 20


def test_a_hundred_levels_are_read():
    value = parse_yaml(("[" * 100 + "]" * 100).encode())
    for _ in range(99):
        value = value[0]
    assert value == []
    with pytest.raises(DocumentSyntaxError):
        parse_yaml(("[" * 101 + "]" * 101).encode())


TRICKY = [
    *("yes", "no", "on", "off", "y", "n", "Y", "true", "False", "null", "~", "", " ", "NaN", ".inf", "-.INF"),
    *("1", "01", "0o17", "0x1F", "1_000", "1e3", "1e400", "+1", "-", "--", "---", "...", ".", "1.", ".5", "0b1"),
    *("2026-11-20", "2026-11-20T09:30:00Z", "12:30", "190:20:30", "=", "<<", "!x", "&x", "*x", "%x", "@x", "`x"),
    *("a: b", "a #b", "#a", "a:", ":a", "- a", "-a", "? a", "[a]", "{a}", "a, b", "'a'", '"a"', "|", ">", "a\\b"),
    *(
        " a",
        "a ",
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        "\na",
        " a\nb",
        "a \nb",
        "a\n b",
        "a\tb",
        "\ta",
        "a\r\nb",
        "a\rb",
        "\n",
    ),
    *(
        "ü",
        "😀",
        "\x85",
        "\u2028",
        "\u00a0",
        "\ufeff",
        "\x7f",
        "\x1b",
        "\x00"[:0],
        "a" * 300,
        "word " * 60,
        "null ",
        "e1",
    ),
]


@each("text", TRICKY)
def test_what_is_written_reads_the_same_for_everyone(text):
    for document in ({"a": text}, {text: 1}, [text, [text]], {"a": [{"b": text, "c": text}]}):
        written = to_yaml(document)
        assert parse_yaml(written.encode()) == document
        assert yaml.safe_load(written) == document


@each("number", [0, -1, 2**53 - 1, 1.5, 1e300, 1e-7, -2.5e-300, 1e16, 123456789.125])
def test_numbers_read_the_same_for_everyone(number):
    for reader in (yaml.safe_load, lambda text: parse_yaml(text.encode())):
        found = reader(to_yaml([number]))[0]
        assert (found, type(found)) == (number, type(number))


def test_it_is_written_for_people():
    shared = ["x"]
    assert to_yaml(
        {"zebra": shared, "apple": shared, "text": "First line\nSecond line\n", "none": None, "flag": True, "n": 1.5}
    ) == ('zebra:\n- x\napple:\n- x\ntext: |\n  First line\n  Second line\nnone: null\nflag: true\n"n": 1.5\n')
