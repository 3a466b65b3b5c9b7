"""HTTP Basic as a dependency: credentials in, the caller's name or a 401 problem out, in constant time."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from giftwise.errors import Unauthorized
from giftwise.settings import Settings

scheme = HTTPBasic(realm="giftwise", auto_error=False, description="BASIC_AUTH_USERNAME and BASIC_AUTH_PASSWORD")
Credentials = Annotated[HTTPBasicCredentials | None, Depends(scheme)]


def allow(request: Request, credentials: Credentials) -> None:
    """Let the caller in, or raise Unauthorized. A server without a password lets nobody in."""
    settings: Settings = request.app.state.settings
    if credentials is None or settings.basic_auth_password is None:
        raise Unauthorized("send the user name and password of this server by HTTP Basic")
    if not settings.admits(credentials.username, credentials.password):
        raise Unauthorized("the user name or the password is wrong")


def allow_metrics(request: Request, credentials: Credentials) -> None:
    """Like `allow`, unless METRICS_OPEN lets everybody read the metrics."""
    if not request.app.state.settings.metrics_open:
        allow(request, credentials)
