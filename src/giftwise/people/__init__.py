"""Who is asked for: demographics and their segments, users and what the host or a PUT says of them."""
