"""Cures: what to paste into a template to fix a finding, for the rules where that is certain.

A rule without a cure here needs a decision: which of two responses to keep, for example.
"""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.analysis.audit.cures import access, api, requests, responses
from readmodel_cfn.analysis.audit.cures.edit import Cure, Edit, is_plain
from readmodel_cfn.analysis.view import View

__all__ = ["CURES", "Edit", "cure"]

CURES: Mapping[str, Cure] = {**responses.CURES, **requests.CURES, **api.CURES, **access.CURES}
"""The cures by rule."""


def cure(rule: str, view: View, resource: str, path: str) -> tuple[Edit, ...]:
    """What to paste to fix a violation at a path of a resource; empty if the rule has no cure.

    It is also empty if a function such as Fn::ForEach or Fn::If makes the resource or the part.
    """
    found = CURES.get(rule)
    if found is None or (resource != "Outputs" and not view.written(f"Resources/{resource}")):
        return ()
    edits = [Edit(edit.path, _valid(edit.value)) for edit in found(view, resource, path)]
    return tuple(edits) if all(_can_be_pasted(view, edit) for edit in edits) else ()


def _can_be_pasted(view: View, edit: Edit) -> bool:
    """Whether the place is an object or a list as written, or would be in one, and no function."""
    steps = edit.path.split("/")
    for end in range(1, len(steps)):
        written = view.written("/".join(steps[:end]))
        if written is None:
            return True  # it is new, and the part above it is an object
        if not is_plain(written) and not isinstance(written, list):
            return False
    return True


def _valid(value: Any) -> Any:
    """A value with Fn::GetAtt as a list: only the short form, !GetAtt, allows a text."""
    if isinstance(value, Mapping):
        attribute = value.get("Fn::GetAtt")
        if isinstance(attribute, str) and len(value) == 1:
            return {"Fn::GetAtt": attribute.split(".", 1)}
        return {key: _valid(item) for key, item in value.items()}
    return [_valid(item) for item in value] if isinstance(value, list) else value
