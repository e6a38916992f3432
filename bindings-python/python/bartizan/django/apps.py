"""The application that sees the users of ``django.contrib.auth``."""

from __future__ import annotations

from django.apps import AppConfig, apps

__all__ = ["Config"]


class Config(AppConfig):  # type: ignore[misc]
    """Connects the signals."""

    name = "bartizan.django"
    label = "bartizan"
    verbose_name = "bartizan"

    def ready(self) -> None:
        """Begin to listen, where the project has users."""
        if apps.is_installed("django.contrib.auth"):
            from bartizan.django.users import listen

            listen()
