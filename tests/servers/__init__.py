"""Real servers for tests: given by the environment, else in Docker, else started here as processes."""
