"""A structure's tree as lines of HTML and as paths: plain values in, no database."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from bodies.models import Outline
from portal.tree import Node

FOLDED_FROM = 80  # bodies; a larger tree is folded
OPEN_LEVELS = 1  # levels of a folded tree that are open at first


def walk(nodes: list[Node[Outline]], above: tuple[Outline, ...] = ()) -> Iterator[tuple[Outline, ...]]:
    """Every row in order, as the path from its root down to itself."""
    stack = [(node, above) for node in reversed(nodes)]
    while stack:
        node, path = stack.pop()
        here = (*path, node.row)
        yield here
        stack += [(child, here) for child in reversed(node.children)]


def details(nodes: list[Node[Outline]], language: str, linked: set[str] | None = None) -> SafeString:
    """Names with links as nested lists; in a large tree what lies deeper is folded into `<details>`.

    A Python string and not a template: for 10,000 bodies a recursive template takes 30 to 40 times as long.
    """
    address = reverse("body", args=["CODE"])
    below = _("この下の %(count)s 件")
    folded = sum(1 for _path in walk(nodes)) > FOLDED_FROM
    out: list[str] = []
    stack: list[Node[Outline] | str] = ["</ul>", *reversed(nodes)]
    out.append('<ul class="tree">')
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        name = _name(item.row, language)
        code = item.row[2]
        if linked is None or code in linked:
            name = f'<a href="{address.replace("CODE", code)}">{name}</a>'
        if not item.children:
            out.append(f"<li>{name}</li>")
            continue
        if not folded:
            out.append(f"<li>{name}<ul>")
            stack += ["</ul></li>", *reversed(item.children)]
            continue
        opened = " open" if item.row[0] < OPEN_LEVELS else ""
        summary = below % {"count": len(item.children)}
        out.append(f"<li>{name}<details{opened}><summary>{summary}</summary><ul>")
        stack += ["</ul></details></li>", *reversed(item.children)]
    return mark_safe("".join(out))  # noqa: S308 - every name above went through escape()


def _name(row: Any, language: str) -> str:
    japanese, english = escape(row[3]), escape(row[4])
    if language == "ja":
        return japanese
    return english or f'<span lang="ja">{japanese}</span>'
