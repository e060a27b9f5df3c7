"""Who decides what: bodies, and their place, roles, members and relations in each edition of the structure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext_lazy

from portal.models import (
    Cited,
    EnglishStanding,
    Evidence,
    Reading,
    Source,
    code_field,
    english_standing_field,
    one_of,
)
from portal.tree import Node, OrderedTree, OrderedTreeManager, OrderedTreeQuerySet, forest

# The edition that a request previews, which to it counts as published and in force: see `bodies.preview`.
previewed: ContextVar[Structure | None] = ContextVar("previewed", default=None)


def today() -> datetime.date:
    """The day in Japan, which decides what is in force; in a preview the first day of its edition."""
    shown = previewed.get()
    return (shown and shown.valid_from) or timezone.localdate()


class Status(models.TextChoices):
    """Where an edition stands. "Scheduled" is not a value: it is a published one whose day has not come."""

    DRAFT = "draft", _("下書き")
    PUBLISHED = "published", _("公開")
    WITHDRAWN = "withdrawn", _("取下げ")


class Standing(models.TextChoices):
    """Where an edition stands today, as editors are told it."""

    DRAFT = "draft", _("下書き")
    SCHEDULED = "scheduled", _("公開予定")
    IN_FORCE = "in_force", _("適用中")
    PAST = "past", _("過去")
    WITHDRAWN = "withdrawn", _("取下げ")


class Coverage(models.TextChoices):
    """How much of a structure an edition records. What a partial one leaves out is unknown, not absent."""

    FULL = "full", _("全体")
    PARTIAL = "partial", _("一部")


class StructureQuerySet(models.QuerySet["Structure"]):
    def public(self, on: datetime.date | None = None) -> Self:
        """In force on that day (today unless told) or earlier. The visibility rule: everything else builds on it."""
        return self.reachable().filter(valid_from__lte=on or today())

    def citing(self, source: Source) -> Self:
        return self.filter(source=source)

    def reachable(self) -> Self:
        """What a reader may open at its own address: also what is scheduled.

        In a preview also its edition, in the place of a published one of the same day.
        """
        seen = models.Q(status=Status.PUBLISHED)
        if (shown := previewed.get()) is not None:
            seen = models.Q(pk=shown.pk) | seen & ~models.Q(valid_from=shown.valid_from)
        return self.filter(seen).select_related("source")

    def in_force(self, on: datetime.date | None = None) -> Structure | None:
        """The edition in force on that day: the latest that applies by then. None before the first."""
        return self.public(on).order_by("-valid_from").first()

    def with_standing(self) -> Self:
        """With what `Structure.standing` needs, in the same query."""
        later = Structure.objects.public().filter(valid_from__gt=models.OuterRef("valid_from"))
        return self.annotate(is_superseded=models.Exists(later))


class Structure(Cited):
    """体制: one edition of the governance structure, in force from a day until the next one is."""

    code = code_field(_("体制を指す、変わらない符号。アドレスにも使う。"), unique=True)
    title = models.CharField(_("題名"), max_length=200, help_text=_("体制の題名（例：第３期における…推進体制）。"))
    title_en = models.CharField(_("題名（英語）"), max_length=200, blank=True, help_text=_("題名の英語。"))
    title_en_standing = english_standing_field()
    status = models.CharField(
        _("状態"),
        max_length=10,
        choices=Status,
        default=Status.DRAFT,
        help_text=_("下書き（draft）、公開（published）、取下げ（withdrawn）のいずれか。"),
    )
    valid_from = models.DateField(
        _("適用日"), null=True, blank=True, help_text=_("この体制が適用される最初の日。公開するには必要。")
    )
    coverage = models.CharField(
        _("記録の範囲"),
        max_length=10,
        choices=Coverage,
        default=Coverage.FULL,
        help_text=_("体制の全体を記録したもの（full）か、資料で確かめられた一部（partial）か。"),
    )
    gaps = models.TextField(
        _("記録のない事項"), blank=True, help_text=_("一部の記録なら、何が記録されていないか（読む人に示す）。")
    )
    gaps_en = models.TextField(_("記録のない事項（英語）"), blank=True, help_text=_("記録のない事項の英語。"))

    objects = StructureQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("体制")
        verbose_name_plural = pgettext_lazy("list", "体制")
        ordering = ["-valid_from", "code"]
        permissions = [("publish_structure", _("体制を公開し、公開した体制を訂正できる"))]
        constraints = [
            *Cited.Meta.constraints,
            one_of("status", Status),
            one_of("coverage", Coverage),
            one_of("title_en_standing", EnglishStanding, blank=True),
            models.UniqueConstraint(
                fields=["valid_from"],
                condition=models.Q(status=Status.PUBLISHED),
                name="bodies_structure_one_published_per_day",
                violation_error_message=_("同じ適用日で公開されている体制が、すでにあります。"),
            ),
            models.CheckConstraint(
                condition=models.Q(status=Status.DRAFT) | models.Q(valid_from__isnull=False),
                name="bodies_structure_published_has_day",
                violation_error_message=_("公開する体制には適用日が必要です。"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("structure", args=[self.code])

    def says(self) -> tuple[str, str, str, str]:
        return self.title, self.title_en, "", ""

    @property
    def is_scheduled(self) -> bool:
        return self.status == Status.PUBLISHED and self.valid_from is not None and self.valid_from > today()

    @property
    def standing(self) -> Standing:
        """Of a row read by `with_standing()`; of any other at the cost of a query."""
        if self.status != Status.PUBLISHED:
            return Standing(self.status)
        if self.is_scheduled:
            return Standing.SCHEDULED
        is_superseded = getattr(self, "is_superseded", None)
        if is_superseded is None:
            is_superseded = Structure.objects.public().filter(valid_from__gt=self.valid_from).exists()
        return Standing.PAST if is_superseded else Standing.IN_FORCE

    def public_codes(self) -> set[str] | None:
        """Its bodies that have a page, where not all of them do: a scheduled edition may hold new ones."""
        if not self.is_scheduled:
            return None
        return set(Body.objects.public().filter(placements__structure=self).values_list("code", flat=True))


class EditionQuerySet(models.QuerySet[Any]):
    """Rows that belong to an edition and are as visible as it is."""

    def public(self, on: datetime.date | None = None) -> Self:
        return self.filter(**{f"{self.model.edition}__in": Structure.objects.public(on)})

    def citing(self, source: Source) -> Self:
        """What is read from a source, with what its words and its address need."""
        return self.filter(source=source).select_related(*self.model.needs)


class BodyQuerySet(models.QuerySet["Body"]):
    def public(self) -> Self:
        """Bodies held by a structure that is in force or was."""
        return self.filter(pk__in=Placement.objects.public().order_by().values("body"))


class Body(models.Model):
    """機関: what endures while structures change."""

    code = code_field(_("機関を指す、変わらない符号。アドレスにも使う。"), unique=True)
    successors = models.ManyToManyField(
        "self",
        symmetrical=False,
        related_name="predecessors",
        blank=True,
        verbose_name=_("後継"),
        help_text=_("廃止・統合・改組の後を継いだ機関のコード（「;」区切り）。"),
    )

    objects = BodyQuerySet.as_manager()

    class Meta:
        verbose_name = _("機関")
        verbose_name_plural = pgettext_lazy("list", "機関")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("body", args=[self.code])


class Kind(models.TextChoices):
    """What sort of body stands at a place of the structure."""

    HEADQUARTERS = "headquarters", _("本部")
    EXPERT_PANEL = "expert_panel", _("専門調査会")
    ADVISORY_MEETING = "advisory_meeting", _("参与会合")
    INTERMINISTERIAL = "interministerial", _("府省間の会議")
    COUNCIL = "council", _("協議会")
    SECRETARIAT = "secretariat", _("事務局")
    MINISTRY = "ministry", _("府省")
    OFFICE = "office", _("府省の室・課")
    AGENCY = "agency", _("国立研究開発法人")
    GROUP = "group", _("府省のまとまり")


class Arrangement(models.TextChoices):
    """How the chart sets what stands under a body. Empty: by its rule of thumb."""

    ROW = "row", _("横に並べる")
    HANGING = "hanging", _("縦に並べる")


BREAK = "｜"  # where an editor wants a line of a name to end


# What a list of a structure's places needs of each; `level` comes first for `forest`.
OUTLINE = ("level", "pk", "body__code", "name", "name_en", "short_name", "short_name_en", "kind")
Outline = tuple[int, int, str, str, str, str, str, str]


class PlacementQuerySet(OrderedTreeQuerySet, EditionQuerySet):
    def outline(self) -> list[Node[Outline]]:
        """The tree of one structure as nested nodes whose rows hold the columns `OUTLINE`: one query, one pass."""
        return forest(self.order_by("lft").values_list(*OUTLINE))

    def citing(self, source: Source) -> Self:
        cited = models.Q(source=source) | models.Q(basis_source=source)
        return self.filter(cited).select_related(*self.model.needs)

    def latest_of(self, bodies: Iterable[int | None]) -> dict[int, Placement]:
        """The place of each body (by primary key) in its latest public edition, whose name it is called by.

        What readers must not see is absent.
        """
        rows = self.public().filter(body__in={pk for pk in bodies if pk}).select_related("body")
        return {row.body_id: row for row in rows.order_by("structure__valid_from")}

    def in_full(self) -> Self:
        """With all that a list of composition and roles shows, in a constant number of queries."""
        parts = (
            models.Prefetch(name, model.objects.order_by("sort_order", "code").select_related("source"))
            for name, model in [("mandates", Mandate), ("seats", Seat), ("notes", Note)]
        )
        related = ("body", "structure__source", "source", "basis_source", "parent")
        return self.select_related(*related).prefetch_related(*parts)


class PlacementManager(OrderedTreeManager.from_queryset(PlacementQuerySet)):  # type: ignore[misc]  # mptt has no types
    pass


class Placement(OrderedTree, Cited):
    """A body at its place in one structure, with the names and the kind that it has there."""

    tree_owner: ClassVar[str] = "structure"
    edition: ClassVar[str] = "structure"
    needs: ClassVar[tuple[str, ...]] = ("body",)

    structure = models.ForeignKey(
        Structure,
        models.CASCADE,
        related_name="placements",
        verbose_name=_("体制"),
        help_text=_("どの体制での記載か（体制のコード）。"),
    )
    body = models.ForeignKey(
        Body,
        models.PROTECT,
        related_name="placements",
        verbose_name=_("機関"),
        help_text=_("どの機関についての記載か（機関のコード）。"),
    )
    name = models.CharField(_("名称"), max_length=200, help_text=_("この体制での正式な名称。"))
    name_en = models.CharField(_("名称（英語）"), max_length=200, blank=True, help_text=_("名称の英語。"))
    name_en_standing = english_standing_field()
    short_name = models.CharField(_("略称"), max_length=60, blank=True, help_text=_("資料で使われている略称。"))
    short_name_en = models.CharField(_("略称（英語）"), max_length=60, blank=True, help_text=_("英語の略称。"))
    kind = models.CharField(_("種別"), max_length=20, choices=Kind, help_text=_("機関の種別。"))
    arrangement = models.CharField(
        _("下位の並べ方"),
        max_length=8,
        choices=Arrangement,
        blank=True,
        help_text=_("体制図で、この下の機関を横（row）と縦（hanging）のどちらに並べるか。空欄なら自動。"),
    )
    name_breaks = models.CharField(
        _("名称の改行位置"),
        max_length=220,
        blank=True,
        help_text=_(
            "体制図で名称を改行する位置に「｜」を入れた名称（例：健康・医療戦略推進｜専門調査会）。空欄なら自動。"
        ),
    )
    name_breaks_en = models.CharField(
        _("名称の改行位置（英語）"),
        max_length=220,
        blank=True,
        help_text=_("英語の名称に、改行する位置の「｜」を入れたもの。"),
    )
    basis = models.TextField(
        _("根拠（法令・決定）"), blank=True, help_text=_("設置や位置づけの根拠となる法令または決定。なければ空欄。")
    )
    basis_en = models.TextField(_("根拠（英語）"), blank=True, help_text=_("根拠の英語。"))
    basis_source = models.ForeignKey(
        Source,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("根拠の出典"),
        help_text=_("根拠を読み取った資料のコード。"),
    )
    basis_locator = models.CharField(
        _("根拠の記載箇所"), max_length=200, blank=True, help_text=_("根拠が書かれている資料の中の場所。")
    )
    basis_locator_en = models.CharField(
        _("根拠の記載箇所（英語）"), max_length=200, blank=True, help_text=_("根拠の記載箇所の英語。")
    )

    objects = PlacementManager()

    class Meta(Cited.Meta):
        base_manager_name = "objects"  # what reverse relations write through; see OrderedTree
        verbose_name = _("位置づけ")
        verbose_name_plural = pgettext_lazy("list", "位置づけ")
        ordering = ["tree_id", "lft"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("kind", Kind),
            one_of("arrangement", Arrangement, blank=True),
            one_of("name_en_standing", EnglishStanding, blank=True),
            models.UniqueConstraint(
                fields=["structure", "body"],
                name="bodies_placement_once_per_structure",
                violation_error_message=_("この機関は、この体制にすでに置かれています。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")),
                name="bodies_placement_not_its_own_parent",
                violation_error_message=_("自分自身を上位にすることはできません。"),
            ),
            models.CheckConstraint(
                condition=models.Q(basis="") | models.Q(basis_source__isnull=False),
                name="bodies_placement_basis_has_source",
                violation_error_message=_("根拠には、その出典が必要です。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        for field, name in (("name_breaks", self.name), ("name_breaks_en", self.name_en)):
            hint = getattr(self, field)
            if hint and (hint.replace(BREAK, "") != name or not all(part.strip() for part in hint.split(BREAK))):
                raise ValidationError({field: _("改行位置の「｜」を除くと、名称と同じでなければなりません。")})

    def get_absolute_url(self) -> str:
        return self.body.get_absolute_url()

    def says(self) -> tuple[str, str, str, str]:
        return self.name, self.name_en, "", ""

    def reading(self, source: Source) -> Reading:
        words = (f"根拠：{self.basis}", f"Basis: {self.basis_en}" if self.basis_en else "")
        if self.source_id != source.pk:  # only the basis was read from it
            place = (self.basis_locator, self.basis_locator_en)
            return Reading(self.name, self.name_en, *words, *place, Evidence.PRINTED)
        own = super().reading(source)
        return replace(own, words=words[0], words_en=words[1]) if self.basis_source_id == source.pk else own


class Part(Cited):
    """Something said of a placement, with a name of its own and a place among its like."""

    edition: ClassVar[str] = "placement__structure"
    needs: ClassVar[tuple[str, ...]] = ("placement__body",)

    placement = models.ForeignKey(
        Placement,
        models.CASCADE,
        related_name="%(class)ss",
        verbose_name=_("位置づけ"),
        help_text=_("どの位置づけについての記載か。"),
    )
    code = code_field(_("同じ機関の中でこの項目を指す、変わらない符号。"), max_length=40)
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))

    objects = EditionQuerySet.as_manager()

    class Meta(Cited.Meta):
        abstract = True
        ordering = ["placement__tree_id", "placement__lft", "sort_order", "code"]
        constraints = [
            *Cited.Meta.constraints,
            models.UniqueConstraint(
                fields=["placement", "code"],
                name="bodies_%(class)s_code_once_per_placement",
                violation_error_message=_("同じ機関に、同じコードの項目がすでにあります。"),
            ),
        ]

    def get_absolute_url(self) -> str:
        return f"{self.placement.get_absolute_url()}#{self._meta.model_name}-{self.code}"


class Mandate(Part):
    """役割: what a body is there to do, in the words of its source."""

    text = models.TextField(_("役割"), help_text=_("資料に書かれたとおりの文言。"))
    text_en = models.TextField(_("役割（英語）"), blank=True, help_text=_("役割の英語。"))
    text_en_standing = english_standing_field()

    class Meta(Part.Meta):
        verbose_name = _("役割")
        verbose_name_plural = pgettext_lazy("list", "役割")
        constraints = [*Part.Meta.constraints, one_of("text_en_standing", EnglishStanding, blank=True)]

    def __str__(self) -> str:
        return self.text

    def says(self) -> tuple[str, str, str, str]:
        return self.placement.name, self.placement.name_en, self.text, self.text_en


class Seat(Part):
    """構成: a post and who holds it, or members named as a group."""

    post = models.CharField(
        _("職"), max_length=100, blank=True, help_text=_("本部長、議長など。職の名がなければ空欄。")
    )
    post_en = models.CharField(_("職（英語）"), max_length=100, blank=True, help_text=_("職の英語。"))
    holder = models.CharField(
        _("就く者"), max_length=200, help_text=_("その職に就く者、または構成員（資料に書かれたとおり）。")
    )
    holder_en = models.CharField(_("就く者（英語）"), max_length=200, blank=True, help_text=_("就く者の英語。"))
    holder_en_standing = english_standing_field()

    class Meta(Part.Meta):
        verbose_name = _("構成")
        verbose_name_plural = pgettext_lazy("list", "構成")
        constraints = [*Part.Meta.constraints, one_of("holder_en_standing", EnglishStanding, blank=True)]

    def __str__(self) -> str:
        return f"{self.post}：{self.holder}" if self.post else self.holder

    def says(self) -> tuple[str, str, str, str]:
        english = f"{self.post_en}: {self.holder_en}" if self.post_en else self.holder_en
        return self.placement.name, self.placement.name_en, str(self), english


class Relation(models.TextChoices):
    """What one body is to another beside the tree. The value reads: source, value, target."""

    SECRETARIAT_OF = "secretariat_of", _("事務局を担当")
    BELONGS_TO = "belongs_to", _("所属")
    INVESTIGATES_FOR = "investigates_for", _("調査・検討")
    ADVISES = "advises", _("助言")
    SUPERVISES = "supervises", _("所管")
    APPOINTS = "appoints", _("任命・解任")
    SETS_GOALS = "sets_goals", _("目標の提示")
    GIVES_OPINION_ON = "gives_opinion_on", _("意見")
    FUNDS = "funds", _("資金の交付")
    ALLOCATES = "allocates", _("資源配分方針")
    COORDINATES = "coordinates", _("調整")

    @property
    def sentence(self) -> Any:
        """The relation in words, with `%(source)s` and `%(target)s` for the two bodies."""
        return SENTENCES[self]


SENTENCES = {
    Relation.SECRETARIAT_OF: _("%(source)sは、%(target)sの事務局を務める。"),
    Relation.BELONGS_TO: _("%(source)sは、%(target)sに置かれる。"),
    Relation.INVESTIGATES_FOR: _("%(source)sは、%(target)sのために調査・検討を行う。"),
    Relation.ADVISES: _("%(source)sは、%(target)sに助言する。"),
    Relation.SUPERVISES: _("%(source)sは、%(target)sを所管する。"),
    Relation.APPOINTS: _("%(source)sは、%(target)sの長等を任命・解任する。"),
    Relation.SETS_GOALS: _("%(source)sは、%(target)sに目標を示す。"),
    Relation.GIVES_OPINION_ON: _("%(source)sは、%(target)sについて意見を述べる。"),
    Relation.FUNDS: _("%(source)sは、%(target)sに資金を交付する。"),
    Relation.ALLOCATES: _("%(source)sは、%(target)sが予算を計上する際の資源配分方針を定める。"),
    Relation.COORDINATES: _("%(source)sは、%(target)sの間の調整に当たる。"),
}


class LinkQuerySet(EditionQuerySet):
    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        for link in objs:
            link.refuse_two_structures()
        return super().bulk_create(objs, *args, **kwargs)

    def in_words(self) -> Self:
        """With both ends and the source, for a table or a sentence."""
        return self.select_related(*self.model.needs, "source")

    def in_full(self) -> Self:
        """The same with what both ends stand under, for a chart."""
        return self.in_words().select_related("from_placement__parent__body", "to_placement__parent__body")

    def of(self, placement: Placement) -> Self:
        """The relations of a body, both ways, with those that it has through the group that it stands in."""
        ends = [placement.pk]
        if placement.parent is not None and placement.parent.kind == Kind.GROUP:
            ends.append(placement.parent.pk)
        return self.in_full().filter(models.Q(from_placement__in=ends) | models.Q(to_placement__in=ends))


class Link(Cited):
    """A typed relation between two bodies of one structure that its tree cannot hold."""

    edition: ClassVar[str] = "from_placement__structure"
    needs: ClassVar[tuple[str, ...]] = ("from_placement__body", "to_placement__body")

    from_placement = models.ForeignKey(
        Placement,
        models.CASCADE,
        related_name="links_out",
        verbose_name=_("起点"),
        help_text=_("関係の起点となる機関のコード。"),
    )
    to_placement = models.ForeignKey(
        Placement,
        models.CASCADE,
        related_name="links_in",
        verbose_name=_("終点"),
        help_text=_("関係の終点となる機関のコード。"),
    )
    kind = models.CharField(_("関係の種別"), max_length=20, choices=Relation, help_text=_("関係の種別。"))
    sort_order = models.PositiveIntegerField(_("並び順"), default=0, help_text=_("表示の順序。小さいものが先。"))
    label = models.CharField(_("文言"), max_length=100, blank=True, help_text=_("資料に書かれた関係の文言。"))
    label_en = models.CharField(_("文言（英語）"), max_length=100, blank=True, help_text=_("文言の英語。"))
    basis = models.CharField(
        _("根拠（法令・決定）"), max_length=200, blank=True, help_text=_("関係の根拠となる法令または決定。")
    )
    basis_en = models.CharField(_("根拠（英語）"), max_length=200, blank=True, help_text=_("根拠の英語。"))

    objects = LinkQuerySet.as_manager()

    class Meta(Cited.Meta):
        verbose_name = _("関係")
        verbose_name_plural = pgettext_lazy("list", "関係")
        ordering = ["sort_order", "from_placement__lft", "kind", "to_placement__lft"]
        constraints = [
            *Cited.Meta.constraints,
            one_of("kind", Relation),
            models.UniqueConstraint(
                fields=["from_placement", "to_placement", "kind"],
                name="bodies_link_once",
                violation_error_message=_("同じ起点・終点・種別の関係が、すでにあります。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(from_placement=models.F("to_placement")),
                name="bodies_link_not_to_itself",
                violation_error_message=_("自分自身との関係は登録できません。"),
            ),
        ]

    def __str__(self) -> str:
        return str(
            Relation(self.kind).sentence % {"source": self.from_placement.name, "target": self.to_placement.name}
        )

    def get_absolute_url(self) -> str:
        return f"{self.from_placement.get_absolute_url()}#relations"

    def says(self) -> tuple[str, str, str, str]:
        with override("ja"):
            japanese = str(self)
        ends = {"source": self.from_placement.name_en, "target": self.to_placement.name_en}
        with override("en"):
            english = str(Relation(self.kind).sentence % ends) if all(ends.values()) else ""
        return japanese, english, self.label, self.label_en

    def refuse_two_structures(self) -> None:
        """Both ends stand in one structure. The database cannot hold this rule (it joins), so every door does."""
        if self.from_placement.structure_id != self.to_placement.structure_id:
            raise ValidationError(_("起点と終点は、同じ体制の機関でなければなりません。"))

    def clean(self) -> None:
        if self.from_placement_id and self.to_placement_id:  # a form may lack one, and says so itself
            self.refuse_two_structures()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.refuse_two_structures()
        super().save(*args, **kwargs)


class NoteKind(models.TextChoices):
    """What a note does."""

    FOOTNOTE = "footnote", _("注")
    DISCREPANCY = "discrepancy", _("出典間の相違")
    EDITORIAL = "editorial", _("編集者注")


class Note(Part):
    """注: a footnote of the source, or a contradiction between sources, on a placement, a mandate or a seat."""

    mandate = models.ForeignKey(
        Mandate,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notes",
        verbose_name=_("役割"),
        help_text=_("役割に付く注なら、その役割のコード。"),
    )
    seat = models.ForeignKey(
        Seat,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notes",
        verbose_name=_("構成"),
        help_text=_("構成に付く注なら、その構成のコード。"),
    )
    kind = models.CharField(
        _("注の種別"),
        max_length=12,
        choices=NoteKind,
        default=NoteKind.FOOTNOTE,
        help_text=_("資料の注（footnote）、出典間の相違（discrepancy）、編集者注（editorial）のいずれか。"),
    )
    marker = models.CharField(
        _("記号"), max_length=10, blank=True, help_text=_("資料に印刷された記号（＊1、※など）。なければ空欄。")
    )
    phrase = models.CharField(
        _("注の付く語"),
        max_length=100,
        blank=True,
        help_text=_("役割の文言のうち記号が付く語。空欄なら文言の末尾に付く。"),
    )
    phrase_en = models.CharField(_("注の付く語（英語）"), max_length=100, blank=True, help_text=_("注の付く語の英語。"))
    text = models.TextField(_("注の本文"), help_text=_("注の本文。資料の注なら資料に書かれたとおり。"))
    text_en = models.TextField(_("注の本文（英語）"), blank=True, help_text=_("注の本文の英語。"))
    text_en_standing = english_standing_field()

    class Meta(Part.Meta):
        verbose_name = _("注")
        verbose_name_plural = pgettext_lazy("list", "注")
        constraints = [
            *Part.Meta.constraints,
            one_of("kind", NoteKind),
            one_of("text_en_standing", EnglishStanding, blank=True),
            models.CheckConstraint(
                condition=models.Q(mandate__isnull=True) | models.Q(seat__isnull=True),
                name="bodies_note_one_anchor",
                violation_error_message=_("注は、役割と構成の両方には付けられません。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.marker} {self.text}".strip()

    @property
    def anchor(self) -> str:
        """The place of the note on a page."""
        return f"note-{self.placement.body.code}-{self.code}"

    def get_absolute_url(self) -> str:
        return f"{self.placement.get_absolute_url()}#{self.anchor}"

    def says(self) -> tuple[str, str, str, str]:
        english = f"{self.marker} {self.text_en}".strip() if self.text_en else ""
        return self.placement.name, self.placement.name_en, str(self), english

    def clean(self) -> None:
        for anchor in (self.mandate, self.seat):
            if anchor is not None and anchor.placement != self.placement:
                raise ValidationError(_("注の付く役割・構成は、同じ機関のものでなければなりません。"))
        if self.phrase and (self.mandate is None or self.phrase not in self.mandate.text):
            raise ValidationError({"phrase": _("この語は、役割の文言の中にありません。")})
