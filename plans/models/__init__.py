"""What is to be reached: plans and their outline, and the targets that they set with what has been observed since."""

from plans.models.observation import Comparator, Observation, ObservationStanding
from plans.models.plan import YEARS, Calendar, InPlanQuerySet, Plan, PlanKind, Section, SectionKind, in_eras
from plans.models.target import UNSAID, Indicator, Reading, Target

__all__ = [
    "UNSAID",
    "YEARS",
    "Calendar",
    "Comparator",
    "InPlanQuerySet",
    "Indicator",
    "Observation",
    "ObservationStanding",
    "Plan",
    "PlanKind",
    "Reading",
    "Section",
    "SectionKind",
    "Target",
    "in_eras",
]
