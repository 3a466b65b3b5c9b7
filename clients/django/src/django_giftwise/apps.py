"""The Django app: finds the declarations of every installed app and listens to their models."""

from django.apps import AppConfig
from django.core.signals import setting_changed
from django.utils.module_loading import autodiscover_modules

from django_giftwise import conf, transport


class GiftwiseConfig(AppConfig):
    """`django_giftwise` in INSTALLED_APPS."""

    name = "django_giftwise"
    verbose_name = "giftwise"

    def ready(self) -> None:
        """Import the module `giftwise` of each installed app, then connect."""
        from django_giftwise import checks, signals

        autodiscover_modules("giftwise")
        checks.register_checks()
        signals.connect()
        setting_changed.connect(_settings_changed, dispatch_uid="django_giftwise")


def _settings_changed(*, setting: str, **_: object) -> None:
    """Tests change settings of a running process."""
    if setting in ("GIFTWISE", "DEBUG"):
        conf.get_config.cache_clear()
        before = transport.set_engine(None)
        if before is not None:
            before.close()
