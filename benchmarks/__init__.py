"""The same work done by this program and by others, on a real Kafka and a real Redis: `make bench`."""
