from django.urls import path, register_converter

from plans import views


class NumberConverter:
    """The number of a section: letters, digits, points, hyphens."""

    regex = r"[\w.-]{1,80}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(NumberConverter, "number")

urlpatterns = [
    path("plans/", views.plans, name="plans"),
    path("plans/<code:code>/", views.plan, name="plan"),
    path("plans/<code:code>/sections/<number:number>/", views.section, name="section"),
    path("plans/<code:code>/targets/", views.targets, name="targets"),
    path("plans/<code:code>/targets/<code:target>/", views.target, name="target"),
    path("indicators/<code:code>/", views.indicator, name="indicator"),
]
