"""ReadModelStack: one read model as one CloudFormation stack.

    shop = ReadModelStack("shop", ReadModel(routes=[Route("products/{id}", "products/{id}.json")]))
    shop.deploy()
    shop.publish({"products/42.json": {"id": 42}})
    print(shop.read("products/42").json())

Most methods are a command of the command line. Results are frozen values; their `as_dict()` is what
the command prints with `--json`. All errors are ReadModelErrors.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.consent import Confirm
from readmodel_cfn.progress import Note, OnProgress, ignore
from readmodel_cfn.stack.deploying import Deploying
from readmodel_cfn.template.sections.cdn import US_EAST_1

if TYPE_CHECKING:
    from readmodel_cfn.estimate.cost import Estimate
    from readmodel_cfn.estimate.prices import Prices
    from readmodel_cfn.estimate.sizes import Paths, Sizes
    from readmodel_cfn.local.serve import Source
    from readmodel_cfn.verify.race.race import RaceResult
    from readmodel_cfn.verify.releases.result import SwitchResult
    from readmodel_cfn.verify.verify import VerifyResult


class ReadModelStack(Deploying):
    """One read model as one CloudFormation stack in one AWS account and region.

    AWS is not called before a method needs it. All methods use one connection.

    Args:
        name: Name of the stack.
        model: The read model; `ReadModel()` is the built-in example. Without one, the methods that
            need it raise ConfigError before AWS is called, and the others work.
        region: AWS region (default: that of the environment or the profile).
        profile: AWS profile (default: that of the environment).
        endpoint_url: One URL for every AWS service, such as an emulator's.
        session: A boto3 session, instead of region and profile.
        sandbox: Whether to use the embedded AWS; it is started if needed.
        tags: Tags of the stack, which CloudFormation copies to its resources.
        termination_protection: Whether CloudFormation refuses to delete the stack.
        role_arn: ARN of the IAM role that CloudFormation assumes.
        account: The only AWS account that may be used, except for the sandbox.
        prefix: Prefix of the logical IDs and outputs, if the stack holds more than this read model.
        article: Whether to use the original 2018 template instead of `model`.

    Raises:
        ConfigError: a value that AWS would refuse, or options that exclude each other.
    """

    @readable_errors()
    def verify(
        self,
        *,
        route: str | None = None,
        timeout: float = 15,
        not_ours: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "VerifyResult":
        """Check over HTTP that the deployed stack responds as the read model promises.

        A probe document is written under a route, and always removed, also after an error. A route
        without parameters serves it to its clients for some seconds, which requires consent.

        Args:
            route: Path of the route to probe (default: one with a parameter).
            timeout: Seconds in which the first read must succeed and throttled ones are retried.
            not_ours: Whether a stack without this tool's tag is allowed.
            confirm: Called before a change that requires consent; by default the call is consent.
            on_progress: Gets Step and Note.

        Raises:
            ConfigError: no route has the path.
            ReadModelError: the stack does not exist or has no tag, or no server responds.
            Unfinished: another document was published meanwhile, or the API is throttled.
        """
        from readmodel_cfn.verify.contract import plan_probe
        from readmodel_cfn.verify.verify import verify

        contract = self._contract()
        probe = plan_probe(contract, route)
        status = self.status(on_progress=on_progress)
        if status.differs:
            hint = f"to compare them: {self.location.command('diff')}"
            on_progress(Note(f"The read model differs from the deployed stack; {hint}"))
        if self.model.releases:
            contract = contract.in_release(self._live_stage_release(on_progress))
            probe = plan_probe(contract, route)
        return verify(
            self._checked(status.stack),
            contract,
            probe,
            status.live,
            timeout=timeout,
            not_ours=not_ours,
            confirm=confirm,
            on_progress=on_progress,
        )

    @readable_errors()
    def race(
        self,
        *,
        seconds: float = 10,
        readers: int = 8,
        size: int = 1_000_000,
        route: str | None = None,
        not_ours: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "RaceResult":
        """Check that readers get complete and current documents while they are replaced.

        One writer replaces a document while `readers` processes read it through the API, with at
        most 10,000 reads and 1,000 writes. The document is removed also after an error.

        Args:
            seconds: How long documents are written and read.
            readers: Number of reader processes.
            size: Size of each document in bytes.
            route: Path of the route to read (default: one with a parameter).
            not_ours: Whether a stack without this tool's tag is allowed.
            confirm: Called before a change that requires consent; by default the call is consent.
            on_progress: Gets Step and Note.

        Raises:
            ConfigError: no route has the path, or no document can have the size.
            ReadModelError: the stack does not exist or has no tag, or no server responds.
            Unfinished: another document was published meanwhile.
        """
        from readmodel_cfn.verify.contract import plan_probe
        from readmodel_cfn.verify.race.race import plan_race, race

        contract = self._contract()
        probe, plan = plan_probe(contract, route), plan_race(size, readers, seconds)
        if self.model.releases:
            contract = contract.in_release(self._live_stage_release(on_progress))
            probe = plan_probe(contract, route)
        stack = self._checked(self._described(on_progress))
        return race(
            stack,
            contract,
            probe,
            plan,
            not_ours=not_ours,
            confirm=confirm,
            on_progress=on_progress,
        )

    @readable_errors()
    def verify_releases(
        self,
        *,
        readers: int = 4,
        route: str | None = None,
        not_ours: bool = False,
        confirm: Confirm | None = None,
        on_progress: OnProgress = ignore,
    ) -> "SwitchResult":
        """Check that readers get each release whole while 50 of them are activated.

        With a preview stage only that stage is switched. Without one the live stage is: then each
        release also has copies of the live documents, at most 100. At the end the stage serves what
        it served before, and the releases are deleted, also after an error.

        Args:
            readers: Number of concurrent readers.
            route: Path of the route to read, which has a parameter.
            not_ours: Whether a stack without this tool's tag is allowed.
            confirm: Called before a change that requires consent; by default the call is consent.
            on_progress: Gets Step, Note and Count.

        Raises:
            ConfigError: the read model has no releases or no route with a parameter, or the live
                release has too many documents.
            ReadModelError: no release is live, or the stack does not exist or has no tag.
        """
        from readmodel_cfn.verify.releases.run import verify_releases

        self._require_releases("--releases")
        activation = self._activation(on_progress)
        stack = self._described(on_progress)
        return verify_releases(
            self._checked(stack),
            self._contract(),
            activation,
            self._own_outputs(stack=stack).values.get("PreviewUrl"),
            route=route,
            readers=readers,
            not_ours=not_ours,
            confirm=confirm,
            on_progress=on_progress,
        )

    @readable_errors()
    def openapi(
        self, *, api: str | None = None, deployed: bool = False, on_progress: OnProgress = ignore
    ) -> dict[str, Any]:
        """The API as an OpenAPI 3.1 document, with the JSON Schemas of the model's routes.

        Args:
            api: The logical ID of the API, if the template has several that read S3.
            deployed: Whether to describe the deployed stack: its template and its URL. Otherwise
                AWS is not called.
            on_progress: Gets a Note for each part that may read S3 and is left out.

        Raises:
            ConfigError: no such API, a file that is not a JSON Schema, or the extra `schema`, which
                schemas require, is not installed.
            ReadModelError: the deployed stack does not exist, or has no API.
        """
        from readmodel_cfn.analysis.openapi import openapi
        from readmodel_cfn.analysis.view import unchecked_parts

        template: Any
        urls: Mapping[str, str] = {}
        if deployed:
            stack = self._described(on_progress)
            outputs = self._own_outputs(stack=stack).at_default_endpoint()
            outputs.api_url()  # it must have one
            urls, template = outputs.api_urls(), self._client.template(stack.id)
        else:
            template = self.template()
        routes = self.model.routes if self._has_model else ()
        document = openapi(
            template,
            api,
            stack_name=self.name,
            region=self.connection.region_name if deployed else self.config.stack.region,
            schemas={route.path: route.schema for route in routes if route.schema},
            urls=urls,
        )
        for unchecked in unchecked_parts(template):
            on_progress(Note(f"left out: {unchecked}"))
        return document

    def estimate(
        self,
        documents: "Paths | Mapping[str, object] | None" = None,
        *,
        reads: int,
        writes: int,
        hit_rate: float = 0,
        region: str | None = None,
        prices: "str | Path | Prices | None" = None,
        exclude: Sequence[str] = (),
        on_progress: OnProgress = ignore,
    ) -> "Estimate":
        """The monthly cost of the API alone, of a CDN on the API, and of a CDN on the bucket.

        AWS is not called. What has no price with a source is None, and so are the sums with it.

        Args:
            documents: Paths of files and directories, or a mapping of keys to values, as `publish`
                takes them: their sizes as compressed. They must be JSON that routes serve; JSON
                Schemas are not checked. Without them storage and data transfer are unknown.
            reads: Reads a month, as many of each document.
            writes: Documents that are sent a month; each replaces a version.
            hit_rate: Percentage of the reads that a CDN answers without asking its origin (default
                0, which is what `max_age = 0` under [data_store] means).
            region: Region of the prices (default: that of the stack, else us-east-1).
            prices: A file of prices instead of the package's own, or its prices.
            exclude: Glob patterns of keys that are left out, besides those of the configuration.
            on_progress: Gets Step and Note.

        Raises:
            ConfigError: a number or the file of prices is not allowed, or there is no document.
            InvalidDocuments: documents are invalid.
        """
        from readmodel_cfn.estimate.cost import estimate, percentage
        from readmodel_cfn.estimate.prices import known_prices, load_prices, regions
        from readmodel_cfn.estimate.usage import design_of, usage_of

        region = region or self._requested.region or self.config.stack.region or US_EAST_1
        if prices is None:
            prices = known_prices()
        elif isinstance(prices, str | Path):
            prices = load_prices(prices)
        if region not in (known := regions(prices)):
            on_progress(Note(f"there are no prices for {region}, only for {', '.join(known)}"))
        sizes = None if documents is None else self._sizes(documents, exclude, on_progress)
        usage = usage_of(self.model, reads, writes, percentage(hit_rate), sizes)
        return estimate(usage, region, prices, design_of(self.model))

    def _sizes(
        self,
        documents: "Paths | Mapping[str, object]",
        exclude: Sequence[str],
        on_progress: OnProgress,
    ) -> "Sizes":
        """The sizes of documents as this read model stores and sends them."""
        from readmodel_cfn.estimate.sizes import sizes_of
        from readmodel_cfn.publish.selection import Selection

        compress_from = self.model.api.compress_from
        selection = Selection(self.model.routes, self._excluded(exclude))
        least = None if self.article or compress_from == "never" else compress_from
        return sizes_of(documents, self._settings, selection, least, on_progress)

    def serving(
        self,
        documents: str | Path = "data",
        *,
        s3_endpoint: str | None = None,
        sign: bool = False,
        origins: Sequence[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        on_progress: OnProgress = ignore,
    ) -> AbstractContextManager[str]:
        """Serve the API on this machine while a `with` block runs; it yields the API's URL.

        No AWS is needed. The arguments are those of `readmodel_cfn.local.serve.serving`.

        Raises:
            ConfigError: the folder of documents does not exist.
            ReadModelError: the port is in use.
        """
        from readmodel_cfn.local.serve import serving

        return serving(
            self.serve_source(),
            documents,
            s3_endpoint=s3_endpoint,
            sign=sign,
            origins=origins,
            host=host,
            port=port,
            on_progress=on_progress,
        )

    def serve_source(self) -> "Source":
        """What `serve` serves: the template, its parameters, and how documents are stored."""
        from readmodel_cfn.local.serve import Source, Storage
        from readmodel_cfn.publish.documents import check_document
        from readmodel_cfn.publish.selection import Selection

        settings = self._settings
        selection = Selection(self.model.routes, self.config.publish.exclude)
        storage = Storage(
            headers={name.lower(): value for name, value in settings.attributes.items()},
            encode=settings.stored,
            publishes=selection.publishes,
            check=lambda document, file: check_document(document, file, settings),
        )
        values = {"StackName": self.name, "AWS::StackName": self.name}
        return Source(json.loads(self.template()), values, storage=storage)
