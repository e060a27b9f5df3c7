"""Who carries a plan out: the integrated projects, their programmes and money, and what they grew from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext_lazy

from bodies.models import Body
from plans.models import YEARS, InPlanQuerySet, Plan, Section, in_eras
from portal.models import Cited, EnglishStanding, Evidence, Reading, Source, code_field, english_standing_field, one_of


class ProjectQuerySet(InPlanQuerySet):
    sections = ("section",)

    def citing(self, source: Source) -> Self:
        cited = models.Q(source=source) | models.Q(summary_source=source) | models.Q(marking_source=source)
        return self.filter(cited).select_related(*self.model.needs)

    def of_ministries(self, bodies: Any) -> Self:
        """Projects that one of the bodies leads, is named for or has money for; see `projects.sight`."""
        named = Project.ministries.through.objects.filter(body__in=bodies)
        budgets = Budget.objects.filter(ministry__in=bodies)
        part_of = Programme.projects.through.objects
        paid = part_of.filter(programme__ministry__in=bodies)
        shared = part_of.filter(
            programme__budgets__in=budgets.filter(project=None), project__plan=F("programme__budgets__plan")
        )
        tied = models.Q(lead__in=bodies)
        for rows in (named, budgets, paid, shared):
            tied |= models.Q(pk__in=rows.values("project"))
        return self.filter(tied)

    def in_words(self) -> Self:
        """With all that a list or a page shows of each, in a constant number of queries."""
        related = ("plan", "section__plan", "source", "summary_source", "marking_source")
        came = models.Prefetch("came_from", Succession.objects.public().in_words())
        return self.select_related(*related).prefetch_related("ministries", came)


class Project(Cited):
    """統合プロジェクト: a part of a plan that runs the programmes of several ministries as one."""

    needs: ClassVar[tuple[str, ...]] = ("plan",)

    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        related_name="projects",
        verbose_name=_("計画"),
        help_text=_("どの計画のプロジェクトか（計画のコード）。"),
    )
    code = code_field(_("プロジェクトを指す、変わらない符号。アドレスにも使う。"), unique=True)
    number = models.PositiveIntegerField(_("番号"), help_text=_("計画の中での番号。"))
    name = models.CharField(_("名称"), max_length=200, help_text=_("プロジェクトの名称。"))
    name_en = models.CharField(_("名称（英語）"), max_length=200, blank=True, help_text=_("名称の英語。"))
    name_en_standing = english_standing_field()
    short_name = models.CharField(_("略称"), max_length=60, blank=True, help_text=_("資料で使われている略称。"))
    short_name_en = models.CharField(_("略称（英語）"), max_length=60, blank=True, help_text=_("英語の略称。"))
    section = models.ForeignKey(
        Section,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
        verbose_name=_("項目"),
        help_text=_("計画の中でこのプロジェクトを述べる項目の番号。"),
    )
    council = models.ForeignKey(
        Body,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="projects",
        verbose_name=_("協議会"),
        help_text=_("このプロジェクトに対応する協議会のコード。"),
    )
    council_evidence = models.CharField(
        _("協議会との対応の根拠"),
        max_length=10,
        choices=Evidence,
        blank=True,
        help_text=_("協議会との対応が、資料に書かれたとおりか、推定か。"),
    )
    council_remark = models.CharField(
        _("協議会との対応の備考"), max_length=300, blank=True, help_text=_("対応を推定した理由など。")
    )
    council_remark_en = models.CharField(
        _("協議会との対応の備考（英語）"), max_length=300, blank=True, help_text=_("協議会との対応の備考の英語。")
    )
    marking = models.CharField(
        _("担当府省の記載"), max_length=100, blank=True, help_text=_("資料に書かれた担当府省の記号（例：健、◎経）。")
    )
    lead = models.ForeignKey(
        Body,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="leading",
        verbose_name=_("主担当"),
        help_text=_("資料に主担当（◎）と示された機関のコード。"),
    )
    ministries = models.ManyToManyField(
        Body,
        blank=True,
        related_name="sharing",
        verbose_name=_("担当府省"),
        help_text=_("資料に担当と示された機関のコード（主担当を含む。「;」区切り）。"),
    )
    marking_source = models.ForeignKey(
        Source,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("担当府省の出典"),
        help_text=_("担当府省を読み取った資料のコード。"),
    )
    marking_locator = models.CharField(
        _("担当府省の記載箇所"), max_length=200, blank=True, help_text=_("担当府省が書かれている資料の中の場所。")
    )
    marking_locator_en = models.CharField(
        _("担当府省の記載箇所（英語）"), max_length=200, blank=True, help_text=_("担当府省の記載箇所の英語。")
    )
    summary = models.TextField(_("概要"), blank=True, help_text=_("何をするプロジェクトか（資料をもとにした要約）。"))
    summary_en = models.TextField(_("概要（英語）"), blank=True, help_text=_("概要の英語。"))
    summary_source = models.ForeignKey(
        Source,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("概要の出典"),
        help_text=_("概要のもとになった資料のコード。"),
    )
    summary_locator = models.CharField(
        _("概要の記載箇所"), max_length=200, blank=True, help_text=_("概要のもとになった資料の中の場所。")
    )
    summary_locator_en = models.CharField(
        _("概要の記載箇所（英語）"), max_length=200, blank=True, help_text=_("概要の記載箇所の英語。")
    )

    objects = ProjectQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("プロジェクト")
        verbose_name_plural = pgettext_lazy("list", "プロジェクト")
        ordering = ["plan__sort_order", "number", "code"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("name_en_standing", EnglishStanding, blank=True),
            one_of("council_evidence", Evidence, blank=True),
            models.UniqueConstraint(
                fields=["plan", "number"],
                name="projects_project_number_once_per_plan",
                violation_error_message=_("この計画には、同じ番号のプロジェクトがすでにあります。"),
            ),
            models.CheckConstraint(
                condition=models.Q(council__isnull=True) | ~models.Q(council_evidence=""),
                name="projects_project_council_has_evidence",
                violation_error_message=_("協議会との対応には、その根拠の種類が必要です。"),
            ),
            models.CheckConstraint(
                condition=models.Q(marking="", lead__isnull=True) | models.Q(marking_source__isnull=False),
                name="projects_project_marking_has_source",
                violation_error_message=_("担当府省には、その出典が必要です。"),
            ),
            models.CheckConstraint(
                condition=models.Q(summary="") | models.Q(summary_source__isnull=False),
                name="projects_project_summary_has_source",
                violation_error_message=_("概要には、その出典が必要です。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("project", args=[self.code])

    def says(self) -> tuple[str, str, str, str]:
        return self.name, self.name_en, "", ""

    def reading(self, source: Source) -> Reading:
        own = super().reading(source)
        if self.source_id == source.pk:
            return own
        if self.summary_source_id == source.pk:
            place = {"locator": self.summary_locator, "locator_en": self.summary_locator_en}
            return replace(own, words=self.summary, words_en=self.summary_en, **place)
        place = {"locator": self.marking_locator, "locator_en": self.marking_locator_en}
        return replace(own, words=self.marking, words_en="", **place)

    def clean(self) -> None:
        """The database cannot hold this rule (it joins), so every ordinary door does."""
        if self.section is not None and self.section.plan != self.plan:
            raise ValidationError({"section": _("プロジェクトと同じ計画の項目でなければなりません。")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)


class SuccessionKind(models.TextChoices):
    """What became of a project from one plan to the next."""

    KEPT = "kept", _("維持")
    REORGANISED = "reorganised", _("再編")
    NEW = "new", _("新設")


class SuccessionQuerySet(models.QuerySet["Succession"]):
    def public(self) -> Self:
        public = Project.objects.public()
        known = models.Q(predecessor__isnull=True) | models.Q(predecessor__in=public)
        return self.filter(known, successor__in=public)

    def citing(self, source: Source) -> Self:
        return self.filter(source=source).select_related("predecessor", "successor")

    def in_words(self) -> Self:
        return self.select_related("predecessor__plan", "successor__plan", "source")


class Succession(Cited):
    """継承: what a project grew from."""

    code = code_field(_("継承を指す、変わらない符号。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    predecessor = models.ForeignKey(
        Project,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="went_into",
        verbose_name=_("前身"),
        help_text=_("前の計画のプロジェクトのコード。新設なら空欄。"),
    )
    successor = models.ForeignKey(
        Project,
        models.CASCADE,
        related_name="came_from",
        verbose_name=_("後継"),
        help_text=_("後の計画のプロジェクトのコード。"),
    )
    kind = models.CharField(
        _("変化の種別"),
        max_length=12,
        choices=SuccessionKind,
        help_text=_("維持（kept）、再編（reorganised）、新設（new）。"),
    )
    is_partial = models.BooleanField(_("一部"), default=False, help_text=_("前身の一部だけを引き継いだなら true。"))

    objects = SuccessionQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("継承")
        verbose_name_plural = pgettext_lazy("list", "継承")
        ordering = ["sort_order", "code"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("kind", SuccessionKind),
            models.UniqueConstraint(
                fields=["predecessor", "successor"],
                name="projects_succession_once",
                violation_error_message=_("同じ前身と後継の継承が、すでにあります。"),
            ),
            models.CheckConstraint(
                condition=models.Q(predecessor__isnull=False) | models.Q(kind=SuccessionKind.NEW),
                name="projects_succession_only_new_has_no_predecessor",
                violation_error_message=_("前身がないのは、新設だけです。"),
            ),
        ]

    def __str__(self) -> str:
        before = f"{self.predecessor} → " if self.predecessor is not None else ""
        return f"{before}{self.successor}（{self.get_kind_display()}）"

    def get_absolute_url(self) -> str:
        return f"{self.successor.get_absolute_url()}#history"

    def says(self) -> tuple[str, str, str, str]:
        said = {}
        for language, field in (("ja", "name"), ("en", "name_en")):
            with override(language):
                before = getattr(self.predecessor, field, "")
                said[language] = f"{self.get_kind_display()} {before}".strip()
        return self.successor.name, self.successor.name_en, said["ja"], said["en"]


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def public(self) -> Self:
        return self.filter(pk__in=Project.objects.public().order_by().values("programmes"))

    def citing(self, source: Source) -> Self:
        return self.filter(source=source)

    def in_words(self) -> Self:
        projects = models.Prefetch("projects", Project.objects.public().select_related("plan"))
        return self.select_related("ministry", "source").prefetch_related(projects)


class Programme(Cited):
    """事業: what a ministry pays for; it may belong to several projects."""

    code = code_field(_("事業を指す、変わらない符号。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    name = models.CharField(_("事業名"), max_length=200, help_text=_("事業の名称。"))
    name_en = models.CharField(_("事業名（英語）"), max_length=300, blank=True, help_text=_("事業名の英語。"))
    name_en_standing = english_standing_field()
    ministry = models.ForeignKey(
        Body,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="programmes",
        verbose_name=_("府省"),
        help_text=_("事業を所管する府省のコード。"),
    )
    bureau = models.CharField(_("担当部局"), max_length=200, blank=True, help_text=_("資料に書かれた府省の部局。"))
    bureau_en = models.CharField(_("担当部局（英語）"), max_length=300, blank=True, help_text=_("担当部局の英語。"))
    department = models.CharField(
        _("AMEDの担当部署"), max_length=200, blank=True, help_text=_("資料に書かれたAMEDの部署。")
    )
    department_en = models.CharField(
        _("AMEDの担当部署（英語）"), max_length=300, blank=True, help_text=_("AMEDの担当部署の英語。")
    )
    projects = models.ManyToManyField(
        Project,
        related_name="programmes",
        blank=True,
        verbose_name=_("プロジェクト"),
        help_text=_("この事業が属するプロジェクトのコード（「;」区切り）。"),
    )

    objects = ProgrammeQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("事業")
        verbose_name_plural = pgettext_lazy("list", "事業")
        ordering = ["sort_order", "code"]
        constraints = [*Cited.Meta.constraints, one_of("name_en_standing", EnglishStanding, blank=True)]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('programmes')}?programme={self.code}#programme-{self.code}"

    def says(self) -> tuple[str, str, str, str]:
        return self.name, self.name_en, self.bureau, self.bureau_en


class Stage(models.TextChoices):
    """How far a budget had come when its figure was printed."""

    REQUEST = "request", _("概算要求")
    DRAFT = "draft", _("当初予算案")
    INITIAL = "initial", _("当初予算")
    SUPPLEMENTARY_DRAFT = "supplementary", _("補正予算案")
    UNSPECIFIED = "budget", _("予算（段階の記載なし）")


class BudgetQuerySet(InPlanQuerySet):
    def public(self) -> Self:
        """As visible as plan, project and programme are together."""
        programme = models.Q(programme__isnull=True) | models.Q(programme__in=Programme.objects.public())
        project = models.Q(project__isnull=True) | models.Q(project__in=Project.objects.public())
        return super().public().filter(programme, project)

    def undivided(self) -> Self:
        """Money for a plan as a whole: of no single project or programme."""
        return self.filter(project=None, programme=None)

    def in_words(self) -> Self:
        return self.select_related("project", "programme", "ministry", "source", "plan")


class Budget(Cited):
    """予算: money for a project, a programme or both in one fiscal year, as one document prints it."""

    needs: ClassVar[tuple[str, ...]] = ("plan", "project", "programme")

    code = code_field(_("予算を指す、変わらない符号。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        related_name="budgets",
        verbose_name=_("計画"),
        help_text=_("どの計画の区分による予算か（計画のコード）。"),
    )
    fiscal_year = models.PositiveIntegerField(_("年度"), validators=YEARS, help_text=_("予算の年度（西暦）。"))
    stage = models.CharField(
        _("段階"),
        max_length=13,
        choices=Stage,
        help_text=_("概算要求（request）、当初予算案（draft）、当初予算（initial）、補正予算案（supplementary）など。"),
    )
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
        verbose_name=_("プロジェクト"),
        help_text=_("プロジェクトのコード。プロジェクトに分かれていない額なら空欄。"),
    )
    programme = models.ForeignKey(
        Programme,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
        verbose_name=_("事業"),
        help_text=_("事業のコード。事業に分かれていない額なら空欄。"),
    )
    ministry = models.ForeignKey(
        Body,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
        verbose_name=_("府省"),
        help_text=_("予算を計上する府省のコード。"),
    )
    scope = models.CharField(
        _("範囲"), max_length=200, blank=True, help_text=_("何についての額か（資料の見出しなど）。")
    )
    scope_en = models.CharField(_("範囲（英語）"), max_length=200, blank=True, help_text=_("範囲の英語。"))
    text = models.CharField(_("額の文言"), max_length=300, help_text=_("資料に書かれたとおりの額の文言。"))
    amount = models.PositiveBigIntegerField(
        _("額（円）"), null=True, blank=True, help_text=_("額を円で表した数。内数など、定まらなければ空欄。")
    )
    within = models.PositiveBigIntegerField(
        _("上限（円）"), null=True, blank=True, help_text=_("「〜の内数」と書かれた場合の、その全体の額（円）。")
    )
    prior = models.PositiveBigIntegerField(
        _("前年度の額（円）"), null=True, blank=True, help_text=_("添えられた前年度の額（円）。")
    )
    approx = models.BooleanField(_("概数"), default=False, help_text=_("「約」と書かれた額なら true。"))

    objects = BudgetQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("予算")
        verbose_name_plural = pgettext_lazy("list", "予算")
        ordering = ["plan__sort_order", "-fiscal_year", "sort_order", "code"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("stage", Stage),
            in_eras("fiscal_year"),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(within__isnull=True),
                name="projects_budget_amount_or_bound",
                violation_error_message=_("内数は上限であって額ではありません。額と上限の両方は入れられません。"),
            ),
        ]

    def __str__(self) -> str:
        about = " ".join(str(each) for each in (self.project, self.programme, self.scope) if each)
        return f"{about} {self.fiscal_year} {self.text}"

    def get_absolute_url(self) -> str:
        page = self.project.get_absolute_url() if self.project is not None else reverse("programmes")
        return f"{page}?budget={self.code}#budget-{self.code}"

    def says(self) -> tuple[str, str, str, str]:
        about = self.project or self.programme
        names = (about.name, about.name_en) if about is not None else (self.scope, self.scope_en)
        return (*names, f"{self.fiscal_year} {self.text}", "")

    def clean(self) -> None:
        """The database cannot hold this rule (it joins), so every ordinary door does."""
        if self.project is not None and self.project.plan != self.plan:
            raise ValidationError({"project": _("予算と同じ計画のプロジェクトでなければなりません。")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)
