"""Which files tickets take, told by name and by content, and what they are served as.

Nothing here is served as something that a browser would run: what is not on the short list of `SERVED` goes out as
bytes, and every file as a download.
"""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 150
BYTES = "application/octet-stream"
# What a browser may be told.
SERVED = {
    "csv": "text/csv; charset=utf-8",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
    "webp": "image/webp",
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Ending → how such a file begins; () where anything does. What may hold macros (doc, xls, docm, xlsm) is not here.
TAKEN: dict[str, tuple[bytes, ...]] = {
    **dict.fromkeys(("csv", "eml", "ics", "json", "log", "md", "txt", "vcf", "xml", "yaml", "yml"), ()),
    **dict.fromkeys(("docx", "odp", "ods", "odt", "pptx", "xlsx", "zip"), _ZIP),
    "gif": (b"GIF87a", b"GIF89a"),
    "heic": (),
    "jpeg": (b"\xff\xd8\xff",),
    "jpg": (b"\xff\xd8\xff",),
    "m4a": (),
    "mp3": (),
    "mp4": (),
    "msg": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "rtf": (b"{\\rtf",),
    "wav": (b"RIFF",),
    "webp": (b"RIFF",),
}
# What a machine runs: programs of Windows, Linux and macOS, Java and Dalvik classes, WebAssembly, shortcuts, scripts.
_PROGRAMS = (
    *(b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),
    *(b"\xca\xfe\xba\xbe", b"dex\n", b"\0asm", b"L\0\0\0\x01\x14\x02\0", b"#!", b"<?php", b"<%"),
)
# What browsers that guess look for at the beginning, and pictures with scripts.
_MARKUP = re.compile(
    r"<(?:!doctype\s+html|!--|(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|svg)[\s/>])", re.I
)
_XML_PROLOGUE = re.compile(r"(?:<\?xml[^>]*\?>|<!--.*?-->|<!doctype\s+svg[^>]*>|\s)*", re.I | re.S)
_ACTIVE_XML = re.compile(r"<(?:[a-z0-9]+:)?(?:html|svg|script)[\s/>]|http://www\.w3\.org/(?:1999/xhtml|2000/svg)", re.I)
_SNIFFED = 4_096
# Windows takes these for something else than part of a name.
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')


def clean_name(name: str) -> str:
    """A file's name as people may see it: its last part, without what is invisible, turns text around or means
    something to a file system; at most 150 characters, its ending kept. "" when nothing is left."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(char for char in last if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    plain = _NOT_IN_NAMES.sub("_", " ".join(visible.split())).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    if len(plain) <= MAX_NAME or not dot:
        return plain[:MAX_NAME]
    return f"{stem[: max(1, MAX_NAME - len(ending) - 1)].rstrip('. ')}.{ending}"[:MAX_NAME]


def ending_of(name: str) -> str:
    """What follows the last dot, in lower case; "" without one."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def served_as(name: str) -> str:
    """The media type that a browser is told."""
    return SERVED.get(ending_of(name), BYTES)


def refusal(name: str, content: bytes) -> str | None:
    """Why a file of this (clean) name and content is not taken, in a sentence; None when it is."""
    ending = ending_of(name)
    begins = TAKEN.get(ending)
    if begins is None:
        return f"Files of this kind are not taken; these are: {', '.join(sorted(TAKEN))}."
    if not content:
        return "The file is empty."
    if content.startswith(_PROGRAMS) or (content.startswith(b"MZ") and b"\0" in content[:64]):
        return "Programs and scripts are not taken."
    if begins and not content.startswith(begins):
        return f"This is no {ending} file: its content is something else."
    if not begins and _runs_in_browsers(content):
        return "Web pages are not taken."
    return None


def _runs_in_browsers(content: bytes) -> bool:
    """Whether a browser that guesses would show this as a page, or as a picture with scripts."""
    text = _text(content[:_SNIFFED])
    start = text.lstrip("\ufeff \t\r\n\f\0")
    if _MARKUP.match(start):
        return True
    rest = start[_XML_PROLOGUE.match(start).end() :]  # type: ignore[union-attr]
    return start.startswith("<") and bool(_ACTIVE_XML.match(rest) or _ACTIVE_XML.search(rest[: rest.find(">") + 1]))


def _text(head: bytes) -> str:
    """The beginning as text; every byte is some character."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    # UTF-16 without its mark has a NUL beside each plain letter.
    return head.decode("latin-1").replace("\xef\xbb\xbf", "").replace("\0", "")
