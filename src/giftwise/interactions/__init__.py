"""Someone did something to an item: the kinds and weights, one user's live history, everyone's in bulk."""
