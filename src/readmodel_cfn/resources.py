"""The resources of one read model: the sections' functions, called in the article's order."""

from collections.abc import Iterator
from dataclasses import dataclass

from troposphere import AWSObject, Output, iam, s3, secretsmanager
from troposphere import apigateway as ag

from readmodel_cfn.model import ReadModel
from readmodel_cfn.naming import Names
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
    """All resources of one read model, to `Ref` and `GetAtt`; None where the model has none."""

    data_store: s3.Bucket
    data_store_policy: s3.BucketPolicy | None
    writer: WriterResources
    gateway_role: iam.Role
    gateway_policies: tuple[iam.PolicyType | iam.ManagedPolicy, ...]
    api: ag.RestApi
    api_resources: tuple[ag.Resource, ...]
    methods: tuple[ag.Method, ...]
    gateway_responses: tuple[ag.GatewayResponse, ...]
    deployment: ag.Deployment
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
class _Interface:
    """The API and what its deployment is a snapshot of."""

    api: ag.RestApi
    tree: dict[str, ag.Resource]
    methods: list[ag.Method]
    responses: list[ag.GatewayResponse]


def resources(model: ReadModel, names: Names) -> Resources:
    """Make every resource of the model; none is in a template yet."""
    store = data_store.bucket(model.data_store, names)
    reader = gateway_role.role(model.gateway_role, names)
    keys = [route.key_pattern for route in model.routes]
    reading = gateway_role.Reading(model.api.missing == "not-found", model.data_store.kms_key)
    interface = _interface(model, store, reader, names)
    deployed, stage = _deployed(model, interface, store, reader, names)
    return Resources(
        data_store=store,
        data_store_policy=_store_policy(model, store, names),
        writer=_writer(model, store, keys, names),
        gateway_role=reader,
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


def _store_policy(model: ReadModel, store: s3.Bucket, names: Names) -> s3.BucketPolicy | None:
    return None if model.as_printed else data_store.bucket_policy(model.data_store, store, names)


def _interface(model: ReadModel, store: s3.Bucket, reader: iam.Role, names: Names) -> _Interface:
    gzip, origin, routes = model.data_store.gzip_stored, model.api.cors_origin, model.routes
    rest_api = api.rest_api(model.api, gzip, names)
    tree = api.resources(routes, rest_api, names)
    methods = api.read_methods(model.api, gzip, routes, tree, store, reader, names)
    methods += cors.preflights(origin, gzip, routes, tree, names)
    responses = [] if model.as_printed else gateway_responses.of(origin, rest_api, names)
    return _Interface(rest_api, tree, methods, responses)


def _deployed(
    model: ReadModel, made: _Interface, store: s3.Bucket, reader: iam.Role, names: Names
) -> tuple[ag.Deployment, ag.Stage | None]:
    options, waits_for = model.deployment, [*made.methods, *made.responses]
    if model.as_printed:
        return deployment.article_deployment(options, made.api, waits_for, names), None
    served = [made.api, *made.tree.values(), *waits_for, store, reader]
    digest = deployment.fingerprint(options, {one.title: one.resource for one in served})
    deployed = deployment.deployment(made.api, waits_for, digest, names)
    return deployed, deployment.stage(options, model.routes, made.api, deployed, names)


def _writer(model: ReadModel, store: s3.Bucket, keys: list[str], names: Names) -> WriterResources:
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


def outputs_of(model: ReadModel, made: Resources, names: Names) -> list[Output]:
    """The outputs that go with the resources."""
    who = made.writer
    if model.as_printed:
        return outputs.as_printed(made.api, who.access_key, names)
    found = outputs.urls(made.api, model.deployment.stage, model.routes, names)
    found.append(outputs.bucket(made.data_store, names))
    if isinstance(who.identity, iam.Role):
        found.append(outputs.writer_role(who.identity, names))
    elif who.identity is not None:
        found.append(outputs.writer_user(who.identity, names))
    if who.secret is not None:
        found.append(outputs.secret(who.secret, names))
    elif who.access_key is not None:
        found += outputs.key(who.access_key, names)
    return found
