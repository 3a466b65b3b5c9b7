"""What can go wrong between a host and the engine; outside of DEBUG the host never sees any of it raised."""


class GiftwiseError(Exception):
    """Base of every error of this package."""


class Misconfigured(GiftwiseError):
    """`settings.GIFTWISE` or a registration is wrong; `manage.py check` says it too."""


class Unavailable(GiftwiseError):
    """The engine did not answer in time, answered 5xx, or is not asked because it lately did not answer."""


class Refused(GiftwiseError):
    """The engine understood the call and refuses it: `status` is the HTTP status, the text its own explanation."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
