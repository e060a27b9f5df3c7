"""What every part of the portal stands on: the documents that facts are read from, and the revision."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

code_validator = RegexValidator(
    r"^[a-z0-9]+([_-][a-z0-9]+)*$",
    _("半角の英小文字と数字を「-」か「_」でつないで入力してください（例：third-period）。"),
)


def code_field(help_text: Any, *, max_length: int = 60, unique: bool = False) -> models.CharField[str, str]:
    """The unchanging name of a thing, used in addresses and in data files."""
    return models.CharField(
        _("コード"), max_length=max_length, unique=unique, validators=[code_validator], help_text=help_text
    )


class Evidence(models.TextChoices):
    """How a fact follows from its source."""

    PRINTED = "printed", _("記載どおり")
    INFERRED = "inferred", _("推定")
    DERIVED = "derived", _("算出・導出")


class EnglishStanding(models.TextChoices):
    """Who stands behind an English text."""

    OFFICIAL = "official", _("公式英語名")
    REFERENCE = "reference", _("参考訳")
    PROVISIONAL = "provisional", _("仮訳")


def one_of(field: str, choices: type[models.TextChoices], *, blank: bool = False) -> models.CheckConstraint:
    """A column holds a value of its list, whoever writes it."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": [*choices.values, ""] if blank else choices.values}),
        name=f"%(app_label)s_%(class)s_{field}_listed",
        violation_error_message=_("一覧にない値です。"),
    )


def english_standing_field() -> models.CharField[str, str]:
    return models.CharField(
        _("英語の位置づけ"),
        max_length=12,
        choices=EnglishStanding,
        blank=True,
        help_text=_("英語の文言が公式のものか、参考訳か、このサイトの仮訳か。英語がなければ空欄。"),
    )


class SourceQuerySet(models.QuerySet["Source"]):
    def public(self) -> Self:
        """Documents that something public is read from."""
        cited = models.Q()
        for model in (each for each in apps.get_models() if issubclass(each, Cited)):
            public = model.objects.public().order_by()  # type: ignore[attr-defined]  # see Cited
            for field in model._meta.fields:
                if field.related_model is Source:
                    cited |= models.Q(pk__in=public.filter(**{f"{field.name}__isnull": False}).values(field.name))
        return self.filter(cited)


class Source(models.Model):
    """A document that facts are read from: a slide, a law, a plan, a page of a ministry."""

    code = code_field(_("資料を指す、変わらない符号。アドレスにも使う。"), unique=True)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    title = models.CharField(_("資料名"), max_length=300, help_text=_("資料に書かれた題名。"))
    title_en = models.CharField(_("資料名（英語）"), max_length=300, blank=True, help_text=_("資料名の英語。"))
    title_en_standing = english_standing_field()
    short_title = models.CharField(
        _("資料の略称"), max_length=60, blank=True, help_text=_("出典欄に記す短い名。なければ題名を記す。")
    )
    short_title_en = models.CharField(
        _("資料の略称（英語）"), max_length=60, blank=True, help_text=_("資料の略称の英語。")
    )
    issuer = models.CharField(
        _("発行者"), max_length=200, blank=True, help_text=_("資料を出した機関。資料から読み取れなければ空欄。")
    )
    issuer_en = models.CharField(_("発行者（英語）"), max_length=200, blank=True, help_text=_("発行者の英語名。"))
    decided_on = models.DateField(
        _("決定日・公布日・公表日"), null=True, blank=True, help_text=_("決定または公表された日。わからなければ空欄。")
    )
    decided_by = models.CharField(
        _("決定者"), max_length=200, blank=True, help_text=_("閣議、推進本部など、決定した主体。")
    )
    decided_by_en = models.CharField(_("決定者（英語）"), max_length=200, blank=True, help_text=_("決定者の英語名。"))
    url = models.URLField(
        _("アドレス"), max_length=500, blank=True, help_text=_("原典のアドレス。わからなければ空欄。")
    )
    is_draft = models.BooleanField(_("案"), default=False, help_text=_("読んだ版が、決定前の「案」であれば true。"))
    is_original_checked = models.BooleanField(
        _("原典確認済み"),
        default=False,
        help_text=_("原典そのもので確かめたら true。写しや引用だけで読んだなら false（原典未確認）。"),
    )
    checked_on = models.DateField(
        _("照合日"), null=True, blank=True, help_text=_("この項目を資料の文面と照らし合わせた日。")
    )
    remark = models.TextField(_("備考"), blank=True, help_text=_("読んだ範囲など、資料についての補足。"))
    remark_en = models.TextField(_("備考（英語）"), blank=True, help_text=_("備考の英語。"))

    objects = SourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("出典")
        verbose_name_plural = pgettext_lazy("list", "出典")
        ordering = ["sort_order", "code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(title_en_standing__in=[*EnglishStanding.values, ""]),
                name="portal_source_title_en_standing_listed",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("source", args=[self.code])

    @property
    def called(self) -> str:
        return self.short_title or self.title

    @property
    def called_en(self) -> str:
        return self.short_title_en or self.title_en


@dataclass(frozen=True)
class Reading:
    """A fact as the page of its source lists it."""

    subject: str
    subject_en: str
    words: str
    words_en: str
    locator: str
    locator_en: str
    evidence: str


class Cited(models.Model):
    """A fact with the document that it was read from and the place in it.

    A subclass has a manager whose `public()` are the rows that a reader may see and whose `citing(source)` are those
    read from a source, and `reading(source)` and `get_absolute_url()` for the pages that list them.
    """

    source = models.ForeignKey(
        Source,
        models.PROTECT,
        verbose_name=_("出典"),
        related_name="+",
        help_text=_("この内容が書かれている資料のコード。"),
    )
    locator = models.CharField(
        _("記載箇所"), max_length=200, blank=True, help_text=_("資料の中の場所（例：スライド1、p53、第18条）。")
    )
    locator_en = models.CharField(_("記載箇所（英語）"), max_length=200, blank=True, help_text=_("記載箇所の英語。"))
    evidence = models.CharField(
        _("根拠の種類"),
        max_length=10,
        choices=Evidence,
        default=Evidence.PRINTED,
        help_text=_("資料に書かれたとおりか、推定か、計算や対応づけで導いたものか。"),
    )
    remark = models.TextField(_("備考"), blank=True, help_text=_("推定・導出の理由など。"))
    remark_en = models.TextField(_("備考（英語）"), blank=True, help_text=_("備考の英語。"))

    class Meta:
        abstract = True
        constraints = [one_of("evidence", Evidence)]

    def says(self) -> tuple[str, str, str, str]:
        """What this row is about and what it says of that: each in Japanese and in English (empty: there is none)."""
        raise NotImplementedError

    def reading(self, source: Source) -> Reading:
        """What was read from a source, and how."""
        return Reading(*self.says(), self.locator, self.locator_en, self.evidence)


class Revision(models.Model):
    """One row: how often public data has changed, and when it last did. See `portal.revision`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)
    moved_at = models.DateTimeField(default=timezone.now)
    # What is being done by whoever holds the row; to everyone else it is always null. See portal.journal.
    change = models.ForeignKey("portal.Change", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="portal_revision_one_row"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class LoadedPackage(models.Model):
    """A data package that was loaded, so that `load_data --once` does not load it again over later edits."""

    digest = models.CharField(max_length=64, primary_key=True)
    loaded_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest


class ExactDecoder(json.JSONDecoder):
    """Numbers as they stand in the database: a float would make another one of 0.1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, parse_float=Decimal)


class ChangeKind(models.TextChoices):
    """What someone did."""

    ADD = "add", _("追加")
    EDIT = "edit", _("編集")
    MOVE = "move", _("移動")
    DELETE = "delete", _("削除")
    CLONE = "clone", _("複製")
    PUBLISH = "publish", _("公開")
    WITHDRAW = "withdraw", _("取下げ")
    REVERT = "revert", _("取り消し")
    LOAD = "load", _("読み込み")
    RIGHTS = "rights", _("利用者・権限の変更")
    LOGIN = "login", _("ログイン")
    LOGOUT = "logout", _("ログアウト")
    REFUSED = "refused", _("ログインの失敗")


# Of accounts, not of data: who may see users sees these.
ACCOUNTS = {ChangeKind.RIGHTS, ChangeKind.LOGIN, ChangeKind.LOGOUT, ChangeKind.REFUSED}


class ChangeQuerySet(models.QuerySet["Change"]):
    def public(self) -> Self:
        """What readers are told: changes of what they could see, in the order of time, the latest first."""
        return self.filter(is_public=True).order_by("-at", "-pk")


class Change(models.Model):
    """変更: what one person did at one moment and why, with every row that it wrote. See `portal.journal`."""

    at = models.DateTimeField(_("日時"), default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("利用者")
    )
    user_name = models.CharField(_("利用者名"), max_length=150, blank=True)  # stays when the account goes
    kind = models.CharField(_("操作"), max_length=10, choices=ChangeKind)
    about = models.CharField(_("対象"), max_length=300, blank=True)
    about_en = models.CharField(_("対象（英語）"), max_length=300, blank=True)
    address = models.CharField(_("アドレス"), max_length=300, blank=True)
    reason = models.TextField(_("理由"), blank=True)
    reason_en = models.TextField(_("理由（英語）"), blank=True)
    is_public = models.BooleanField(_("公開情報の変更"), default=False)
    token = models.UUIDField(null=True, unique=True, editable=False)  # of the form; sent twice, it counts once
    reverts = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="reverted_by", verbose_name=_("取り消した変更")
    )

    objects = ChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("変更")
        verbose_name_plural = pgettext_lazy("list", "変更履歴")
        ordering = ["-at", "-pk"]
        permissions = [("import_batch", _("データをまとめて取り込める"))]
        constraints = [one_of("kind", ChangeKind)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.about}" if self.about else str(self.get_kind_display())


class RowChange(models.TextChoices):
    """What happened to a row."""

    ADDED = "+", _("追加")
    CHANGED = "~", _("変更")
    DELETED = "-", _("削除")


class ChangedRow(models.Model):
    """A row before and after a write, as the database's triggers noted it: nothing gets past them."""

    change = models.ForeignKey(
        Change, models.CASCADE, null=True, related_name="rows", verbose_name=_("変更")
    )  # null: written past the portal, by a statement of its own
    at = models.DateTimeField(_("日時"))
    model = models.CharField(_("種類"), max_length=60)  # "bodies.placement", in lower case
    object_id = models.BigIntegerField(_("行"))
    kind = models.CharField(_("変更の種類"), max_length=1, choices=RowChange)
    before = models.JSONField(_("前"), null=True, decoder=ExactDecoder)  # column: value
    after = models.JSONField(_("後"), null=True, decoder=ExactDecoder)

    class Meta:
        verbose_name = _("変更された行")
        verbose_name_plural = pgettext_lazy("list", "変更された行")
        ordering = ["pk"]
        indexes = [models.Index(fields=["model", "object_id", "id"], name="portal_changedrow_of")]

    def __str__(self) -> str:
        return f"{self.kind} {self.model} {self.object_id}"

    @property
    def differing(self) -> list[str]:
        """The columns that the write changed."""
        before, after = self.before or {}, self.after or {}
        return [name for name in before | after if before.get(name) != after.get(name)]


class Batch(models.Model):
    """取込: a workbook that was handed in, with what it would change, or has changed. See `portal.batches`."""

    name = models.CharField(_("ファイル名"), max_length=200)
    content = models.BinaryField(editable=False)  # the file as it came, to be given back
    digest = models.CharField(_("ファイルの指紋（SHA-256）"), max_length=64)
    aside = models.JSONField(_("取り込まない列"), default=list, blank=True)  # headings and sheets
    uploaded_at = models.DateTimeField(_("受け取った日時"), default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("利用者")
    )
    user_name = models.CharField(_("利用者名"), max_length=150, blank=True)  # stays when the account goes
    plan = models.BinaryField(editable=False)  # a portal.batches.Report, packed
    plan_digest = models.CharField(max_length=64, editable=False)
    revision = models.PositiveBigIntegerField(_("比べたときの版"), editable=False)
    change = models.OneToOneField(
        Change, models.PROTECT, null=True, related_name="batch", verbose_name=_("取り込んだ変更"), editable=False
    )

    class Meta:
        verbose_name = _("取込")
        verbose_name_plural = pgettext_lazy("list", "データの取込")
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_undone(self) -> bool:
        """Whether what it loaded was taken back, and stays so."""
        if self.change is None:
            return False
        return any(not made.reverted_by.exists() for made in self.change.reverted_by.all())
