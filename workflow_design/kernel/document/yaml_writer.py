"""JSON values as YAML that readers of version 1.1 and 1.2 take for the same."""

from __future__ import annotations

import re
from typing import Any

import yaml

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# Words only: whatever could be a number, a date, an indicator or a special value somewhere is quoted.
_WORDS = re.compile(r"[A-Za-z_/][A-Za-z0-9_./()%-]*(?: [A-Za-z0-9_./()%&-]+)*", re.ASCII)
_SPECIAL = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
_BLOCK = re.compile(r"[^\n \t\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff][^\t\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]*")


class _Dumper(_DUMPER):  # type: ignore[misc, valid-type]
    """Block style, keys in their order, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    if _WORDS.fullmatch(value) and value.lower() not in _SPECIAL:
        style = None
    elif "\n" in value and _BLOCK.fullmatch(value) and " \n" not in value and not value.endswith(" "):
        style = "|"
    else:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(document: Any) -> str:
    """`document` as YAML text: `parse_yaml` gives it back, and so does a YAML 1.1 reader."""
    text: str = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )
    return text
