"""Structures and their bodies, for editors."""

from bodies.admin import body, places, structures

__all__ = ["body", "places", "structures"]
