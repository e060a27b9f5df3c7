"""Dates in English as the prose has them: 18 February 2025."""

DATE_FORMAT = "j F Y"
