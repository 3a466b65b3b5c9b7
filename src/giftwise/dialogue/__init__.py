"""From a quiz to gifts: sessions, topics, ideas behind which there are products, and what is learned on the way."""
