"""Break one promise at a time: each break must turn a named test red.

A test that stays green while its promise is broken tests nothing. Each `Sabotage` replaces a line
in a copy of the project and runs the one test that must notice; in an unharmed copy it must pass.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROPERTIES = "tests/unit/test_properties.py::test_"
JOURNEY = "tests/sandbox/test_journey.py::test_"
COMPOSE = "tests/unit/test_compose.py::test_"
READS = "tests/sandbox/test_reads.py::test_"
PLAN = "tests/unit/test_plan.py::test_"
DEPLOY = "tests/functional/test_deploy_command.py::test_"
DIFF = "tests/functional/test_diff_command.py::test_"
GRAPH = "tests/unit/graph/test_graph_picture.py::test_"
OPENAPI = "tests/unit/openapi/test_openapi_models.py::test_"
WORKERS = 2


@dataclass(frozen=True)
class Sabotage:
    """A promise, the change below src/readmodel_cfn that breaks it, and the test that must fail."""

    promise: str
    file: str
    old: str
    new: str
    test: str


SABOTAGES = (
    Sabotage(
        "the writer has no s3:*",
        "policies.py",
        "PUT, GET, DELETE = s3.PutObject, ",
        'PUT, GET, DELETE = Action("s3", "*"), ',
        PROPERTIES + "nothing_but_the_article_names_a_region_a_partition_or_grants_by_wildcard",
    ),
    Sabotage(
        "a key is granted by the narrowest pattern",
        "routes.py",
        'return re.sub(r"\\{\\w+\\}", "*", self.key)',
        'return "*"',
        JOURNEY + "the_writer_may_put_the_routes_keys_and_nothing_else",
    ),
    Sabotage(
        "the key is not in the outputs",
        "resources.py",
        'writer.secret(key, names) if options.key_in == "secret" else None',
        "None",
        PROPERTIES + "the_secret_key_is_in_the_outputs_only_when_asked",
    ),
    Sabotage(
        "every method is in DependsOn",
        "sections/deployment.py",
        'f"{api.title}Deployment{digest}", DependsOn=list(waits_for)',
        'f"{api.title}Deployment{digest}", DependsOn=list(waits_for)[1:]',
        PROPERTIES + "the_deployment_waits_for_every_method_and_gateway_response",
    ),
    Sabotage(
        "the hash sees the methods",
        "sections/deployment.py",
        '"AWS::ApiGateway::Method": None,',
        '"AWS::ApiGateway::Method": (),',
        PROPERTIES + "the_deployment_is_new_exactly_when_what_it_serves_is",
    ),
    Sabotage(
        "the hash sees a replaced bucket",
        "sections/deployment.py",
        '"AWS::S3::Bucket": ("BucketName", "BucketNamePrefix", "BucketNamespace"),',
        '"AWS::S3::Bucket": (),',
        JOURNEY + "a_replaced_bucket_is_served_at_once",
    ),
    Sabotage(
        "the hash sees nothing else",
        "sections/deployment.py",
        '"AWS::ApiGateway::RestApi": (',
        '"AWS::ApiGateway::RestApi": ("Name", ',
        PROPERTIES + "the_deployment_is_new_exactly_when_what_it_serves_is",
    ),
    Sabotage(
        "a raised serial deploys anew",
        "sections/deployment.py",
        "json.dumps([options.serial, served]",
        "json.dumps([served]",
        PROPERTIES + "raising_the_serial_makes_a_new_deployment",
    ),
    Sabotage(
        "no literal region",
        "sections/api.py",
        '":apigateway:", Region, ":s3:path/"',
        '":apigateway:eu-west-1:s3:path/"',
        PROPERTIES + "nothing_but_the_article_names_a_region_a_partition_or_grants_by_wildcard",
    ),
    Sabotage(
        "payloads outlive the stack",
        "sections/data_store.py",
        'DeletionPolicy="RetainExceptOnCreate" if options.retain else "Delete"',
        'DeletionPolicy="Delete"',
        JOURNEY + "delete_keeps_the_payloads_and_says_where",
    ),
    Sabotage(
        "ids derive from the path alone",
        "naming.py",
        "hashlib.sha256(path.encode())",
        "hashlib.sha256(str(id(path)).encode())",
        PROPERTIES + "rendering_is_the_same_byte_for_byte",
    ),
    Sabotage(
        "the article is as printed",
        "sections/gateway_role.py",
        'policies.article_grant(bucket, "Get*")',
        'policies.article_grant(bucket, "GetObject")',
        "tests/unit/test_article.py::"
        "test_every_resource_is_the_articles_down_to_the_order_of_its_properties",
    ),
    Sabotage(
        "a rotated key stops working",
        "sections/writer.py",
        '        Serial=options.serial,\n        Status="Active",\n        UserName=Ref(writer),',
        '        Serial=1,\n        Status="Active",\n        UserName=Ref(writer),',
        JOURNEY + "a_raised_serial_replaces_the_writers_key",
    ),
    Sabotage(
        "no change sends nothing",
        "stacks/plan.py",
        'return Plan("nothing", "template',
        'return Plan("update", "template',
        JOURNEY + "a_second_deploy_changes_nothing_and_says_so",
    ),
    Sabotage(
        "a rolled back update is a failure",
        "stacks/verdict.py",
        "ended.stack and ended.status in DONE:",
        'ended.stack and ended.status.endswith("_COMPLETE"):',
        JOURNEY + "a_failed_update_is_rolled_back_and_readers_notice_nothing",
    ),
    Sabotage(
        "a stack without our tag is never deleted",
        "stacks/plan.py",
        '    if not is_ours(stack):\n        hint = "it lacks',
        '    if False:\n        hint = "it lacks',
        PLAN + "a_stack_without_our_tag_is_never_deleted",
    ),
    Sabotage(
        "a stack that was ever complete is never deleted",
        "stacks/plan.py",
        "if UPDATABLE.intersection(history):",
        "if not UPDATABLE:",
        PLAN + "a_stack_that_was_ever_complete_is_never_deleted",
    ),
    Sabotage(
        "--yes does not consent to a deletion",
        "cli/deployment.py",
        'which never worked?", self.asked.recreate)',
        'which never worked?", self.asked.yes)',
        DEPLOY + "a_create_that_never_succeeded_is_not_deleted_by_yes_alone",
    ),
    Sabotage(
        "what is known to fail is refused first",
        "stacks/preflight.py",
        "    _refuse(obstacles(before, wanted.content))\n",
        "",
        DEPLOY + "what_is_known_to_fail_is_refused_before_anything_is_made",
    ),
    Sabotage(
        "no change set is left behind",
        "stacks/change_sets.py",
        "if one is None or not one.executed:",
        "if one is None:",
        DIFF + "a_change_is_a_change_set_made_read_and_removed",
    ),
    Sabotage(
        "throttling fails no deploy that succeeds",
        "stacks/patience.py",
        "if not is_passing(error) or",
        "if is_passing(error) or",
        "tests/unit/test_events.py::test_a_trouble_that_passes_never_fails_what_succeeds",
    ),
    Sabotage(
        "an operation whose answer was lost is found again",
        "stacks/client.py",
        "any(one.token == token for one in self.events(found.id))",
        "not token",
        "tests/functional/test_lost_answers.py::"
        "test_a_create_whose_answer_is_lost_is_found_by_its_token",
    ),
    Sabotage(
        "what was cancelled is no cause",
        "stacks/cause.py",
        "return _CANCELLED.match(reason) is not None",
        "return reason is None",
        DEPLOY + "a_create_rolled_back_ends_with_its_cause",
    ),
    Sabotage(
        "a route that is served though it was removed is named",
        "live/compare.py",
        'return "extra", "is served, but not in the template"',
        'return None, ""',
        "tests/sandbox/test_live.py::"
        "test_a_removed_route_is_named_until_a_raised_serial_makes_it_go",
    ),
    Sabotage(
        "a probe is removed, whatever happens",
        "verify/examine.py",
        "left = document.remove()",
        "left = ()",
        "tests/sandbox/test_verify.py::"
        "test_a_sound_stack_keeps_every_promise_and_what_cannot_be_shown_is_named",
    ),
    Sabotage(
        "a missing document that is no 404 in JSON is named",
        "verify/judge_errors.py",
        "if is_json_404(seen.missing):",
        "if seen.missing.status < 500:",
        "tests/unit/verify/test_verify_judgements.py::"
        "test_a_wrong_answer_breaks_its_promise_and_no_other",
    ),
    Sabotage(
        "a read of an old version is found out",
        "race/history.py",
        "if version < least:",
        "if version < least - 1:",
        "tests/unit/race/test_race_history.py::test_each_breach_is_rejected_by_its_name",
    ),
    Sabotage(
        "only what changed is sent, and all of it",
        "store/difference.py",
        "elif other and other.etag == one.md5:",
        "elif other:",
        "tests/unit/test_sync.py::test_what_differs_is_sent_and_what_nobody_wants_is_missing",
    ),
    Sabotage(
        "secrets are masked",
        "cli/show.py",
        'masked = "****" if name.endswith(_MASKED) and not show_secrets else value',
        "masked = value",
        JOURNEY + "the_articles_secret_is_masked_until_asked_for",
    ),
    Sabotage(
        "the ETag reaches the reader",
        "answers.py",
        '_VALIDATORS = ("ETag", ',
        "_VALIDATORS = (",
        READS + "a_reader_that_has_the_payload_gets_a_304_with_its_etag_and_no_body",
    ),
    Sabotage(
        "conditions reach S3",
        "sections/api.py",
        '_CONDITIONS = ("If-None-Match", "If-Modified-Since")',
        "_CONDITIONS: tuple[str, ...] = ()",
        READS + "a_reader_that_has_the_payload_gets_a_304_with_its_etag_and_no_body",
    ),
    Sabotage(
        "what nobody foresaw is never a 200",
        "answers.py",
        'Answer("502", None, message="Bad Gateway")',
        'Answer("200", None, message="Bad Gateway")',
        "tests/unit/test_api.py::test_every_status_of_s3_has_one_answer_of_its_own_class",
    ),
    Sabotage(
        "errors are JSON, not S3's XML",
        "answers.py",
        'return {"ResponseTemplates": {"application/json": error_body(answer.message)}}',
        "return {}",
        READS + "a_forbidden_payload_is_a_403_in_json_and_leaks_nothing_of_s3s",
    ),
    Sabotage(
        "mask answers 403 as 404",
        "answers.py",
        '"403|404" if missing == "mask" else "404"',
        '"404"',
        READS + "a_missing_payload_is_a_404_in_json",
    ),
    Sabotage(
        "the gateway's role lists the routes' keys only",
        "policies.py",
        '        Condition=Condition(StringLike("s3:prefix", list(dict.fromkeys(prefixes)))),\n',
        "",
        JOURNEY + "the_gateways_role_may_get_the_routes_keys_and_nothing_else",
    ),
    Sabotage(
        "errors carry the CORS header too",
        "answers.py",
        "return {**style.fixed, **(style.cached if answer.passed else {})}",
        "return {**style.fixed, **style.cached} if answer.passed else {}",
        READS + "a_page_of_the_allowed_origin_may_read_successes_and_errors",
    ),
    Sabotage(
        "the preflight answers beside binary payloads",
        "sections/cors.py",
        'ContentHandling="CONVERT_TO_TEXT" if gzip_stored else None',
        "ContentHandling=None",
        READS + "the_preflight_allows_conditional_reads",
    ),
    Sabotage(
        "the same payload keeps its ETag",
        "store/publish.py",
        "gzip.compress(body, compresslevel=9, mtime=0)",
        "gzip.compress(body, compresslevel=9, mtime=__import__('time').monotonic_ns() % 2**31)",
        READS + "the_same_payload_has_the_same_etag_however_often_it_is_published",
    ),
    Sabotage(
        "caches are told of compression",
        "sections/api.py",
        '{"Vary": "Accept-Encoding"} if compressed else {}',
        "{}",
        READS + "a_large_payload_is_compressed_for_those_who_can_read_it",
    ),
    Sabotage(
        "every stack carries the tag",
        "stacks/wanted.py",
        "return {**self.tags, **MANAGED_TAG}",
        "return {**self.tags}",
        JOURNEY + "the_stack_carries_the_tag_from_its_first_deploy",
    ),
    Sabotage(
        "a composed read model takes nobody's logical id",
        "room.py",
        "    _check_ids(template, made, outputs)\n",
        "",
        COMPOSE + "a_second_one_needs_another_prefix",
    ),
    Sabotage(
        "a shared API's deployment waits for the host's methods",
        "shared_api.py",
        "[*there, *made], handles, options)",
        "made, handles, options)",
        COMPOSE + "the_hosts_own_methods_are_waited_for",
    ),
    Sabotage(
        "a replaced bucket of the host's is deployed anew",
        "references.py",
        'GetAtt(resource, "Arn"), resource)',
        'GetAtt(resource, "Arn"))',
        COMPOSE + "a_replaced_bucket_of_the_hosts_is_deployed_anew",
    ),
    Sabotage(
        "a secret key is never exported",
        "compose.py",
        "if not one.title.endswith(SECRETS):",
        "if one.title:",
        COMPOSE + "a_secret_key_is_never_exported",
    ),
    Sabotage(
        "what a picture leaves out is counted",
        "graph/mermaid.py",
        'return [*names[:_MOST], f"and {len(names) - _MOST} more"]',
        "return list(names[:_MOST])",
        GRAPH + "the_largest_template_is_as_small_a_picture_as_the_smallest",
    ),
    Sabotage(
        "an arrow goes to the bucket that is read",
        "graph/requests.py",
        "named(view, BUCKET, bucket), items",
        'named(view, BUCKET, ""), items',
        GRAPH + "buckets_and_roles_that_are_only_named_are_nodes_too",
    ),
    Sabotage(
        "operations have names of their own",
        "openapi/paths.py",
        "place: name if count[name] == 1 else",
        "place: name if count[name] else",
        OPENAPI + "paths_that_differ_only_in_signs_have_names_of_their_own",
    ),
    Sabotage(
        "a stale template is told",
        "cli/template.py",
        'errors="replace") != text',
        'errors="replace") == ""',
        "tests/functional/test_template_command.py::"
        "test_check_of_anything_else_exits_5_and_writes_nothing",
    ),
    Sabotage(
        "a stack in Sceptre's data is refused",
        "config.py",
        '[name for name in TABLES if name != "stack"]',
        "list(TABLES)",
        "tests/unit/test_config.py::test_what_is_wrong_in_another_tools_file_is_said_in_one_line",
    ),
)


def noticed(sabotage: Sabotage) -> bool:
    """Does the named test fail in a copy of the project with the change?"""
    with copied() as copy:
        target = copy / "src" / "readmodel_cfn" / sabotage.file
        text = target.read_text(encoding="utf-8")
        if text.count(sabotage.old) != 1:
            sys.exit(f"{sabotage.promise}: the line is not once in {sabotage.file}; mend this list")
        target.write_text(text.replace(sabotage.old, sabotage.new), encoding="utf-8")
        return run(sabotage.test, copy) == 1  # pytest's code for failed tests; 2 and up are errors


def passes(test: str) -> bool:
    """Does the test pass in an unharmed copy?"""
    with copied() as copy:
        return run(test, copy) == 0


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of what the tests need, for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src", "tests", "docs"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        yield copy


def run(test: str, folder: Path) -> int:
    """Run one test in a folder, with the folder's own source before any installed one."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode


def main() -> None:
    """Try each sabotage, after the tests that must notice them have passed."""
    healthy = sorted({one.test for one in SABOTAGES})
    print(f"{len(healthy)} tests must pass before anything is broken ...", flush=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        for test, passed in zip(healthy, pool.map(passes, healthy), strict=True):
            if not passed:
                sys.exit(f"{test} fails in an unharmed copy")
        results = list(zip(SABOTAGES, pool.map(noticed, SABOTAGES), strict=True))
    for one, seen in results:
        print(f"{'noticed ' if seen else 'MISSED  '} {one.promise:44} {one.test}")
    missed = sum(not seen for _, seen in results)
    print(f"{len(results)} sabotages, {missed} missed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
