"""Whether there is colour: on a terminal, unless the environment says otherwise."""

import os


def colour() -> bool | None:
    """As click takes it: none at all, all of it, or (None) as each stream is a terminal or not.

    NO_COLOR and FORCE_COLOR count where they are not empty, NO_COLOR first, as Python itself has
    it: https://no-color.org, https://force-color.org,
    https://docs.python.org/3/using/cmdline.html#using-on-controlling-color
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None
