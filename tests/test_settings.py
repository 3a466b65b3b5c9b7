"""The settings' promises: one .env serves in and out of containers, and no secret is ever shown."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from giftwise import settings as module
from giftwise.settings import Settings, hide_password, shown


def make(**values: Any) -> Settings:
    """Settings from these values alone."""
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_in_a_container_localhost_means_the_service(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """postgres, redis and rabbitmq by name; user, password, port, path and query stay."""
    monkeypatch.setattr(module, "in_container", lambda: True)
    found = make(
        main_database_url=f"postgresql://u:p@{host}:5433/shop?sslmode=require",
        recommendations_database_url=f"postgresql://{host}/own",
        recommendations_redis_url=f"redis://:p@{host}:6379/2",
        rabbitmq_url=f"amqp://guest:guest@{host}:5672//",
    )
    assert found.db_url == "postgresql://u:p@postgres:5433/shop?sslmode=require"
    assert found.recommendations_db_url == "postgresql://postgres/own"
    assert found.redis_connection_url == "redis://:p@redis:6379/2"
    assert found.rabbitmq_connection_url == "amqp://guest:guest@rabbitmq:5672//"


def test_other_hosts_and_other_places_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of containers nothing is rewritten, inside only localhost."""
    url = "postgresql://u:p@localhost/shop"
    monkeypatch.setattr(module, "in_container", lambda: False)
    assert make(main_database_url=url).db_url == url
    monkeypatch.setattr(module, "in_container", lambda: True)
    assert make(main_database_url="postgresql://u@db.example/shop").db_url == "postgresql://u@db.example/shop"
    assert make().db_url is None


def test_an_empty_line_in_env_means_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`NAME=` is the same as no line; names are read from the environment and from .env."""
    env = tmp_path / ".env"
    env.write_text("MAIN_DATABASE_URL=\nPORT=8123\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("BASIC_AUTH_PASSWORD", "")
    found = Settings(_env_file=env)
    assert found.main_database_url is None
    assert found.basic_auth_password is None
    assert found.port == 8123


def test_what_is_shown_has_no_password() -> None:
    """Neither as a value nor within a URL; everything else is there."""
    found = make(
        main_database_url="postgresql://u:hunter2@db/shop",
        recommendations_redis_url="redis://:hunter2@cache/0",
        basic_auth_password="hunter2",
    )
    told = shown(found)
    assert "hunter2" not in str(told)
    assert "hunter2" not in repr(found)
    assert told["main_database_url"] == "postgresql://u:***@db/shop"
    assert told["basic_auth_password"] == "***"
    assert set(told) == set(Settings.model_fields)
    assert hide_password("redis://cache/0") == "redis://cache/0"


@pytest.mark.parametrize("values", [{"log_level": "loud"}, {"port": -1}, {"max_page_size": 0}, {"cleanup_hours": 0}])
def test_impossible_values_are_refused(values: dict[str, object]) -> None:
    """A typing error stops the start, not the third request."""
    with pytest.raises(ValidationError):
        make(**values)


def test_origins_are_a_list() -> None:
    """Comma separated, spaces allowed, empty by default."""
    assert make().origins == []
    assert make(cors_allow_origins="https://a.example, https://b.example,").origins == [
        "https://a.example",
        "https://b.example",
    ]
