"""What becomes of a name in the chart: the lines that it is broken into, and how small the figure is printed then."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from bodies.chart.figure import compose
from bodies.chart.layout import LATIN_NAME, NAME, NARROW
from bodies.chart.text import width, wrap
from bodies.charts import SHOWN, Detail, of_structure, upper
from bodies.models import BREAK, Placement
from bodies.outline import FOLDED_FROM

# The smallest print of a figure that fits its sheet, in points, and that sheet: see `bodies.chart.model`.
SHEETS = {Detail.FULL: (7.0, "A3"), Detail.COMPACT: (6.0, "A4")}


@dataclass(frozen=True)
class Broken:
    """A name in the chart: its lines, and what an editor should know of them."""

    lines: list[str]
    remarks: list[str]


def broken(place: Placement, language: str) -> Broken:
    """The Japanese or the English name (`ja`, `en`) of a place as it stands in memory, saved or not."""
    name, hint = (place.name, place.name_breaks) if language == "ja" else (place.name_en, place.name_breaks_en)
    if not name:
        return Broken([], [])
    size = NAME if language == "ja" else LATIN_NAME
    remarks = []
    text = name
    if hint:
        if hint.replace(BREAK, "") != name:
            remarks.append(_("「｜」を除くと、名称と同じではありません。"))
        elif not all(part.strip() for part in hint.split(BREAK)):
            remarks.append(_("「｜」の前か後に、文字がありません。"))
        else:
            text = hint.replace(BREAK, "\n")
            remarks += [
                _("「%(part)s」は長いので、枠の幅によってはさらに改行されます。") % {"part": part}
                for part in text.split("\n")
                if width(part.strip(), size, bold=True) > NARROW
            ]
    lines = list(wrap(text, size, NARROW, bold=True, balanced=True))
    return Broken(lines, remarks if remarks else _too_small(place, language))


def _too_small(place: Placement, language: str) -> list[str]:
    """The figures of the structure that this place stands in, where something is printed too small."""
    found = []
    shown_in = get_language()
    with override(language):
        sizes = printed(place)
    with override(shown_in):
        for detail, points in sizes.items():
            asked, sheet = SHEETS[detail]
            if round(points, 1) < asked:
                found.append(
                    _(
                        "この体制の図は、%(sheet)sに印刷すると最も小さい文字が %(points)s ポイントになります"
                        "（%(asked)s ポイント以上が読みやすさの目安）。名称の改行を増やすか減らすと変わります。"
                    )
                    % {"sheet": sheet, "points": number_format(round(points, 1)), "asked": number_format(asked, 0)}
                )
    return found


def printed(place: Placement) -> dict[Detail, float]:
    """How large the smallest text of each figure with this place is printed, in points, in the active language."""
    structure = place.structure
    rows = Placement.objects.filter(structure=structure)
    count = rows.count()
    if count > FOLDED_FROM:
        shown = list(upper(structure).select_related("body")[:SHOWN])
    else:
        shown = list(rows.order_by("lft").in_full())
    sizes = {}
    for row in shown:
        if row.pk == place.pk:
            for name in ("name", "name_en", "short_name", "short_name_en", "name_breaks", "name_breaks_en"):
                setattr(row, name, getattr(place, name))
            break
    else:
        return {}
    for detail, (points, _sheet) in SHEETS.items():
        chart = of_structure(structure, detail, count, shown, is_in_force=False)
        figure = compose(chart)
        sizes[detail] = points * min(1, chart.sheet[0] / figure.width, chart.sheet[1] / figure.height)
    return sizes
