"""What all tests share."""

from hypothesis import settings

# The same examples in every run: a failure is about the change at hand. Look further with --hypothesis-profile=default.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
