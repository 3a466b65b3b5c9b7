"""Measurements that are run by hand: each a module with a main, its figures in docs/explanation."""
