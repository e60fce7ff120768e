"""Room: whether a template can take resources and outputs, before any of them is added."""

from collections.abc import Iterator, Sequence

from troposphere import AWSObject, Output, Template

from readmodel_cfn.errors import ConfigError

# Of one template, CloudFormation's quotas:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MOST_RESOURCES, _MOST_OUTPUTS, _LONGEST_ID = 500, 200, 255
FEWER = "serve several documents by one route with a {parameter} or a {greedy+} one"
_PHYSICAL_NAMES = ("BucketName", "UserName", "RoleName")


def check_there(template: Template, given: Sequence[AWSObject]) -> None:
    """Check that what was given as there already is: a Ref to it would lead nowhere.

    Raises:
        ConfigError: it is not in the template, or only under a condition.
    """
    for one in given:
        if template.resources.get(one.title) is not one:
            hint = "add it with add_resource first"
            raise ConfigError("it is not in the template", where=one.title, hint=hint)
        if condition := getattr(one, "Condition", None):
            what = f"it is there only under the condition {condition}"
            hint = "take the condition off; a bucket's or a role's name can be given by an If"
            raise ConfigError(what, where=one.title, hint=hint)


def check_room(template: Template, made: Sequence[AWSObject], outputs: Sequence[Output]) -> None:
    """Check that all of it can be added.

    Raises:
        ConfigError: a logical id or a name is taken or cannot be, or it would be too much.
    """
    count = len(template.resources) + len(made)
    if count > _MOST_RESOURCES:
        what = f"{count} resources are more than the {_MOST_RESOURCES} of a stack"
        raise ConfigError(what, where="routes", hint=FEWER)
    if (count := len(template.outputs) + len(outputs)) > _MOST_OUTPUTS:
        what = f"{count} outputs are more than the {_MOST_OUTPUTS} of a template"
        raise ConfigError(what, where="outputs", hint="give outputs=False")
    _check_ids(template, made, outputs)
    _check_names(template, made)


def _check_ids(template: Template, made: Sequence[AWSObject], outputs: Sequence[Output]) -> None:
    """Resources and parameters share one name space."""
    taken = {*template.resources, *template.parameters}
    doubled = [one.title for one in made if one.title in taken]
    doubled += [one.title for one in outputs if one.title in template.outputs]
    if doubled:
        what = "the template has this logical id already"
        raise ConfigError(what, where=doubled[0], hint="give another prefix")
    for one in (*made, *outputs):
        if len(one.title) > _LONGEST_ID:
            what = f"a logical id has at most {_LONGEST_ID} characters"
            hint = "shorten the API's logical id, which it begins with"
            raise ConfigError(what, where=one.title, hint=hint)


def _check_names(template: Template, made: Sequence[AWSObject]) -> None:
    taken = {name for one in template.resources.values() for name in _names(one)}
    for one in made:
        for kind, name in _names(one):
            if (kind, name) in taken:
                what = f"the template has an {kind} named {name!r} already"
                raise ConfigError(what, where=one.title, hint="leave the name out, or change it")
            taken.add((kind, name))


def _names(resource: AWSObject) -> Iterator[tuple[str, str]]:
    for key in _PHYSICAL_NAMES:
        name = resource.properties.get(key)
        if isinstance(name, str):
            yield resource.resource_type, name
