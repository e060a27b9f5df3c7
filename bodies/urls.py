from django.urls import path

from bodies import views

urlpatterns = [
    path("structure/", views.structure_in_force, name="structure-in-force"),
    path("structure/compare/", views.compare_chosen, name="compare"),
    path("structure/compare/<code:before>/<code:after>/", views.compared, name="compared"),
    path("structure/<code:code>/", views.structure, name="structure"),
    path("structure/<code:code>/chart.svg", views.chart, name="chart"),
    path("bodies/", views.bodies, name="bodies"),
    path("bodies/<code:code>/", views.body, name="body"),
    path("bodies/<code:code>/data.jsonld", views.body_data, name="body-data"),
]
