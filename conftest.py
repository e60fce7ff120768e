"""Settings of Hypothesis for all tests.

The default profile gives the same examples in every run, whatever the speed of the machine, and
`make quick` a third of them. To look for new failures, use `pytest --hypothesis-profile explore`.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default",
    max_examples=30,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile(
    "explore", settings.get_profile("default"), max_examples=300, derandomize=False
)
settings.register_profile("quick", settings.get_profile("default"), max_examples=10)
settings.load_profile("default")
