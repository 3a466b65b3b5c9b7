"""Every knob of giftwise: environment in, one validated Settings object out.

Each field is a name, a default and one sentence; docs/reference/settings.md is generated from this file.
"""

import hmac
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def in_container() -> bool:
    """Whether this process runs inside Docker, Podman or Kubernetes."""
    return (
        any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))
        or Path("/var/run/secrets/kubernetes.io").exists()
    )


def hide_password(url: str) -> str:
    """The same URL, fit for a log: its password replaced by `***`."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user = f"{parts.username or ''}:***@"
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=user + place))


class Settings(BaseSettings):
    """Settings by environment variable (upper case) or `.env`; unknown names are ignored, as hosts share one file."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    main_database_url: SecretStr | None = Field(
        None,
        description="The host's PostgreSQL, read only. Unset: an embedded server is started, or, where"
        " RECOMMENDATIONS_DATABASE_URL is set, there are no presents.",
    )
    recommendations_database_url: SecretStr | None = Field(
        None, description="Our own PostgreSQL. Unset: an embedded server is started."
    )
    recommendations_redis_url: SecretStr | None = Field(
        None, description="Redis for the cache. Unset: an embedded server is started."
    )
    rabbitmq_url: SecretStr | None = Field(None, description="RabbitMQ for queued events; unset means none.")
    events_stream: str = Field(
        "giftwise:events", description="Redis stream of queued events; empty means that none is read."
    )
    events_queue: str = Field("giftwise.events", min_length=1, description="RabbitMQ queue of queued events.")
    events_batch: int = Field(500, ge=1, le=5_000, description="Queued events that one transaction applies at most.")
    basic_auth_username: str = Field("giftwise", min_length=1, description="User name of HTTP Basic.")
    basic_auth_password: SecretStr | None = Field(
        None, description="Password of HTTP Basic. There is no default: `serve` refuses to start without one."
    )
    worker_metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of the worker's own /metrics on HOST; unset means none."
    )
    metrics_open: bool = Field(False, description="Whether /metrics answers without a password.")
    cors_allow_origins: str = Field("", description="Origins whose browsers may call, comma separated.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 in containers.")
    data_dir: Path = Field(
        Path(".giftwise"), description="Folder of the embedded servers and of the memory-mapped models."
    )
    embedded_presents: bool = Field(
        True,
        description="Whether an embedded server stands for the host's database too, where no URL is set; false for a"
        " host that only pushes.",
    )
    main_mapping: Path | None = Field(
        None, description="TOML file that maps the host's schema; unset means the contract's own schema."
    )

    businesses_database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL that businesses, their users and interactions are read from, where a host shares its"
        " own instead of pushing. Unset: our own, which hosts push into.",
    )
    businesses_mapping: Path | None = Field(
        None, description="TOML file that maps that database's schema; unset means our own tables."
    )

    max_similar_users: int = Field(20, ge=1, le=1000, description="How many similar users are kept per user.")
    default_page_size: int = Field(20, ge=1, description="Places on a page where the request names no limit.")
    max_page_size: int = Field(100, ge=1, description="The largest limit that a request may name.")
    popular_items_refresh_minutes: int = Field(
        15, ge=1, le=60, description="Minutes between two refreshes of the popular items."
    )
    item_texts_refresh_minutes: int = Field(
        15, ge=1, le=1440, description="Minutes between two readings of the items' texts, by which gifts are found."
    )
    user_profiles_refresh_minutes: int = Field(
        30, ge=1, le=60, description="Minutes between two refreshes of the user profiles."
    )
    user_similarities_refresh_minutes: int = Field(
        60, ge=1, le=1440, description="Minutes between two refreshes of similarities and neighbours."
    )
    tuning_budget_seconds: int = Field(
        240, ge=10, le=3600, description="Seconds that a choice of the hyperparameters may take."
    )
    cleanup_hours: int = Field(6, ge=1, le=24, description="Hours between two clean-ups of stale rows and cache.")
    live_tail_seconds: float = Field(
        2.0, gt=0, le=60, description="Seconds between two looks for new likes in the main database."
    )
    stock_sweep_seconds: float = Field(
        5.0,
        gt=0,
        le=3600,
        description="Seconds between two looks for items sold out, deleted or made private.",
    )
    model_poll_seconds: float = Field(
        1.0, gt=0, le=60, description="Seconds between two looks of an API process for a newer model."
    )
    cache_ttl_popular: int = Field(900, ge=0, description="Seconds that a popular list stays cached.")
    cache_ttl_personalized: int = Field(7200, ge=0, description="Seconds that a personalised list stays cached.")
    cache_ttl_user_profile: int = Field(14400, ge=0, description="Seconds that a user's profile stays cached.")
    main_pool_size: int = Field(
        8, ge=1, le=200, description="Connections per process to each database that a catalog is read from."
    )
    own_pool_size: int = Field(5, ge=1, le=200, description="Connections to our own database per process.")
    redis_timeout_ms: int = Field(
        80,
        ge=1,
        le=1000,
        description="Milliseconds that a request waits for Redis before it goes on without it.",
    )
    main_statement_timeout_ms: int = Field(
        2000, ge=1, description="Milliseconds that a request's query may take in the main database."
    )
    bulk_most_mb: int = Field(32, ge=1, le=1024, description="Megabytes that one bulk call may send.")
    default_currency: str = Field("RUB", min_length=3, max_length=3, description="Currency where items name none.")

    brain: Literal["rules", "llm"] = Field(
        "rules",
        description="What thinks of gift ideas: rules (nothing leaves the server), or llm: a language model, with the"
        " rules for whatever it does not answer.",
    )
    llm_api: Literal["openai", "anthropic"] = Field(
        "openai", description="How the language model's endpoint speaks: as OpenAI's chat completions, or Anthropic's."
    )
    llm_base_url: SecretStr | None = Field(
        None, description="Address of the endpoint, such as http://localhost:11434/v1; unset means the maker's own."
    )
    llm_model: str | None = Field(None, description="Name of the language model; needed with BRAIN=llm.")
    llm_api_key: SecretStr | None = Field(None, description="Key of the endpoint; only ever sent to it, never logged.")
    llm_timeout_seconds: float = Field(
        8.0, gt=0, le=60, description="Seconds that a language model has for an answer; then the rules answer."
    )
    llm_calls_per_session: int = Field(
        6, ge=0, le=1000, description="How often one session may ask a language model; then the rules answer."
    )

    debug: bool = Field(False, description="Development mode: readable logs, tracebacks in the log.")
    log_level: str = Field("info", description="debug, info, warning or error.")

    @field_validator("log_level")
    @classmethod
    def known_level(cls, value: str) -> str:
        """Lower-case, and one of the four levels."""
        level = value.lower()
        if level not in {"debug", "info", "warning", "error"}:
            raise ValueError("LOG_LEVEL is one of debug, info, warning, error")
        return level

    @field_validator(
        "main_database_url",
        "recommendations_database_url",
        "recommendations_redis_url",
        "rabbitmq_url",
        "basic_auth_password",
        "main_mapping",
        "businesses_database_url",
        "businesses_mapping",
        "worker_metrics_port",
        "llm_base_url",
        "llm_model",
        "llm_api_key",
        mode="before",
    )
    @classmethod
    def empty_is_unset(cls, value: object) -> object:
        """`NAME=` in an .env file means the same as no line at all."""
        return None if value == "" else value

    def admits(self, username: str, password: str) -> bool:
        """Whether these are the credentials of HTTP Basic. Without a password set nobody is admitted."""
        if self.basic_auth_password is None:
            return False
        # Both are compared in full whatever the first says, so that the time tells nothing.
        right_name = hmac.compare_digest(username.encode(), self.basic_auth_username.encode())
        right_password = hmac.compare_digest(password.encode(), self.basic_auth_password.get_secret_value().encode())
        return right_name & right_password

    @property
    def origins(self) -> list[str]:
        """CORS_ALLOW_ORIGINS as a list."""
        return [origin.strip() for origin in self.cors_allow_origins.split(",") if origin.strip()]

    @property
    def db_url(self) -> str | None:
        """MAIN_DATABASE_URL; in a container localhost is read as the host `postgres`."""
        return _in_container_host(self.main_database_url, "postgres")

    @property
    def recommendations_db_url(self) -> str | None:
        """RECOMMENDATIONS_DATABASE_URL; in a container localhost is read as the host `postgres`."""
        return _in_container_host(self.recommendations_database_url, "postgres")

    @property
    def businesses_db_url(self) -> str | None:
        """BUSINESSES_DATABASE_URL, else our own; in a container localhost is read as the host `postgres`."""
        return _in_container_host(self.businesses_database_url or self.recommendations_database_url, "postgres")

    @property
    def redis_connection_url(self) -> str | None:
        """RECOMMENDATIONS_REDIS_URL; in a container localhost is read as the host `redis`."""
        return _in_container_host(self.recommendations_redis_url, "redis")

    @property
    def rabbitmq_connection_url(self) -> str | None:
        """RABBITMQ_URL; in a container localhost is read as the host `rabbitmq`."""
        return _in_container_host(self.rabbitmq_url, "rabbitmq")


def _in_container_host(secret: SecretStr | None, service: str) -> str | None:
    if secret is None:
        return None
    url = secret.get_secret_value()
    parts = urlsplit(url)
    if parts.hostname not in LOCAL_HOSTS or not in_container():
        return url
    credentials, at, _ = parts.netloc.rpartition("@")
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}{service}{port}"))


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings, read once."""
    return Settings()


def shown(settings: Settings) -> dict[str, str | int | float | bool | None]:
    """Every setting as it may be shown to people: passwords hidden, also within URLs."""
    values: dict[str, str | int | float | bool | None] = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = hide_password(value.get_secret_value()) if name.endswith("_url") else "***"
        values[name] = str(value) if isinstance(value, Path) else value
    return values
