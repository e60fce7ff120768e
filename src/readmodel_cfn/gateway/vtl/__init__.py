"""The Velocity Template Language, for the integration templates that need it.

airspeed parses and evaluates; this package adds API Gateway's variables and its dialect. Nothing
of it is imported before the first template that is more than text with simple variables.
"""

from .engine import VelocityTemplate, compile_template
from .findings import findings

__all__ = ["VelocityTemplate", "compile_template", "findings"]
