"""Indicators, the targets that documents set for them, and what has been observed since."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bodies.models import today
from plans.models.observation import Comparator, Observation, number_field
from plans.models.plan import Calendar, InPlanQuerySet, Plan, Section, SectionKind, fiscal_year_field, in_eras
from plans.notation import read_target
from plans.progress import Goal, Progress, progress
from portal.models import Cited, EnglishStanding, Source, code_field, english_standing_field, one_of


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def public(self) -> Self:
        """Indicators that a public target or a public observation uses."""
        used = [model.objects.public().order_by().values("indicator") for model in (Target, Observation)]
        return self.filter(models.Q(pk__in=used[0]) | models.Q(pk__in=used[1]))

    def citing(self, source: Source) -> Self:
        return self.filter(source=source)

    def in_words(self) -> Self:
        """With every target and every value, in a constant number of queries."""
        return self.select_related("source").prefetch_related(*of_indicator())


def of_indicator(path: str = "") -> list[models.Prefetch[Any, Any, Any]]:
    """What is set and what was published for indicators that are found by a path."""
    targets = Target.objects.public().select_related("plan", "source", "category__plan", "section__plan")
    return [
        models.Prefetch(f"{path}targets", targets),
        models.Prefetch(f"{path}observations", Observation.objects.public().in_words()),
    ]


def of_state() -> models.Prefetch[Any, Any, Any]:
    """What the state of a target follows from beside its own row: years, numbers and units, without a word."""
    numbers = ("indicator", "code", "from_fy", "to_fy", "calendar", "value", "comparator", "unit", "standing")
    rows = Observation.objects.public().in_words().filter(correction=None)
    return models.Prefetch("indicator__observations", rows.select_related(None).only(*numbers))


class Indicator(Cited):
    """指標: what is counted, whichever document sets a target for it or reports it."""

    code = code_field(_("指標を指す、変わらない符号。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    name = models.CharField(_("指標名"), max_length=200, help_text=_("指標の名。"))
    name_en = models.CharField(_("指標名（英語）"), max_length=200, blank=True, help_text=_("指標名の英語。"))
    name_en_standing = english_standing_field()
    definition = models.TextField(_("定義"), blank=True, help_text=_("何を数えるか（資料に書かれたとおり）。"))
    definition_en = models.TextField(_("定義（英語）"), blank=True, help_text=_("定義の英語。"))
    definition_en_standing = english_standing_field()
    caveat = models.TextField(_("留意点"), blank=True, help_text=_("値を読むときの留意点。"))
    caveat_en = models.TextField(_("留意点（英語）"), blank=True, help_text=_("留意点の英語。"))

    objects = IndicatorQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("指標")
        verbose_name_plural = pgettext_lazy("list", "指標")
        ordering = ["sort_order", "code"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("name_en_standing", EnglishStanding, blank=True),
            one_of("definition_en_standing", EnglishStanding, blank=True),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("indicator", args=[self.code])

    def says(self) -> tuple[str, str, str, str]:
        return self.name, self.name_en, self.definition, self.definition_en


class Reading(models.TextChoices):
    """What sort of aim a target's words state. Empty: its words were not read as one of these."""

    LEVEL = "level", _("水準")
    INCREASE = "increase", _("増加")
    OBSERVE = "observe", _("観測")
    MILESTONE = "milestone", _("期限のある取組")
    RATIO = "ratio", _("基準年との比")
    RANK = "rank", _("順位")
    CONTRIBUTE = "contribute", _("上位の目標への貢献")


class Per(models.TextChoices):
    """The span that a yearly value is for."""

    YEAR = "year", _("1年当たり")
    FISCAL_YEAR = "fiscal_year", _("1年度当たり")


UNSAID = "?"  # how a year is named where the document does not say which calendar it is of


# What the name, the address and the subject of a target need of it and of what it belongs to, and what its state does.
BRIEF = (
    *("code", "name", "name_en", "category", "plan__code", "plan__title", "plan__title_en"),
    *("section__evidence", "section__counterpart__number", "section__counterpart__plan__status"),
)
DECISIVE = (*Goal.__dataclass_fields__, "base_period", "plan__from_fy", "plan__to_fy", "indicator__code")


class TargetQuerySet(InPlanQuerySet):
    sections = ("section", "category")

    def about(self, section: Section) -> Self:
        """The targets of a section, and those of the sections of other plans that name it as their counterpart."""
        here = models.Q(section=section) | models.Q(category=section)
        return self.filter(here | models.Q(section__counterpart=section))

    def in_place(self) -> Self:
        """With what says where each stands: its section and what that corresponds to, its category, its source."""
        return self.select_related("plan", "section__counterpart__plan", "section__plan", "category__plan", "source")

    def in_brief(self) -> Self:
        """With their names, addresses and subjects, and no more: for lists of many; one query."""
        return self.select_related("plan", "section__counterpart__plan").only(*BRIEF)

    def in_numbers(self) -> Self:
        """With what their states follow from, without a word; two queries. See `plans.states`.

        Related rows come by joins: a prefetch of 1,000 of them by key is an expression that SQLite refuses.
        """
        return self.select_related("plan", "indicator").only(*DECISIVE).prefetch_related(of_state())

    def in_words(self) -> Self:
        """With all that a list or a page of targets shows of each, in a constant number of queries."""
        return self.in_place().select_related("indicator__source").prefetch_related(*of_indicator("indicator__"))


class Target(Cited):
    """目標: what a document sets for an indicator, in its own words and category, with what was read from the words."""

    needs: ClassVar[tuple[str, ...]] = ("plan",)
    reading_fields: ClassVar[tuple[str, ...]] = (
        "kind",
        "comparator",
        "value",
        "unit",
        "per",
        "from_fy",
        "to_fy",
        "target_fy",
        "deadline_fy",
        "cumulative",
        "cumulative_from",
        "cumulative_to",
        "calendar",
        "delta",
        "baseline",
        "baseline_fy",
        "baseline_derived",
        "base_period",
        "scope_count",
        "no_target_reason",
    )

    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        related_name="targets",
        verbose_name=_("計画"),
        help_text=_("どの計画の目標か（計画のコード）。"),
    )
    section = models.ForeignKey(
        Section,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name=_("項目"),
        help_text=_("目標が属する項目の番号。計画全体の目標なら空欄。"),
    )
    category = models.ForeignKey(
        Section,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="categorised",
        verbose_name=_("区分"),
        help_text=_("資料の中での目標の区分（種別が category の項目の番号）。資料に区分がなければ空欄。"),
    )
    indicator = models.ForeignKey(
        Indicator,
        models.PROTECT,
        related_name="targets",
        verbose_name=_("指標"),
        help_text=_("何についての目標か（指標のコード）。"),
    )
    code = code_field(_("目標を指す、変わらない符号。アドレスにも使う。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    name = models.CharField(_("資料での指標名"), max_length=200, help_text=_("この資料に書かれた指標の名。"))
    name_en = models.CharField(
        _("資料での指標名（英語）"), max_length=200, blank=True, help_text=_("資料での指標名の英語。")
    )
    name_en_standing = english_standing_field()
    text = models.TextField(_("目標の文言"), help_text=_("資料に書かれたとおりの文言。"))
    text_en = models.TextField(_("目標の文言（英語）"), blank=True, help_text=_("目標の文言の英語。"))
    text_en_standing = english_standing_field()

    kind = models.CharField(
        _("目標の型"), max_length=10, choices=Reading, blank=True, help_text=_("文言から読み取った型。未読なら空欄。")
    )
    comparator = models.CharField(
        _("比較"), max_length=2, choices=Comparator, blank=True, help_text=_("以上（>=）、以下（<=）などの別。")
    )
    value = number_field(_("目標値"), _("目標の数値。数値の目標でなければ空欄。"))
    unit = models.CharField(_("単位"), max_length=20, blank=True, help_text=_("件、%、社など。"))
    per = models.CharField(
        _("1年・1年度当たりの別"),
        max_length=11,
        choices=Per,
        blank=True,
        help_text=_("目標値が1年当たりの値なら、その別。"),
    )
    from_fy = fiscal_year_field(_("始まりの年度"), _("目標が及ぶ最初の年度（西暦）。"))
    to_fy = fiscal_year_field(_("終わりの年度"), _("目標が及ぶ最後の年度（西暦）。"))
    target_fy = fiscal_year_field(_("目標年度"), _("目標値に達すべき年度（西暦）。"))
    deadline_fy = fiscal_year_field(_("期限の年度"), _("取組の期限の年度（西暦）。"))
    cumulative = number_field(_("累計の目標値"), _("期間を通した合計の目標値。"))
    cumulative_from = fiscal_year_field(_("累計の始まり"), _("累計する最初の年度（西暦）。"))
    cumulative_to = fiscal_year_field(_("累計の終わり"), _("累計する最後の年度（西暦）。"))
    calendar = models.CharField(
        _("年の数え方"), max_length=2, choices=Calendar, blank=True, help_text=_("年度（FY）か暦年（CY）か。")
    )
    delta = number_field(_("増減"), _("目標値に添えられた、基準からの増減。"))
    baseline = number_field(_("基準値"), _("出発点の値。"))
    baseline_fy = fiscal_year_field(_("基準年度"), _("基準値の年度（西暦）。"))
    baseline_derived = models.BooleanField(
        _("算出した基準値"), default=False, help_text=_("基準値が資料に書かれておらず、計算で求めたなら true。")
    )
    base_period = models.CharField(
        _("比の基準"),
        max_length=20,
        blank=True,
        help_text=_("比の目標の基準となる年（例：FY2023）、または資料に書かれた語（現状など）。"),
    )
    scope_count = number_field(_("対象の数"), _("目標ではなく、対象の数として書かれた数値。"))
    no_target_reason = models.CharField(
        _("目標を置かない理由"), max_length=200, blank=True, help_text=_("数値目標を置かないとする資料の文言。")
    )
    next_due_on = models.DateField(
        _("次の公表予定日"), null=True, blank=True, help_text=_("次の実績の公表予定日が資料に示されていれば、その日。")
    )

    objects = TargetQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("目標")
        verbose_name_plural = pgettext_lazy("list", "目標")
        ordering = ["plan__sort_order", "sort_order", "code"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("name_en_standing", EnglishStanding, blank=True),
            one_of("text_en_standing", EnglishStanding, blank=True),
            one_of("kind", Reading, blank=True),
            one_of("comparator", Comparator, blank=True),
            one_of("per", Per, blank=True),
            in_eras("from_fy", "to_fy", "target_fy", "deadline_fy", "cumulative_from", "cumulative_to", "baseline_fy"),
            one_of("calendar", Calendar, blank=True),
            models.CheckConstraint(
                condition=models.Q(baseline_derived=False) | models.Q(baseline__isnull=False),
                name="plans_target_derived_baseline_has_value",
                violation_error_message=_("算出した基準値には、その値が必要です。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("target", args=[self.plan.code, self.code])

    def says(self) -> tuple[str, str, str, str]:
        return self.name, self.name_en, self.text, self.text_en

    def refuse_other_plans(self) -> None:
        """Section and category are of its own plan. The database cannot hold this rule (it joins)."""
        for field in ("section", "category"):
            section = getattr(self, field)
            if section is not None and section.plan != self.plan:
                raise ValidationError({field: _("目標と同じ計画の項目でなければなりません。")})

    def clean(self) -> None:
        self.refuse_other_plans()
        if self.category is not None and self.category.kind != SectionKind.CATEGORY:
            raise ValidationError({"category": _("目標の区分を表す項目（種別が category）ではありません。")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.refuse_other_plans()
        super().save(*args, **kwargs)

    @property
    def subject(self) -> Section | None:
        """The section that it is about, in the plan that holds the projects where another document names the same."""
        return (self.section.public_counterpart or self.section) if self.section is not None else None

    @property
    def recorded(self) -> list[tuple[str, Any, bool]]:
        """What is recorded as its reading: field name, value, and whether the words state it (by `plans.notation`)."""
        words = read_target(self.text)
        stated = {name: getattr(words, name, None) for name in self.reading_fields}
        held = [(name, getattr(self, name)) for name in self.reading_fields]
        said = [(name, value) for name, value in held if value is not False and value not in (None, "", "=")]
        return [(name, value, stated[name] == value) for name, value in said]

    @property
    def goal(self) -> Goal:
        """What progress is measured against: the reading, and the plan's years where it leaves them open.

        A yearly value holds for all of them; one by a year, from the first. A total without years keeps none.
        """
        taken = {name: getattr(self, name) for name in Goal.__dataclass_fields__}
        begins = (self.from_fy, self.cumulative_from, self.baseline_fy)
        if not any(begins) and (self.per or self.target_fy or self.deadline_fy):
            taken["from_fy"] = self.plan.from_fy
        if self.per and not any((self.to_fy, self.target_fy, self.deadline_fy, self.cumulative_to)):
            taken["to_fy"] = self.plan.to_fy
        if self.baseline_fy is None and (named := re.fullmatch(r"[FC]Y([0-9]{4})", self.base_period)):
            taken["baseline_fy"] = int(named[1])
        return Goal(**taken)

    @property
    def years(self) -> str:
        """How its years are named: as fiscal or calendar ones, or as neither where the document does not say."""
        return self.calendar or (UNSAID if self.per or self.kind == Reading.OBSERVE else Calendar.FISCAL)

    @property
    def others(self) -> list[Target]:
        """What other documents, or the same one elsewhere, set for the same indicator."""
        return [each for each in self.indicator.targets.all() if each.pk != self.pk]

    @property
    def observations(self) -> list[Observation]:
        """What has been published of its indicator, without what a correction replaced. See `in_words`."""
        return [each for each in self.indicator.observations.all() if not each.is_replaced]

    @cached_property
    def progress(self) -> Progress:
        """How far it has come today, by this site's own arithmetic."""
        return progress(self.goal, [each.result for each in self.observations], today())
