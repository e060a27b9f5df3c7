"""A body as JSON-LD, in the terms of the W3C Organization Ontology and schema.org."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bodies.models import Kind, Link, Placement, Relation

CONTEXT = {
    "@vocab": "https://schema.org/",
    "evidence": "dcterms:type",  # printed, inferred or derived
    "org": "http://www.w3.org/ns/org#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
}
TYPES = {
    Kind.GROUP: ["org:OrganizationalCollaboration"],
    Kind.OFFICE: ["org:OrganizationalUnit", "GovernmentOrganization"],
}


def describe(
    placement: Placement, links: Iterable[Link], children: Iterable[Placement], absolute: Callable[[str], str]
) -> dict[str, Any]:
    """The facts of a body's page. `absolute` turns a path of this site into an address."""

    def address(of: Placement) -> str:
        return absolute(of.get_absolute_url())

    def both(obj: Any, name: str) -> list[dict[str, str]]:
        words = [(getattr(obj, name), "ja"), (getattr(obj, f"{name}_en"), "en")]
        return [{"@value": text, "@language": language} for text, language in words if text]

    def cite(fact: Any) -> dict[str, Any]:
        cited = {"@id": absolute(fact.source.get_absolute_url()), "dcterms:title": fact.source.title}
        if fact.source.is_draft:
            cited["creativeWorkStatus"] = "draft"
        return {"citation": cited, "dcterms:bibliographicCitation": fact.locator, "evidence": fact.evidence}

    data: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": address(placement),
        "@type": TYPES.get(Kind(placement.kind), ["org:FormalOrganization", "GovernmentOrganization"]),
        "identifier": placement.body.code,
        "name": both(placement, "name"),
        "alternateName": both(placement, "short_name"),
        "org:classification": Kind(placement.kind).value,
        "dcterms:source": cite(placement),
        "dcterms:isPartOf": {
            "@id": absolute(placement.structure.get_absolute_url()),
            "dcterms:title": both(placement.structure, "title"),
            "dcterms:valid": str(placement.structure.valid_from),
        },
        "org:purpose": [
            {"skos:prefLabel": both(mandate, "text"), "dcterms:source": cite(mandate)}
            for mandate in placement.mandates.all()
        ],
        "org:hasPost": [
            {
                "@type": "org:Post",
                "org:role": {"skos:prefLabel": both(seat, "post")},
                "org:heldBy": {"name": both(seat, "holder")},
                "dcterms:source": cite(seat),
            }
            for seat in placement.seats.all()
        ],
        # A secretariat serves the body that it stands under, and belongs elsewhere.
        "org:hasMember" if placement.kind == Kind.GROUP else "subOrganization": [
            {"@id": address(child), "name": both(child, "name")} for child in children if child.kind != Kind.SECRETARIAT
        ],
        "dcterms:relation": [
            {
                "org:role": {"@id": f"#{link.kind}", "skos:prefLabel": str(Relation(link.kind).label)},
                "skos:note": both(link, "label"),
                "from": {"@id": address(link.from_placement), "name": both(link.from_placement, "name")},
                "to": {"@id": address(link.to_placement), "name": both(link.to_placement, "name")},
                "dcterms:source": cite(link),
            }
            for link in links
        ],
    }
    if placement.parent is not None and placement.parent.kind == Kind.GROUP:
        data["org:memberOf"] = {"@id": address(placement.parent)}
    elif placement.parent is not None and placement.kind != Kind.SECRETARIAT:
        data["parentOrganization"] = data["org:subOrganizationOf"] = {"@id": address(placement.parent)}
    if placement.basis:
        data["legislationIdentifier"] = placement.basis
    return data
