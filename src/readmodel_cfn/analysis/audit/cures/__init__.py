"""Cures: what to paste into a template to fix a finding, for the rules where that is certain.

A rule without a cure here needs a decision: which of two responses to keep, for example.
"""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.analysis.audit.cures import access, api, requests, responses
from readmodel_cfn.analysis.audit.cures.edit import Cure, Edit
from readmodel_cfn.analysis.view import View

__all__ = ["CURES", "Edit", "cure"]

CURES: Mapping[str, Cure] = {**responses.CURES, **requests.CURES, **api.CURES, **access.CURES}
"""The cures by rule."""


def cure(rule: str, view: View, resource: str, path: str) -> tuple[Edit, ...]:
    """What to paste to fix a violation at a path of a resource; empty if the rule has no cure.

    It is also empty if a function such as Fn::ForEach makes the resource.
    """
    found = CURES.get(rule)
    if found is None or (resource != "Outputs" and not view.written(f"Resources/{resource}")):
        return ()
    return tuple(Edit(edit.path, _valid(edit.value)) for edit in found(view, resource, path))


def _valid(value: Any) -> Any:
    """A value with Fn::GetAtt as a list: only the short form, !GetAtt, allows a text."""
    if isinstance(value, Mapping):
        attribute = value.get("Fn::GetAtt")
        if isinstance(attribute, str) and len(value) == 1:
            return {"Fn::GetAtt": attribute.split(".", 1)}
        return {key: _valid(item) for key, item in value.items()}
    return [_valid(item) for item in value] if isinstance(value, list) else value
