"""A small real Django project: customers, shops, favourites, and one page."""
