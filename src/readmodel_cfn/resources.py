"""The resources of one read model: the sections' functions, called in the article's order.

What a `Host` has already (a bucket, a role, an API) is used, and not made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from troposphere import AWSObject, Output, iam, s3, secretsmanager
from troposphere import apigateway as ag

from readmodel_cfn.model import ReadModel
from readmodel_cfn.naming import Names
from readmodel_cfn.references import Reference, to
from readmodel_cfn.sections import (
    api,
    cors,
    data_store,
    deployment,
    gateway_responses,
    gateway_role,
    outputs,
    writer,
)


@dataclass(frozen=True)
class WriterResources:
    """Who publishes: a user with its key, or a role; None where the model has none."""

    identity: iam.User | iam.Role | None = None
    policies: tuple[iam.ManagedPolicy, ...] = ()
    access_key: iam.AccessKey | None = None
    secret: secretsmanager.Secret | None = None


@dataclass(frozen=True)
class Resources:
    """All resources that were made for one read model; None where none was.

    `api` is also here where the host had it already.
    """

    data_store: s3.Bucket | None
    data_store_policy: s3.BucketPolicy | None
    writer: WriterResources
    gateway_role: iam.Role | None
    gateway_policies: tuple[iam.PolicyType | iam.ManagedPolicy, ...]
    api: ag.RestApi
    api_resources: tuple[ag.Resource, ...]
    methods: tuple[ag.Method, ...]
    gateway_responses: tuple[ag.GatewayResponse, ...]
    deployment: ag.Deployment | None
    stage: ag.Stage | None

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource that there is, in the article's order."""
        who = self.writer
        store = [self.data_store, self.data_store_policy]
        publisher = [who.identity, *who.policies, who.access_key, who.secret]
        reader = [self.gateway_role, *self.gateway_policies]
        interface = [self.api, *self.api_resources, *self.methods, *self.gateway_responses]
        every = [*store, *publisher, *reader, *interface, self.deployment, self.stage]
        yield from (one for one in every if one is not None)


@dataclass(frozen=True)
class Host:
    """What there is already, where the read model is added: it is not made once more."""

    data_store: Reference | None = None
    gateway_role: Reference | None = None
    api: ag.RestApi | None = None

    @property
    def resources(self) -> list[AWSObject]:
        """Those of it that are resources of the template."""
        named = [one.resource for one in (self.data_store, self.gateway_role) if one]
        return [one for one in (*named, self.api) if one is not None]


ALONE = Host()


@dataclass(frozen=True)
class _Interface:
    """The API and what its deployment is a snapshot of."""

    api: ag.RestApi
    tree: dict[str, ag.Resource]
    methods: list[ag.Method]
    responses: list[ag.GatewayResponse]


def resources(model: ReadModel, names: Names, host: Host = ALONE) -> Resources:
    """Make every resource of the model that the host has not; none is in a template yet."""
    own_store = None if host.data_store else data_store.bucket(model.data_store, names)
    own_reader = None if host.gateway_role else gateway_role.role(model.gateway_role, names)
    store, reader = host.data_store or to(own_store), host.gateway_role or to(own_reader)
    keys = [route.key_pattern for route in model.routes]
    reading = gateway_role.Reading(
        may_list=model.api.missing == "not-found",
        kms_key=model.data_store.kms_key,
        shared=own_reader is None,
    )
    interface = _interface(model, store, reader, host.api, names)
    deployed, stage = (None, None) if host.api else _deployed(model, interface, store, reader)
    return Resources(
        data_store=own_store,
        data_store_policy=_store_policy(model, own_store, names),
        writer=_writer(model, store, keys, names),
        gateway_role=own_reader,
        gateway_policies=tuple(
            gateway_role.read_policies(model.gateway_role, reader, store, keys, reading, names)
        ),
        api=interface.api,
        api_resources=tuple(interface.tree.values()),
        methods=tuple(interface.methods),
        gateway_responses=tuple(interface.responses),
        deployment=deployed,
        stage=stage,
    )


def _store_policy(
    model: ReadModel, store: s3.Bucket | None, names: Names
) -> s3.BucketPolicy | None:
    """A bucket has one policy at most, so that of a bucket which was there is its owner's."""
    if store is None or model.as_printed:
        return None
    return data_store.bucket_policy(model.data_store, store, names)


def _interface(
    model: ReadModel, store: Reference, reader: Reference, shared: ag.RestApi | None, names: Names
) -> _Interface:
    gzip, origin, routes = model.data_store.gzip_stored, model.api.cors_origin, model.routes
    rest_api = shared or api.rest_api(model.api, gzip, names)
    tree = api.resources(routes, rest_api, names)
    methods = api.read_methods(model.api, gzip, routes, tree, store, reader, names)
    methods += cors.preflights(origin, gzip, routes, tree, names)
    # An API has one gateway response of each type, so those of a shared one come with its stage.
    made_elsewhere = shared is not None or model.as_printed
    responses = [] if made_elsewhere else gateway_responses.of(origin, rest_api)
    return _Interface(rest_api, tree, methods, responses)


def _deployed(
    model: ReadModel, made: _Interface, store: Reference, reader: Reference
) -> tuple[ag.Deployment, ag.Stage | None]:
    options, waits_for = model.deployment, [*made.methods, *made.responses]
    if model.as_printed:
        return deployment.article_deployment(options, made.api, waits_for), None
    named = [one.resource for one in (store, reader) if one.resource]
    served = [made.api, *made.tree.values(), *waits_for, *named]
    digest = deployment.fingerprint(options, {one.title: one.resource for one in served})
    deployed = deployment.deployment(made.api, waits_for, digest)
    return deployed, deployment.stage(options, model.routes, made.api, deployed)


def _writer(model: ReadModel, store: Reference, keys: list[str], names: Names) -> WriterResources:
    options = model.writer
    if options.kind == "none":
        return WriterResources()
    first, more = writer.grants(options, store, keys, model.data_store.kms_key)
    if options.kind == "role":
        role = writer.role(options, first, names)
        return WriterResources(role, tuple(writer.more_policies(role, more, names)))
    user = writer.user(options, first, names)
    key = writer.access_key(options, user, names)
    kept = writer.secret(key, names) if options.key_in == "secret" else None
    return WriterResources(user, tuple(writer.more_policies(user, more, names)), key, kept)


def outputs_of(model: ReadModel, made: Resources, names: Names, host: Host = ALONE) -> list[Output]:
    """The outputs that go with the resources; no URL where the host's API has no stage yet."""
    who = made.writer
    if model.as_printed:
        return outputs.as_printed(made.api, who.access_key, names)
    stage = model.deployment.stage
    found = outputs.urls(made.api, stage, model.routes, names) if made.stage else []
    found += outputs.bucket(host.data_store or to(made.data_store), names)
    if isinstance(who.identity, iam.Role):
        found.append(outputs.writer_role(who.identity, names))
    elif who.identity is not None:
        found.append(outputs.writer_user(who.identity, names))
    if who.secret is not None:
        found.append(outputs.secret(who.secret, names))
    elif who.access_key is not None:
        found += outputs.key(who.access_key, names)
    return found
