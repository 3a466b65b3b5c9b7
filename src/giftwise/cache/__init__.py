"""What is remembered in Redis: finished lists, profiles, demographics; losing all of it costs only speed."""
