"""JSON from outside: what is taken, and with which reason all else is refused."""

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.json_input import MAX_DEPTH, BadJSON, loads


def refusal(raw):
    with pytest.raises(BadJSON) as caught:
        loads(raw)
    assert str(caught.value) == caught.value.detail
    return caught.value.code


@pytest.mark.parametrize(
    "raw, value",
    [
        (b"null", None),
        (b" true\n", True),
        (b'"\\u00fc\\ud83d\\ude00/\\/"', "ü😀//"),
        ('"ü😀\u2028"'.encode(), "ü😀\u2028"),
        (b"[]", []),
        (b'{"b":1,"a":{}}', {"b": 1, "a": {}}),
        (b"-0", 0),
        (b"1.5e3", 1500.0),
        (b"1e-400", 0.0),
        (b"9007199254740991", 2**53 - 1),
        (b"-9007199254740991", -(2**53) + 1),
    ],
)
def test_taken(raw, value):
    assert loads(raw) == value


def test_key_order_is_kept():
    assert list(loads(b'{"z":1,"a":2,"m":3}')) == ["z", "a", "m"]


@pytest.mark.parametrize("digits", ["9007199254740992", "-9007199254740993", "1" + "0" * 300])
def test_integers_that_not_every_reader_has_are_doubles(digits):
    value = loads(digits.encode())
    assert isinstance(value, float)
    assert value == float(digits)


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"{", b"[1,]", b'{"a":1,}', b"{'a':1}", b"01", b"+1", b".5", b"1.", b"0x1", b"True", b"nul", b"[1 2]"]
    + [b'{"a" 1}', b"{1:2}", b'"a\nb"', b'"\x00"', b'"\\x"', b'"\\u12"', b"1 2", b"[]]", b"// c\n1", b"\xef\xbb\xbf{}"]
    + [b'"', b"]" * 500, b"-", b"undefined", b'{"a":}'],
)
def test_broken(raw):
    assert refusal(raw) == "parse_error"


def test_where_it_is_broken():
    with pytest.raises(BadJSON, match=r"line 2, column 6"):
        loads(b'{\n"a": ?}')


@pytest.mark.parametrize(
    "raw", [b"NaN", b"[-Infinity]", b'{"a":Infinity}', b"1e400", b"-1e999", b"9" * 309, b"9" * 5000]
)
def test_numbers_that_are_none(raw):
    assert refusal(raw) == "number"


@pytest.mark.parametrize(
    "raw, key",
    [
        (b'{"a":1,"a":1}', "a"),
        (b'{"x":[{"b":1,"c":2,"b":3}]}', "b"),
        (b'{"a":1,"\\u0061":2}', "a"),
        (b'{"":1,"":2}', ""),
    ],
)
def test_a_key_twice(raw, key):
    with pytest.raises(BadJSON, match=f'"{key}" stands twice') as caught:
        loads(raw)
    assert caught.value.code == "duplicate_key"


@pytest.mark.parametrize("raw", [b'"\\u0000"', b'["a",{"b\\u0000":1}]', b'{"a":["x\\u0000y"]}'])
def test_nul(raw):
    assert refusal(raw) == "nul"


@pytest.mark.parametrize("raw", [b'"\\ud800"', b'{"\\udfff":1}', b'["\\ude00\\ud83d"]', b'"\\ud83dx"'])
def test_half_a_surrogate_pair(raw):
    assert refusal(raw) == "surrogate"


@pytest.mark.parametrize(
    "raw", [b'"\xff"', '"ü"'.encode("latin-1"), '{"a":1}'.encode("utf-16"), b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf5"']
)
def test_not_utf_8(raw):
    assert refusal(raw) == "encoding"


class TestDepth:
    @pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}")])
    def test_the_limit(self, opening, closing):
        inner = b"1" if opening != b"[" else b""
        loads(opening * MAX_DEPTH + inner + closing * MAX_DEPTH)
        assert refusal(opening * (MAX_DEPTH + 1) + inner + closing * (MAX_DEPTH + 1)) == "too_deep"

    def test_width_is_not_depth(self):
        assert len(loads(b"[" + b",".join([b"[[{}]]"] * 5000) + b"]")) == 5000

    def test_brackets_in_text_do_not_count(self):
        text = '[{"\\' * 500
        assert loads(json.dumps([text, {text: text}]).encode()) == [text, {text: text}]

    @pytest.mark.parametrize("raw", [b"[" * 1_000_000, b'{"a":' * 200_000, b"[" * 101 + b'"' * 100_000])
    def test_far_beyond(self, raw):
        assert refusal(raw) == "too_deep"

    @pytest.mark.parametrize(
        "tail", [b'"' + b'\\"' * 1_000_000, b'"' * 1_000_001, b'"\\', b'"' + b"\\" * 1_000_001, b'"x' * 500_001]
    )
    def test_unfinished_text_takes_no_longer_than_other(self, tail):
        started = time.process_time()
        assert refusal(b"[]" * 101 + tail) == "parse_error"
        assert time.process_time() - started < 5


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=1)), inner),
    max_leaves=20,
)


@given(json_values, st.booleans())
def test_what_others_write_is_read_the_same(value, ascii_only):
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert loads(raw) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw):
    try:
        value = loads(raw)
    except BadJSON:
        return
    assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("text", ['\\"', "\\\\", "[" * 200, "]" * 200, '\\\\\\"[[[', "{}[]"])
def test_brackets_in_text_are_no_levels(text):
    raw = b'[{"a": "' + text.encode() + b'", "b": "' + b"{" * 200 + b'"}]'
    assert loads(raw) == json.loads(raw)


@pytest.mark.parametrize("before", [b'"[[["', b'"\\""', b'"\\\\"', b'"\\\\\\"]"', b'"]]]]"'])
@pytest.mark.parametrize("depth", [99, 100])
def test_levels_beside_text_count(before, depth):
    raw = b"[" + before + b"," + b"[" * depth + b"]" * depth + b"]"
    if depth == 99:
        assert loads(raw) == json.loads(raw)
    else:
        with pytest.raises(BadJSON) as error:
            loads(raw)
        assert error.value.code == "too_deep"
