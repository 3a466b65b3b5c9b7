"""`python -m giftwise` is the same as `giftwise`."""

from giftwise.cli.main import run

run()
