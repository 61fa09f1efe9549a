"""`?search=`: every word of the text, each as the beginning of a word of the row; from an index."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet

_WORD = re.compile(r"[^\W_]+")
_MAX_WORDS = 20


def matching(queryset: QuerySet[Any], words: Any, text: str) -> QuerySet[Any]:
    """The rows whose `words` (a SearchVector or its column, config simple) begin with each word of `text`."""
    query = " & ".join(f"{word}:*" for word in _WORD.findall(text)[:_MAX_WORDS])
    if not query:
        return queryset.none()
    return queryset.alias(words_=words).filter(words_=SearchQuery(query, config="simple", search_type="raw"))
