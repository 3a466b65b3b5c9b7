"""Fills a host's database: a believable generated world, or CSV files, in the contract's own tables."""
