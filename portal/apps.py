from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate

from portal import revision


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "ポータル"

    def ready(self) -> None:
        post_migrate.connect(revision.install, sender=self)
        checks.register(revision.check_triggers, checks.Tags.database)
