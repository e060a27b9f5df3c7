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

FOLDED_FROM = 80  # bodies; what is larger is folded


def walk(nodes: list[Node[Outline]], above: tuple[Outline, ...] = ()) -> Iterator[tuple[Outline, ...]]:
    """Every row in order, as the path from its root down to itself."""
    stack = [(node, above) for node in reversed(nodes)]
    while stack:
        node, path = stack.pop()
        here = (*path, node.row)
        yield here
        stack += [(child, here) for child in reversed(node.children)]


def top(nodes: list[Node[Outline]], count: int) -> list[Node[Outline]]:
    """The upper part of a forest: its rows level by level, whole levels or their beginning, `count` in all."""
    pruned: list[Node[Outline]] = []
    level = [(node, pruned) for node in nodes]
    while level and count > 0:
        below = []
        for node, siblings in level[:count]:
            copy = Node[Outline](node.row, [])
            siblings.append(copy)
            below += [(child, copy.children) for child in node.children]
        count -= len(level)
        level = below
    return pruned


def names(
    nodes: list[Node[Outline]], language: str, *, folded: bool = False, linked: set[str] | None = None
) -> SafeString:
    """Names with links as nested lists; `folded`: what stands under a body is in a closed `<details>`.

    `linked` holds the codes of the bodies that have a page; None: all have. A Python string and not a template: for
    10,000 bodies a recursive template takes 30 to 40 times as long.
    """
    address = reverse("body", args=["CODE"])
    opening, closing = ("<details><summary>%s</summary><ul>", "</ul></details>") if folded else ("<ul>", "</ul>")
    out = ['<ul class="tree">']
    stack: list[Node[Outline] | str] = ["</ul>", *reversed(nodes)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        name, code = _name(item.row, language), item.row[2]
        if linked is None or code in linked:
            name = f'<a href="{address.replace("CODE", code)}">{name}</a>'
        if item.children:
            out.append(f"<li>{name}{opening % below(item) if folded else opening}")
            stack += [f"{closing}</li>", *reversed(item.children)]
        else:
            out.append(f"<li>{name}</li>")
    return mark_safe("".join(out))  # noqa: S308 - every name above went through escape()


def below(node: Node[Outline]) -> str:
    """What a closed `<details>` says of its content."""
    return _("この下の %(count)s 件") % {"count": len(node.children)}


def _name(row: Any, language: str) -> str:
    japanese, english = escape(row[3]), escape(row[4])
    if language == "ja":
        return f"{japanese}（{escape(row[5])}）" if is_acronym(row[5]) else japanese
    if not english:
        return f'<span lang="ja">{japanese}</span>'
    return f"{english} ({escape(row[6])})" if is_acronym(row[6]) else english


def is_acronym(short: str) -> bool:
    """AMED, MEXT: a name of its own, by which the body is better known."""
    return short.isascii() and short.isupper()
