"""giftwise: a self-hosted recommendation engine for gift platforms."""

from importlib.metadata import version

__version__ = version("giftwise")
