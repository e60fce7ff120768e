"""`verify` on the embedded AWS: a correct stack, broken stacks, and the removal of the probe."""

import functools
import json
import re
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import boto3
import pytest
from verify_site import (
    ORIGIN,
    TOML,
    Break,
    Site,
    every_method,
    missing_is_200,
    other_key,
    public,
    rewritten,
    stopped,
    with_header,
    without_304,
    without_compression,
    without_condition,
    without_gateway_response,
    without_header,
    without_methods,
)

from readmodel_cfn.aws import http
from readmodel_cfn.consent import ConsentRequired
from readmodel_cfn.deploy.empty import remove
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.verify import session
from readmodel_cfn.verify.probe import InterruptGuard, ProbeDocument

Clients = Callable[..., Any]
NO_TLS = ["bucket refuses plain HTTP", "API refuses plain HTTP", "TLS 1.2 or later", "throttling"]
NOT_MODIFIED = "304 on a matching If-None-Match"
SERVED, CHANGE = "served whole and equal", "a change is seen"
READABLE, LISTABLE = "bucket not readable without the API", "bucket not listable"
LIVE = "what is live is what the template says"


@pytest.fixture(scope="module")
def make_site(
    sandbox: Sandbox, client_of: Clients, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Site]]:
    """Deploys a stack, correct or broken; all buckets are removed at the end."""
    made: list[Site] = []
    clients = functools.cache(lambda service: client_of(sandbox, service))

    def make(toml: str = TOML, *arguments: str, harm: Break | None = None) -> Site:
        config = tmp_path_factory.mktemp("verify") / "readmodel.toml"
        config.write_text(toml)
        name = f"verify-{secrets.token_hex(4)}"
        site = Site(config, sandbox, name, clients)
        if harm:
            site.deploy_broken(harm)
        else:
            site.deploy(*arguments)
        made.append(site)
        return site

    yield make
    for site in made:
        remove(site.clients("s3"), site.bucket)


@pytest.fixture(scope="module")
def sound(make_site: Callable[..., Site]) -> Site:
    """A correct stack, which tests of a probe share: each leaves it unchanged."""
    return make_site()


# --- a correct stack ---


def test_correct_stack_passes_all_checks_that_can_run(sound: Site) -> None:
    before = sound.content()
    found = sound.verify()
    assert [name for name, promise in found.items() if promise["status"] != "kept"] == NO_TLS
    assert re.search(r"\b16\b.*\b4\b", sound.stderr)
    assert sound.content() == before
    assert sound.found["left"] == []
    assert sound.found["key"].startswith("products/readmodel-cfn-probe-")


def test_output_for_people_is_a_table(sound: Site) -> None:
    done = sound.run("verify")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 20
    assert [line.split("  ")[0] for line in lines] == ["not checked"] * 4 + ["kept"] * 16


def test_broken_promises_are_the_first_lines_and_each_is_there_once(
    make_site: Callable[..., Site],
) -> None:
    site = make_site()
    site.config.write_text(TOML.replace(ORIGIN, "https://other.example"))
    done = site.run("verify")
    assert done.exit_code == 7
    lines = done.stdout.splitlines()
    assert lines[0].startswith("broken  ")
    assert [line for line in lines if line.startswith("broken  ")] == [lines[0]]
    assert "CORS" in lines[0]
    assert "readmodel-cfn deploy" in lines[1]


@pytest.mark.parametrize(
    "more",
    [
        '[data_store]\nstored_encoding = "gzip"\nmax_age = 60\n' + TOML,
        '[api]\nmissing = "mask"\ncompress_from = "never"\n'
        '[[routes]]\npath = "{p+}"\nkey = "{p}"\n',
    ],
    ids=["gzip-stored", "mask-greedy"],
)
def test_stacks_of_other_models_pass_all_checks(make_site: Callable[..., Site], more: str) -> None:
    found = make_site(more).verify()
    assert not [name for name, promise in found.items() if promise["status"] == "broken"]


# --- broken stacks ---

CORS_404 = without_header("Access-Control-Allow-Origin", "404")
UNEXPOSED = without_header("Access-Control-Expose-Headers")


@pytest.mark.parametrize(
    ("harm", "promises"),
    [
        (without_304, [NOT_MODIFIED]),
        (without_condition, [NOT_MODIFIED]),
        (without_header("ETag"), ["ETag"]),
        (without_header("ETag", "304"), [NOT_MODIFIED]),
        (without_header("Cache-Control"), ["Cache-Control"]),
        (with_header("Content-Type", "text/plain"), ["Content-Type"]),
        (with_header("ETag", '"always"'), ["ETag", NOT_MODIFIED, CHANGE]),
        (without_header("ETag", "200", "HEAD"), ["HEAD"]),
        (without_methods("HEAD"), ["HEAD"]),
        (missing_is_200, ["missing key"]),
        (without_compression, ["compression"]),
        (without_header("Vary"), ["Vary"]),
        (without_gateway_response, ["unknown path", "other methods"]),
        (every_method, ["other methods"]),
        (CORS_404, ["CORS"]),
        (UNEXPOSED, ["CORS"]),
        (without_methods("OPTIONS"), ["CORS"]),
        (public("s3:GetObject", "/*"), [READABLE]),
        (public("s3:ListBucket", ""), [LISTABLE]),
        (rewritten, [SERVED, CHANGE, "compression"]),
        (other_key, [SERVED, "missing key"]),
        (stopped, [SERVED]),
    ],
)
def test_broken_stack_fails_the_matching_checks(
    make_site: Callable[..., Site], harm: Break, promises: list[str]
) -> None:
    site = make_site(harm=harm)
    assert site.broken() == promises
    assert site.content() == []


def test_stage_with_another_deployment_fails_and_names_the_fix(
    make_site: Callable[..., Site],
) -> None:
    site = make_site()
    gateway = site.clients("apigateway")
    url = json.loads(site.run("outputs", "--json").stdout)["ApiUrl"]
    gateway.create_deployment(restApiId=url.split("/")[-2], stageName="v1")
    assert site.broken() == [LIVE]
    assert "aws apigateway update-stage" in site.stderr


LIMITED = TOML + "\n[deployment]\nthrottle_rate = 5\nthrottle_burst = 5\n"


def test_verify_respects_a_low_throttling_limit(make_site: Callable[..., Site]) -> None:
    site = make_site(LIMITED)
    assert site.verify("--timeout", "20")["CORS"]["status"] == "kept"


def test_cors_that_the_config_lacks_fails(make_site: Callable[..., Site]) -> None:
    site = make_site()
    site.config.write_text(TOML.replace('cors_origin = "https://www.example.com"', ""))
    assert site.broken() == ["CORS"]
    assert "readmodel-cfn diff" in site.stderr


SEVERAL = 'cors_origin = ["http://localhost:3000", "http://shop.localhost", "https://a.example"]'


def test_each_of_several_origins_is_checked_and_one_that_is_not_configured(
    make_site: Callable[..., Site],
) -> None:
    one = f'cors_origin = "{ORIGIN}"'
    site = make_site(TOML.replace(one, SEVERAL))
    outcome = site.verify()["CORS"]
    assert outcome["status"] == "kept"
    assert "1 not checked" in outcome["what"]  # the sandbox refuses pages of other machines
    more = SEVERAL.replace("shop.localhost", "shop.localhost:8080")
    site.config.write_text(TOML.replace(one, more))
    assert site.broken() == ["CORS"]


# --- the article's ---


def test_stack_of_the_article_fails_the_checks_it_never_promised(
    make_site: Callable[..., Site],
) -> None:
    site = make_site("", "--article")
    s3, bucket = site.clients("s3"), site.bucket
    more = {"ContentType": "text/x", "ContentLanguage": "de", "Metadata": {"by": "hand"}}
    s3.put_object(Bucket=bucket, Key="payload.json", Body=b"\xff\x00", CacheControl="no", **more)
    before = site.document()
    assert site.broken("--article", "--yes") == [
        "ETag",
        "Cache-Control",
        NOT_MODIFIED,
        "HEAD",
        "compression",
        "unknown path",
        "other methods",
    ]
    assert site.document() == before
    (copy,) = set(re.findall(r"(?<!\S)(/\S+?\.json)\b", site.stderr))
    assert not Path(copy).exists()


# --- from Python ---


def stack_of(site: Site) -> ReadModelStack:
    """The same stack from Python."""
    session = boto3.Session(
        site.sandbox.access_key_id, site.sandbox.secret_access_key, region_name=site.sandbox.region
    )
    return ReadModelStack.from_config(
        site.config, name=site.name, session=session, endpoint_url=site.sandbox.endpoint_url
    )


def test_python_call_returns_the_outcomes_of_the_command(sound: Site) -> None:
    sound.verify()
    result = stack_of(sound).verify(timeout=0)
    result.raise_if_broken()
    statuses = [promise["status"] for promise in sound.found["promises"]]
    assert [promise.status for promise in result.promises] == statuses
    assert result.as_dict().keys() == sound.found.keys()


def test_python_call_without_consent_writes_nothing(sound: Site) -> None:
    before = sound.content()
    with pytest.raises(ConsentRequired):
        stack_of(sound).verify(route="samples", confirm=lambda _: False)
    with pytest.raises(ConsentRequired):
        stack_of(sound).race(confirm=lambda _: False)
    assert sound.content() == before


def test_python_race_returns_its_reads(sound: Site) -> None:
    before = sound.content()
    result = stack_of(sound).race(seconds=0.5, readers=1, size=1000)
    assert result.as_dict()["passed"]
    assert result.left == ()
    assert result.svg().startswith("<svg")
    assert sound.content() == before


# --- removal of the probe ---


@pytest.fixture
def at_request(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], object]], None]:
    """Does something while the request of this number is in progress."""
    request = http.request

    def arrange(number: int, happens: Callable[[], object]) -> None:
        count = [0]

        def counted(*arguments: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] == number:
                happens()
            return request(*arguments, **options)

        monkeypatch.setattr(session, "request", counted)

    return arrange


REQUESTS = [1, 5, 7, 14, 15]


@pytest.mark.parametrize("number", REQUESTS)
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "kill"])
def test_probe_is_removed_after_an_interruption(
    sound: Site, at_request: Any, number: int, which: signal.Signals
) -> None:
    before = sound.content()
    at_request(number, lambda: signal.raise_signal(which))
    done = sound.run("verify")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert sound.content() == before


def test_probe_is_removed_after_an_interruption_before_its_removal(
    sound: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last response and the removal."""
    hold, before = InterruptGuard.hold, sound.content()

    def late(self: InterruptGuard) -> None:
        signal.raise_signal(signal.SIGINT)
        hold(self)

    monkeypatch.setattr(InterruptGuard, "hold", late)
    done = sound.run("verify")
    assert done.exit_code == 1
    assert sound.content() == before


def test_interrupted_write_of_the_probe_is_completed_and_removed(
    sound: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 may complete the write later, after the probe would have been removed."""
    before, timers = sound.content(), []

    def slow(self: ProbeDocument, call: Callable[..., Any], **arguments: Any) -> Any:
        timer = Timer(0.2, call, (), self._at | arguments)
        timers.append(timer)
        timer.start()
        signal.raise_signal(signal.SIGINT)
        timer.join()

    monkeypatch.setattr(ProbeDocument, "_unless_conflict", slow)
    assert sound.run("verify").exit_code == 1
    for timer in timers:
        timer.join()
    assert timers
    assert sound.content() == before


def fail() -> None:
    raise RuntimeError("unexpected")


def test_probe_is_removed_after_an_unexpected_error(sound: Site, at_request: Any) -> None:
    before = sound.content()
    at_request(7, fail)
    assert isinstance(sound.run("verify").exception, RuntimeError)
    assert sound.content() == before


STATIC = ("--route", "samples", "--yes")


def test_probe_of_a_static_route_requires_consent(sound: Site) -> None:
    before = sound.content()
    done = sound.run("verify", "--route", "samples")
    assert done.exit_code == 1
    assert "/samples" in done.stderr
    assert "--yes" in done.stderr.splitlines()[-1]
    assert sound.content() == before


@pytest.mark.parametrize("interrupted", [False, True])
def test_document_of_a_static_route_is_restored(
    make_site: Callable[..., Site], at_request: Any, interrupted: bool
) -> None:
    site = make_site()
    s3, bucket = site.clients("s3"), site.bucket
    for body in (b"older", b"newer"):
        s3.put_object(Bucket=bucket, Key="payload.json", Body=body, Metadata={"by": "hand"})
    before = site.content(), site.document()
    if interrupted:
        at_request(8, lambda: signal.raise_signal(signal.SIGINT))
        assert site.run("verify", *STATIC).exit_code == 1
    else:
        found = site.verify(*STATIC)
        assert not [name for name, promise in found.items() if promise["status"] == "broken"]
        assert site.found["key"] == "payload.json"
    assert (site.content(), site.document()) == before


@pytest.mark.parametrize("deleted", [False, True])
def test_static_route_without_a_document_has_none_afterwards(
    make_site: Callable[..., Site], deleted: bool
) -> None:
    site = make_site()
    if deleted:
        s3, bucket = site.clients("s3"), site.bucket
        s3.put_object(Bucket=bucket, Key="payload.json", Body=b"1")
        s3.delete_object(Bucket=bucket, Key="payload.json")
    before = site.content()
    assert site.verify(*STATIC)["missing key"]["status"] == "kept"
    assert site.content() == before


@pytest.mark.parametrize(
    ("article", "number"), [(False, 1), (False, 7), (False, 15), (True, 1), (True, 5), (True, 13)]
)
def test_document_published_meanwhile_is_kept(
    make_site: Callable[..., Site], at_request: Any, article: bool, number: int
) -> None:
    site = make_site("", "--article") if article else make_site()
    s3, at = site.clients("s3"), {"Bucket": site.bucket, "Key": "payload.json"}
    s3.put_object(**at, Body=b"before")
    at_request(number, lambda: s3.put_object(**at, Body=b"meanwhile"))
    done = site.run("verify", *STATIC)
    assert done.exit_code == 9, done.output
    assert site.document()[0] == b"meanwhile"
    versions = s3.list_object_versions(Bucket=at["Bucket"])["Versions"]
    assert len(versions) == (1 if article else 2)


def test_probe_that_may_not_be_deleted_is_hidden_and_reported(
    make_site: Callable[..., Site],
) -> None:
    site = make_site()
    iam = site.clients("iam")
    iam.create_user(UserName=site.name)
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "s3:DeleteObjectVersion", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    iam.put_user_policy(UserName=site.name, PolicyName="p", PolicyDocument=policy)
    made = iam.create_access_key(UserName=site.name)["AccessKey"]
    key = made["AccessKeyId"], made["SecretAccessKey"]
    at = {"Bucket": site.bucket, "Key": "payload.json"}
    site.clients("s3").put_object(**at, Body=b'{"n": 1}', ContentLanguage="de")
    before = site.document()
    site.verify(*STATIC, exits=6, key=key)
    assert site.document() == before
    assert re.search(r"\b2\b.*AccessDenied", site.found["left"][0])
    site.verify(exits=6, key=key)
    hidden = [entry for entry in site.content() if "readmodel-cfn-probe" in entry[0]]
    assert [entry[4] for entry in hidden] == ["False", "False", "True"]
    assert hidden[-1][2] == "None", "a delete marker is the latest"


def test_probe_of_another_run_is_not_taken_for_a_document(
    make_site: Callable[..., Site],
) -> None:
    site = make_site()
    mark = {"readmodel-cfn-probe": "another"}
    s3 = site.clients("s3")
    s3.put_object(Bucket=site.bucket, Key="payload.json", Body=b"1", Metadata=mark)
    before = site.content()
    done = site.run("verify", *STATIC)
    assert done.exit_code == 1
    assert "payload.json" in done.stderr
    assert site.content() == before


# --- which stack ---


def test_stack_without_the_tag_gets_no_probe_unless_requested(
    make_site: Callable[..., Site],
) -> None:
    site = make_site()
    site.clients("cloudformation").update_stack(
        StackName=site.name,
        UsePreviousTemplate=True,
        Tags=[{"Key": "of", "Value": "another"}],
        Capabilities=["CAPABILITY_IAM"],
    )
    done = site.run("verify")
    assert done.exit_code == 1
    assert "readmodel-cfn = managed" in done.stderr
    assert "--not-ours" in done.stderr
    assert site.verify("--not-ours")
