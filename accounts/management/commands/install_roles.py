"""`install_roles`: one Django group for each role, holding exactly what accounts.roles says (ACC-10)."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.roles import PERMISSIONS
from audit.commands import command_run


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        with command_run("install_roles"), transaction.atomic():
            self._install()
        self.stdout.write(f"{len(PERMISSIONS)} roles are as accounts/roles.py says.")

    def _install(self) -> None:
        for role, models in PERMISSIONS.items():
            group, _ = Group.objects.get_or_create(name=role.value)
            wanted = [
                Permission.objects.get(codename=f"{action}_{model}", content_type__app_label=app)
                for app, model in (name.split(".") for name in models)
                for action in models[f"{app}.{model}"]
            ]
            group.permissions.set(wanted)
        Group.objects.exclude(name__in=[role.value for role in PERMISSIONS]).delete()
