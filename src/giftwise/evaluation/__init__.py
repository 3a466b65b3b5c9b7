"""How good the ranking is: splits, measures and the report of one run."""
