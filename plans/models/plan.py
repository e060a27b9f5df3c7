"""Plans and their outline."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bodies.models import Body, Status, today
from portal.models import Cited, EnglishStanding, Source, code_field, english_standing_field, one_of
from portal.tree import OrderedTree, OrderedTreeManager, OrderedTreeQuerySet

number_validator = RegexValidator(
    r"^[a-z0-9]+([.-][a-z0-9]+)*$",
    _("半角の英小文字と数字を「.」か「-」でつないで入力してください（例：1.3.4、situation）。"),
)


YEARS = [MinValueValidator(1868), MaxValueValidator(2200)]  # from the first year of Meiji on: eras have names


def in_eras(*fields: str) -> models.CheckConstraint:
    """Years that are years, whoever writes them: a slip of the keys would draw millions of them."""
    condition = models.Q()
    for field in fields:
        condition &= models.Q(**{f"{field}__isnull": True}) | models.Q(**{f"{field}__range": (1868, 2200)})
    return models.CheckConstraint(
        condition=condition,
        name="%(app_label)s_%(class)s_years",
        violation_error_message=_("年は、1868 から 2200 までの西暦で入力してください。"),
    )


class Calendar(models.TextChoices):
    """Whether years begin in April or in January."""

    FISCAL = "FY", _("年度")
    CALENDAR = "CY", _("暦年")


def fiscal_year_field(label: Any, help_text: Any) -> models.PositiveIntegerField[int | None, int | None]:
    """A fiscal year, named by the year in which it starts; where the calendar is CY, a calendar year."""
    return models.PositiveIntegerField(label, null=True, blank=True, validators=YEARS, help_text=help_text)


class PlanKind(models.TextChoices):
    """What sort of document sets the aims."""

    STRATEGY = "strategy", _("戦略")
    PLAN = "plan", _("計画")
    POLICY_TARGETS = "policy_targets", _("政策目標")


class PlanQuerySet(models.QuerySet["Plan"]):
    def public(self) -> Self:
        """What readers may see. The visibility rule of plans, sections, targets, observations and projects."""
        return self.filter(status=Status.PUBLISHED)

    def current(self, on: datetime.date | None = None) -> Plan | None:
        """The plan whose period has begun last by that day (today unless told). A fiscal year begins in April."""
        day = on or today()
        year = day.year if day.month >= 4 else day.year - 1
        begun = self.public().filter(kind=PlanKind.PLAN, from_fy__lte=year)
        return begun.select_related("source").order_by("-from_fy", "sort_order").first()

    def citing(self, source: Source) -> Self:
        return self.filter(source=source)


class Plan(Cited):
    """戦略・計画: a document that says what is to be reached in a period, and who decided it."""

    code = code_field(_("計画を指す、変わらない符号。アドレスにも使う。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    status = models.CharField(
        _("状態"),
        max_length=10,
        choices=Status,
        default=Status.DRAFT,
        help_text=_("下書き（draft）、公開（published）、取下げ（withdrawn）のいずれか。"),
    )
    kind = models.CharField(_("種別"), max_length=16, choices=PlanKind, help_text=_("戦略、計画、政策目標の別。"))
    title = models.CharField(_("題名"), max_length=200, help_text=_("計画の題名。"))
    title_en = models.CharField(_("題名（英語）"), max_length=200, blank=True, help_text=_("題名の英語。"))
    title_en_standing = english_standing_field()
    period = models.CharField(
        _("対象期間（文言）"), max_length=60, blank=True, help_text=_("資料に書かれた対象期間の文言。")
    )
    from_fy = fiscal_year_field(_("始まりの年度"), _("対象期間の最初の年度（西暦）。"))
    to_fy = fiscal_year_field(_("終わりの年度"), _("対象期間の最後の年度（西暦）。"))
    decided_on = models.DateField(_("決定日"), null=True, blank=True, help_text=_("決定された日。わからなければ空欄。"))
    decided_by = models.CharField(
        _("決定の形式"), max_length=200, blank=True, help_text=_("閣議決定、健康・医療戦略推進本部決定など。")
    )
    decided_by_en = models.CharField(
        _("決定の形式（英語）"), max_length=200, blank=True, help_text=_("決定の形式の英語。")
    )
    responsible = models.ForeignKey(
        Body,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="plans",
        verbose_name=_("作成・推進する機関"),
        help_text=_("この計画を作成し、推進する機関のコード。"),
    )
    basis = models.CharField(
        _("根拠（法令・決定）"), max_length=200, blank=True, help_text=_("計画の根拠となる法令または決定。")
    )
    basis_en = models.CharField(_("根拠（英語）"), max_length=200, blank=True, help_text=_("根拠の英語。"))
    purpose = models.TextField(_("目的"), blank=True, help_text=_("何のための計画か（資料に書かれたとおり）。"))
    purpose_en = models.TextField(_("目的（英語）"), blank=True, help_text=_("目的の英語。"))
    purpose_en_standing = english_standing_field()
    follows = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="followers",
        verbose_name=_("即する戦略"),
        help_text=_("この計画が即している戦略のコード。"),
    )

    objects = PlanQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("計画")
        verbose_name_plural = pgettext_lazy("list", "計画")
        ordering = ["sort_order", "code"]
        permissions = [("publish_plan", _("計画を公開し、取り下げられる"))]
        constraints = [
            *Cited.Meta.constraints,
            one_of("status", Status),
            in_eras("from_fy", "to_fy"),
            one_of("kind", PlanKind),
            one_of("title_en_standing", EnglishStanding, blank=True),
            one_of("purpose_en_standing", EnglishStanding, blank=True),
            models.CheckConstraint(
                condition=models.Q(from_fy__isnull=True)
                | models.Q(to_fy__isnull=True)
                | models.Q(from_fy__lte=models.F("to_fy")),
                name="plans_plan_period_in_order",
                violation_error_message=_("始まりの年度は、終わりの年度より後にはできません。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(follows=models.F("id")),
                name="plans_plan_follows_another",
                violation_error_message=_("計画は、自分自身に即することはできません。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("plan", args=[self.code])

    def says(self) -> tuple[str, str, str, str]:
        return self.title, self.title_en, self.purpose, self.purpose_en

    @property
    def is_public(self) -> bool:
        """The same rule as `PlanQuerySet.public`, for a plan at hand."""
        return self.status == Status.PUBLISHED


class InPlanQuerySet(models.QuerySet[Any]):
    """Rows that belong to a plan and are as visible as it is."""

    sections: ClassVar[tuple[str, ...]] = ()  # those that a row names; what bulk methods wrote may be of another plan

    def public(self) -> Self:
        plans = Plan.objects.public()
        rows = self.filter(plan__in=plans)
        for name in self.sections:
            rows = rows.filter(models.Q(**{name: None}) | models.Q(**{f"{name}__plan__in": plans}))
        return rows

    def citing(self, source: Source) -> Self:
        """What is read from a source, with what its words and its address need."""
        return self.filter(source=source).select_related(*self.model.needs)


class SectionKind(models.TextChoices):
    """What a part of a plan's outline is."""

    HEADING = "heading", _("見出し")
    SITUATION = "situation", _("現状認識")
    ISSUE = "issue", _("課題")
    ACTION = "action", _("求められる取組")
    GOAL = "goal", _("目的")
    POLICY = "policy", _("基本方針")
    MEASURE = "measure", _("施策")
    PROJECT = "project", pgettext_lazy("section", "統合プロジェクト")
    CATEGORY = "category", _("目標の区分")
    STAGE = "stage", _("研究開発の段階")
    ACTOR = "actor", _("担い手")
    PROGRAMME = "programme", _("事業")
    FIELD = "field", _("対象の分野")


class SectionQuerySet(OrderedTreeQuerySet, InPlanQuerySet):
    pass


class SectionManager(OrderedTreeManager.from_queryset(SectionQuerySet)):  # type: ignore[misc]  # mptt has no types
    pass


class Section(OrderedTree, Cited):
    """項目: a part of a plan's outline: a heading, a bullet, a measure, a category of targets."""

    tree_owner: ClassVar[str] = "plan"
    needs: ClassVar[tuple[str, ...]] = ("plan",)

    plan = models.ForeignKey(
        Plan,
        models.CASCADE,
        related_name="sections",
        verbose_name=_("計画"),
        help_text=_("どの計画の項目か（計画のコード）。"),
    )
    number = models.CharField(
        _("番号"),
        max_length=40,
        validators=[number_validator],
        help_text=_("計画の中で項目を指す、変わらない番号（例：1.3.4、situation）。アドレスにも使う。"),
    )
    kind = models.CharField(_("種別"), max_length=12, choices=SectionKind, help_text=_("項目の種別。"))
    mark = models.CharField(
        _("記号"), max_length=10, blank=True, help_text=_("資料に印刷された番号や記号（(3)、④など）。")
    )
    heading = models.CharField(_("見出し"), max_length=200, help_text=_("項目の見出しまたは文言。"))
    heading_en = models.CharField(_("見出し（英語）"), max_length=300, blank=True, help_text=_("見出しの英語。"))
    heading_en_standing = english_standing_field()
    text = models.TextField(_("本文"), blank=True, help_text=_("見出しに続く文言（資料に書かれたとおり）。"))
    text_en = models.TextField(_("本文（英語）"), blank=True, help_text=_("本文の英語。"))
    text_en_standing = english_standing_field()
    counterpart = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="counterparts",
        verbose_name=_("対応する項目"),
        help_text=_("別の計画で同じ主題を扱う項目。対応の根拠は備考に書く。"),
    )

    objects = SectionManager()

    class Meta(Cited.Meta):
        base_manager_name = "objects"  # what reverse relations write through; see OrderedTree
        verbose_name = _("項目")
        verbose_name_plural = pgettext_lazy("list", "項目")
        ordering = ["tree_id", "lft"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("kind", SectionKind),
            one_of("heading_en_standing", EnglishStanding, blank=True),
            one_of("text_en_standing", EnglishStanding, blank=True),
            models.UniqueConstraint(
                fields=["plan", "number"],
                name="plans_section_number_once_per_plan",
                violation_error_message=_("この計画には、同じ番号の項目がすでにあります。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")),
                name="plans_section_not_its_own_parent",
                violation_error_message=_("自分自身を上位にすることはできません。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(counterpart=models.F("id")),
                name="plans_section_counterpart_is_another",
                violation_error_message=_("自分自身を対応する項目にすることはできません。"),
            ),
        ]

    def __str__(self) -> str:
        return self.heading

    def get_absolute_url(self) -> str:
        return reverse("section", args=[self.plan.code, self.number])

    def says(self) -> tuple[str, str, str, str]:
        return self.heading, self.heading_en, self.text, self.text_en

    @property
    def public_counterpart(self) -> Section | None:
        """Its counterpart, where readers may see that plan."""
        return self.counterpart if self.counterpart is not None and self.counterpart.plan.is_public else None
