"""The HTTP door: parse, authenticate, call, answer; no logic of its own."""
