"""What has been observed of an indicator: values that are never changed, only replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, models, transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from plans.models.plan import Calendar, InPlanQuerySet, Plan, fiscal_year_field, in_eras
from plans.progress import Result
from portal import revision
from portal.models import Cited, code_field, one_of


def number_field(label: Any, help_text: Any) -> models.DecimalField[Any, Any]:
    """A number as printed: up to 11 digits before the point and four after it; SQLite keeps no more exactly."""
    return models.DecimalField(label, max_digits=15, decimal_places=4, null=True, blank=True, help_text=help_text)


class Comparator(models.TextChoices):
    """How a value stands to the number beside it."""

    EQUAL = "=", _("ちょうど")
    AT_LEAST = ">=", _("以上")
    ABOVE = ">", _("超")
    AT_MOST = "<=", _("以下")
    BELOW = "<", _("未満")
    ABOUT = "~", _("約")


APPEND_ONLY = _(
    "登録した実績値は、書き換えも削除もできません。訂正は、訂正後の値を新しい行として加え、「訂正の対象」に元の行を示してください。"
)


@contextmanager
def append_only(using: str) -> Iterator[None]:
    """Tell in the user's language that the database keeps a row as it is (see `Observation.kept`).

    Raises `ValidationError`; what was written in the block is undone.
    """
    try:
        with transaction.atomic(using=using):
            yield
    except IntegrityError as error:
        if revision.is_kept(error):
            raise ValidationError(APPEND_ONLY) from error
        raise


class ObservationQuerySet(InPlanQuerySet):
    def in_words(self) -> Self:
        """With what a table shows of each, in the order of time; replaced ones stand before what replaces them."""
        # One of the same plan, so that readers see both or neither. Not joined: while hardly a row is corrected, SQLite
        # would read the whole table for each row (22 s instead of 0.07 s for 2,000 of 100,000).
        corrections = Observation.objects.filter(replaces=models.OuterRef("pk"), plan=models.OuterRef("plan"))
        correction = models.Subquery(corrections.order_by().values("code"))
        shown = self.select_related("source", "plan", "replaces").annotate(correction=correction)
        return shown.order_by("indicator", "to_fy", "from_fy", "sort_order", "code")

    def update(self, **kwargs: Any) -> int:
        with append_only(self.db):
            return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]  # as Django marks its own

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        for each in objs:
            each.refuse_other_matter()
        with append_only(self.db):
            return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise ValidationError(APPEND_ONLY)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class ObservationStanding(models.TextChoices):
    """How firm a published value is."""

    PROVISIONAL = "provisional", _("速報")
    FINAL = "final", _("確定")


class Observation(Cited):
    """実績値: a published value for a period. It is never changed: a correction is a new row that replaces it."""

    needs: ClassVar[tuple[str, ...]] = ("indicator", "plan")
    kept: ClassVar[tuple[str, ...]] = (  # columns that the database does not let change; see portal.revision
        "indicator_id",
        "plan_id",
        "period",
        "from_fy",
        "to_fy",
        "calendar",
        "text",
        "value",
        "comparator",
        "unit",
        "grade",
        "rate",
        "standing",
        "replaces_id",
        "source_id",
        "locator",
    )

    indicator = models.ForeignKey(
        "plans.Indicator",
        models.PROTECT,
        related_name="observations",
        verbose_name=_("指標"),
        help_text=_("何についての値か（指標のコード）。"),
    )
    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        related_name="observations",
        verbose_name=_("値が属する期間の計画"),
        help_text=_("その値が属する期間の計画のコード。ほかの期間の計画では参考値として示す。"),
    )
    code = code_field(_("実績値を指す、変わらない符号。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    name = models.CharField(
        _("資料での指標名"), max_length=200, blank=True, help_text=_("この資料に書かれた名。指標名と同じなら空欄。")
    )
    name_en = models.CharField(
        _("資料での指標名（英語）"), max_length=200, blank=True, help_text=_("資料での指標名の英語。")
    )
    period = models.CharField(_("期間（文言）"), max_length=60, help_text=_("資料に書かれた期間や時点の文言。"))
    from_fy = fiscal_year_field(_("始まりの年度"), _("値が及ぶ最初の年度（西暦）。定まらなければ空欄。"))
    to_fy = fiscal_year_field(_("終わりの年度"), _("値が及ぶ最後の年度（西暦）。定まらなければ空欄。"))
    calendar = models.CharField(
        _("年の数え方"), max_length=2, choices=Calendar, blank=True, help_text=_("年度（FY）か暦年（CY）か。")
    )
    text = models.CharField(_("値の文言"), max_length=300, help_text=_("資料に書かれたとおりの値の文言。"))
    value = number_field(_("値"), _("数値。評語などで示されたなら空欄。"))
    comparator = models.CharField(
        _("比較"), max_length=2, choices=Comparator, blank=True, help_text=_("以上（>=）、約（~）などの別。")
    )
    unit = models.CharField(_("単位"), max_length=20, blank=True, help_text=_("件、%、社など。"))
    grade = models.CharField(
        _("評語"), max_length=10, blank=True, help_text=_("○、Aなど、数値のほかに示された評価。大文字と小文字は別。")
    )
    rate = number_field(_("達成率（％）"), _("資料に書かれた目標達成率。"))
    standing = models.CharField(
        _("速報・確定"),
        max_length=11,
        choices=ObservationStanding,
        blank=True,
        help_text=_("速報値（provisional）か確定値（final）か。資料に示されていなければ空欄。"),
    )
    reported_by = models.CharField(
        _("公表した機関"), max_length=200, blank=True, help_text=_("値を公表した機関。わからなければ空欄。")
    )
    reported_by_en = models.CharField(
        _("公表した機関（英語）"), max_length=200, blank=True, help_text=_("公表した機関の英語名。")
    )
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("訂正の対象"),
        help_text=_("この行が訂正する、元の実績値のコード。"),
    )

    objects = ObservationQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("実績値")
        verbose_name_plural = pgettext_lazy("list", "実績値")
        ordering = ["indicator__sort_order", "indicator__code", "to_fy", "from_fy", "sort_order", "code"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("calendar", Calendar, blank=True),
            one_of("comparator", Comparator, blank=True),
            one_of("standing", ObservationStanding, blank=True),
            in_eras("from_fy", "to_fy"),
            models.CheckConstraint(
                condition=models.Q(from_fy__isnull=True, to_fy__isnull=True)
                | models.Q(from_fy__isnull=False, to_fy__isnull=False, from_fy__lte=models.F("to_fy")),
                name="plans_observation_period_in_order",
                violation_error_message=_(
                    "期間の年度は、始まりと終わりの両方を順に入れるか、両方を空欄にしてください。"
                ),
            ),
            models.CheckConstraint(
                condition=~models.Q(replaces=models.F("id")),
                name="plans_observation_replaces_another",
                violation_error_message=_("自分自身を訂正することはできません。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.indicator} {self.period} {self.text}"

    def get_absolute_url(self) -> str:
        return f"{self.indicator.get_absolute_url()}#observation-{self.code}"

    def says(self) -> tuple[str, str, str, str]:
        name = (self.name or self.indicator.name, self.name_en or self.indicator.name_en)
        return (*name, f"{self.period} {self.text}", "")

    def refuse_other_matter(self) -> None:
        """A correction is of the same indicator and plan. The database cannot hold this rule (it joins)."""
        if self.replaces is not None and any(
            getattr(self, name, None) != getattr(self.replaces, name, None) for name in ("indicator", "plan")
        ):
            raise ValidationError({"replaces": _("訂正できるのは、同じ指標、同じ計画の実績値だけです。")})

    def clean(self) -> None:
        self.refuse_other_matter()
        before = Observation.objects.filter(pk=self.pk).values(*self.kept).first()
        if before is not None and any(getattr(self, name) != value for name, value in before.items()):
            raise ValidationError(APPEND_ONLY)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.refuse_other_matter()
        with append_only(kwargs.get("using") or self._state.db or DEFAULT_DB_ALIAS):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ValidationError(APPEND_ONLY)

    @cached_property
    def correction(self) -> str | None:
        """The code of the row that stands in its place. `in_words` reads it for many at once."""
        return Observation.objects.in_words().filter(pk=self.pk).values_list("correction", flat=True).first()

    @property
    def is_replaced(self) -> bool:
        """Whether a correction stands in its place."""
        return self.correction is not None

    @property
    def corrected(self) -> Observation | None:
        """The row in whose place it stands, where readers of this one see it."""
        return self.replaces if self.replaces is not None and self.replaces.plan_id == self.plan_id else None

    @property
    def result(self) -> Result:
        """What progress is measured by."""
        return Result(
            from_fy=self.from_fy,
            to_fy=self.to_fy,
            value=self.value,
            comparator=self.comparator,
            unit=self.unit,
            calendar=self.calendar,
            is_final=self.standing == ObservationStanding.FINAL if self.standing else None,
            code=self.code,
        )
