from django.urls import path

from projects import views

urlpatterns = [
    path("projects/", views.projects, name="projects"),
    path("projects/<code:code>/", views.project, name="project"),
    path("programmes/", views.programmes, name="programmes"),
    path("alignment/", views.alignment, name="alignment"),
]
