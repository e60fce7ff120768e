"""Reads of documents through the API."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.deploy.outputs import ModelOutputs
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.progress import Note, OnProgress, Step, ignore
from readmodel_cfn.stack.connected import ConnectedStack
from readmodel_cfn.template.metrics import TRIGGERS
from readmodel_cfn.template.sections.access import key_id_output

if TYPE_CHECKING:
    from readmodel_cfn.aws.authorization import Authorize
    from readmodel_cfn.aws.http import Response
    from readmodel_cfn.deploy.values import Stack
    from readmodel_cfn.verify.contract import CheckedStack, Contract


class Reads(ConnectedStack):
    """A stack whose documents are read through its API."""

    @readable_errors()
    def read(self, path: str | None = None, on_progress: OnProgress = ignore) -> "Response":
        """GET a path of the deployed API, such as products/42 (default: the first route's).

        With [access] the request is signed, or has the value of the first API key.

        No HTTP status is an error here; `raise_for_status` of the response raises one, with a hint
        that distinguishes a document that is not published from a path that no route has.

        Raises:
            ConfigError: no path is given, and the first route has parameters.
            ReadModelError: the stack does not exist, or its API does not respond.
        """
        from readmodel_cfn.aws.http import request

        self._require_model()
        outputs = self._readable(self._own_outputs(on_progress))
        first = outputs.required("SamplesUrl")
        if path is None and outputs.cdn_url():
            first = outputs.url(self.model.routes[0].path)
        url = outputs.url(path) if path else first
        if path is None and "{" in url:
            hint = f"add a PATH, such as {self.model.routes[0].example.path}"
            raise ConfigError("the first route has parameters", where="read", hint=hint)
        on_progress(Step(f"Waiting for {url}"))
        headers = self._authorize(outputs)("GET", url)
        response = request(url, headers=headers, ca_bundle=self.connection.ca_bundle)
        if response.ok:
            return response
        from readmodel_cfn.verify.failed_read import read_hint

        model = self.model
        hint = read_hint(
            response,
            path or model.routes[0].path,
            model.routes,
            self.location,
            masked=model.api.missing == "mask",
            article=self.article,
            releases=model.releases is not None,
            access=model.access,
        )
        return replace(response, hint=hint)

    def _authorize(self, outputs: ModelOutputs) -> "Authorize":
        """What authorizes reads of the deployed API: a signature, or the first API key."""
        from readmodel_cfn.aws.authorization import anonymous, signed, with_api_key

        access = self.model.access
        if access is None or access.auth == "public":
            return anonymous
        if access.auth == "iam":
            return signed(self.connection)
        return with_api_key(self.connection, outputs.required(key_id_output(access.key_names[0])))

    def _contract(self) -> "Contract":
        """What the stack promises its readers."""
        from readmodel_cfn.verify.contract import Contract, PromisedRoute

        model, access = self.model, self.model.access
        compress_from = model.api.compress_from
        return Contract(
            routes=tuple(PromisedRoute(route.path, route.key) for route in model.routes),
            cache_control=model.data_store.cache_control,
            gzip_stored=model.data_store.gzip_stored,
            cors_origins=model.api.cors_origins,
            cors_headers=(*model.api.cors_headers, *(access.request_headers if access else ())),
            missing=model.api.missing,
            compress_from=None if compress_from == "never" else compress_from,
            article=self.article,
            auth=access.auth if access else "public",
            restricts_network=access is not None and access.restricts_network,
        )

    def _readable(self, outputs: ModelOutputs) -> ModelOutputs:
        """The outputs with URLs that can be read from here.

        A domain name is used where it resolves: before its DNS record is known, the API is read at
        its own URL, unless that is disabled. An emulator has no domain names: one that resolves is
        not the emulator's.
        """
        from readmodel_cfn.aws.http import resolves

        if not outputs.has_domain:
            return outputs
        if self.connection.emulator_url:
            return outputs.at_default_endpoint()
        domain = self.model.domain
        disabled = domain is not None and not domain.default_endpoint
        return outputs if disabled or resolves(outputs.api_url()) else outputs.at_default_endpoint()

    def _checked(self, stack: "Stack") -> "CheckedStack":
        from readmodel_cfn.deploy.plan import is_managed
        from readmodel_cfn.verify.contract import CheckedStack

        outputs = self._own_outputs(stack=stack)
        domain, default = self.model.domain, outputs.at_default_endpoint().api_url()
        return CheckedStack(
            location=self.location.of_stack(stack.id),
            bucket=outputs.required("S3BucketName"),
            api_url=self._readable(outputs).api_url(),
            is_managed=is_managed(stack),
            authorize=self._authorize(outputs),
            disabled_url=default if domain and not domain.default_endpoint else None,
            cdn_url=outputs.cdn_url(),
        )

    def _reading(self, on_progress: OnProgress, stack: "Stack") -> AbstractContextManager[None]:
        """Reads of the deployed API, whose metrics the alarms watch, while a `with` block runs.

        A CDN is not read: it may answer without the API. An API that cannot be read is a note.
        """
        from readmodel_cfn.verify.reads import reading

        try:
            with readable_errors():
                outputs = self._readable(self._own_outputs(stack=stack))
                url, authorize = outputs.api_url(), self._authorize(outputs)
        except ReadModelError as error:
            on_progress(Note(f"The API is not read meanwhile: {error}"))
            return nullcontext()
        ca_bundle = self.connection.ca_bundle
        return reading(url, self._contract().routes, authorize, ca_bundle, on_progress)

    @property
    def _triggers(self) -> tuple[str, ...]:
        """The logical IDs of the alarms that undo an update or a release."""
        return tuple(f"{self.config.stack.prefix}{name}" for name in TRIGGERS)
