"""Compose: a read model in a template, be it one of its own or one that holds more.

The only module that adds anything to a template: `shared_api` and `template` do it through `add`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from troposphere import AWSObject, Export, Join, Output, StackName, Template, iam, s3
from troposphere import apigateway as ag

from readmodel_cfn.api_room import check_api_room, check_undeployed
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.hosting import BucketLike, Given, RoleLike
from readmodel_cfn.model import ReadModel
from readmodel_cfn.naming import PREFIX, PREFIX_IN_WORDS, Names
from readmodel_cfn.references import Reference, meant
from readmodel_cfn.resources import Host, Resources, outputs_of, resources
from readmodel_cfn.room import check_room, check_there
from readmodel_cfn.sections.outputs import SECRETS, url

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Handle:
    """A read model in a template: troposphere objects, to `Ref` and `GetAtt`.

    `bucket` and `role` are those that were made or given; None where they were given by name.
    `stage` and `url`, which all paths start from, are None on an API that was given: they come from
    `deploy_api`. `writer` is None where the model has none of its own. `resources` is all that was
    made.
    """

    prefix: str
    model: ReadModel
    bucket: s3.Bucket | None
    role: iam.Role | None
    api: ag.RestApi
    stage: ag.Stage | None
    writer: iam.User | iam.Role | None
    url: Join | None
    resources: Resources


def add_read_model(
    template: Template,
    model: ReadModel,
    prefix: str = "",
    *,
    data_store: BucketLike | None = None,
    gateway_role: RoleLike | None = None,
    api: ag.RestApi | None = None,
    outputs: bool = True,
    export: bool = False,
) -> Handle:
    """Add a read model to a template of yours, and return what it is made of.

    Logical ids and outputs begin with `prefix`, so that there can be several.

    `data_store` is a bucket that is there already, of this template or, by name, of another; its
    policy and settings stay its owner's. `gateway_role` is a role in the same way; API Gateway must
    be trusted to assume it, and the permission to read is added to it. On an `api` of this template
    no deployment and no stage are made: `deploy_api` makes them, for all that is on the API.

    `outputs=False` leaves the outputs out; `export=True` exports them, but for secret keys, for
    `imported` in other stacks.

    Raises:
        ConfigError: something is taken, or an option would be idle. Nothing was added.
    """
    if not isinstance(prefix, str) or not re.fullmatch(PREFIX, prefix):
        hint = f"give {PREFIX_IN_WORDS}"
        raise ConfigError(f"{prefix!r} is not allowed", where="prefix", hint=hint)
    there = Given(meant(template, data_store), meant(template, gateway_role), api)
    model, host, names = there.fit(model), there.host, Names(prefix)
    if api is not None:
        check_undeployed(template, api)
    made = resources(model, names, host)
    shown = outputs_of(model, made, names, host) if outputs else []
    add(template, made, exported(shown) if export else shown, host.resources)
    return _handle(prefix, model, made, host)


def add(
    template: Template,
    made: Iterable[AWSObject],
    shown: list[Output],
    given: Sequence[AWSObject] = (),
) -> None:
    """Add what was made and is to be shown, all or nothing; `given` are those it refers to.

    Raises:
        ConfigError: something is taken or missing, or it is too much.
    """
    check_there(template, given)
    # Not `in`: to troposphere, two objects are equal when all their properties are.
    new = [one for one in made if not any(one is other for other in given)]
    check_room(template, new, shown)
    check_api_room(template, new)
    template.add_resource(new)
    template.add_output(shown)


def exported(shown: list[Output]) -> list[Output]:
    """The same outputs, exported as `imported` names them; a secret key never is."""
    for one in shown:
        if not one.title.endswith(SECRETS):
            one.Export = Export(Join("-", [StackName, one.title]))
    return shown


def _handle(prefix: str, model: ReadModel, made: Resources, host: Host) -> Handle:
    stage = model.deployment.stage
    return Handle(
        prefix=prefix,
        model=model,
        bucket=_object(host.data_store, made.data_store),
        role=_object(host.gateway_role, made.gateway_role),
        api=made.api,
        stage=made.stage,
        writer=made.writer.identity,
        url=url(made.api, stage) if made.stage else None,
        resources=made,
    )


def _object(given: Reference | None, made: Kind | None) -> Kind | None:
    """What was made, or the object that was given; None for a name."""
    found: Kind | None = given.resource if given else made
    return found
