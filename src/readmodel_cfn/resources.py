"""The resources of one read model: the sections' functions, called in the article's order."""

from collections.abc import Iterator
from dataclasses import dataclass

from troposphere import AWSObject, Output, iam, s3, secretsmanager
from troposphere import apigateway as ag

from readmodel_cfn.model import ReadModel
from readmodel_cfn.naming import Names
from readmodel_cfn.sections import api, data_store, deployment, gateway_role, outputs, writer


@dataclass(frozen=True)
class WriterResources:
    """Who publishes: a user with its key, or a role; None where the model has none."""

    identity: iam.User | iam.Role | None = None
    access_key: iam.AccessKey | None = None
    secret: secretsmanager.Secret | None = None


@dataclass(frozen=True)
class Resources:
    """All resources of one read model, to `Ref` and `GetAtt`; None where the model has none."""

    data_store: s3.Bucket
    data_store_policy: s3.BucketPolicy | None
    writer: WriterResources
    gateway_role: iam.Role
    gateway_policy: iam.PolicyType
    api: ag.RestApi
    api_resources: tuple[ag.Resource, ...]
    methods: tuple[ag.Method, ...]
    deployment: ag.Deployment
    stage: ag.Stage | None

    def __iter__(self) -> Iterator[AWSObject]:
        """Each resource that there is, in the article's order."""
        store = [self.data_store, self.data_store_policy]
        publisher = [self.writer.identity, self.writer.access_key, self.writer.secret]
        reader = [self.gateway_role, self.gateway_policy]
        interface = [self.api, *self.api_resources, *self.methods, self.deployment, self.stage]
        yield from (one for one in [*store, *publisher, *reader, *interface] if one is not None)


def resources(model: ReadModel, names: Names) -> Resources:
    """Make every resource of the model; none is in a template yet."""
    store = data_store.bucket(model.data_store, names)
    reader = gateway_role.role(model.gateway_role, names)
    keys = [route.key_pattern for route in model.routes]
    kms_key = model.data_store.kms_key
    rest_api = api.rest_api(model.api, names)
    tree = api.resources(model.routes, rest_api, names)
    methods = [
        api.get_method(model.api, route, tree[route.path], store, reader, names)
        for route in model.routes
    ]
    served = [rest_api, *tree.values(), *methods, store, reader]
    digest = deployment.fingerprint(model.deployment, {one.title: one.to_dict() for one in served})
    deployed = deployment.deployment(model.deployment, rest_api, methods, digest, names)
    return Resources(
        data_store=store,
        data_store_policy=None if model.as_printed else data_store.bucket_policy(store, names),
        writer=_writer(model, store, keys, names),
        gateway_role=reader,
        gateway_policy=gateway_role.policy(model.gateway_role, reader, store, keys, kms_key, names),
        api=rest_api,
        api_resources=tuple(tree.values()),
        methods=tuple(methods),
        deployment=deployed,
        stage=None
        if model.as_printed
        else deployment.stage(model.deployment, rest_api, deployed, names),
    )


def _writer(model: ReadModel, store: s3.Bucket, keys: list[str], names: Names) -> WriterResources:
    options = model.writer
    if options.kind == "none":
        return WriterResources()
    statements = writer.grants(options, store, keys, model.data_store.kms_key)
    if options.kind == "role":
        return WriterResources(writer.role(options, statements, names))
    user = writer.user(options, statements, names)
    key = writer.access_key(options, user, names)
    kept = writer.secret(key, names) if options.key_in == "secret" else None
    return WriterResources(user, key, kept)


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
