from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from portal import journal, revision


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("ポータル")

    def ready(self) -> None:
        from django.contrib.auth import user_login_failed

        from portal import access, admin_words, rights

        for triggers in (revision, journal):
            checks.register(triggers.check_triggers, checks.Tags.database)
        # The groups of an empty database stand before its journal begins.
        for standing in (revision, rights, journal):
            post_migrate.connect(standing.install, sender=self)
        user_login_failed.connect(access.note_refusal)  # after that of axes, an app before this one
        admin_words.install()


class AdminConfig(admin.AdminConfig):
    default_site = "portal.access.EntranceSite"

    def ready(self) -> None:
        # First of all admin modules. What registers at the end of this one makes the site; had the site imported it,
        # there would be two, and what is registered on the first would be lost.
        for module in ("portal.admin", "portal.users_admin"):
            import_module(module)
        super().ready()
