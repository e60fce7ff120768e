"""The causes of errors, for docs/troubleshooting.md.

An entry has the first words of a message, few enough to stay when the rest is reworded: the cause,
and what to do unless the message's own hint says it.
"""

NOT_REACHED = [
    (
        "`Unable to locate credentials`",
        "No access key, profile, SSO login or role is configured.",
        "set AWS_PROFILE or `--profile`, or use `--sandbox`",
    ),
    (
        "`You must specify a region`",
        "Neither the file nor the environment nor the profile has a region.",
        "use `--region`, or set region under `[stack]`",
    ),
    (
        "`The config profile (...) could not be found`",
        "The profile's name is wrong, or its file is elsewhere (AWS_CONFIG_FILE).",
        "list the profiles with: `aws configure list-profiles`",
    ),
    (
        "`Error loading SSO Token`, `Token has expired`",
        "The SSO login has ended.",
        "`aws sso login`, then run the command again",
    ),
    (
        "`Could not connect to the endpoint URL`, `Connect timeout`",
        "No network, a firewall, a wrong region, or an emulator that is not running.",
        "check the network, the region and `--endpoint-url`",
    ),
    (
        "`Failed to connect to proxy URL`",
        "HTTP_PROXY or HTTPS_PROXY is wrong.",
        "each is a URL such as http://HOST:PORT",
    ),
    (
        "`SSL validation failed`",
        "A proxy replaces the certificate, and its authority is unknown here.",
        "set AWS_CA_BUNDLE to the certificate of its authority",
    ),
]
"""Errors of botocore: the row's cells."""

ALSO = {
    "Configuration and templates": [
        (
            "`... findings`",
            "cfn-lint or the audit has findings, which are printed above.",
            "correct what they name",
        ),
    ],
    "Command line and consent": [
        (
            "`interrupted; run the command again`",
            "Ctrl-C before anything was changed.",
            "run it again",
        ),
        (
            "`no such option ...`, `no such command ...`",
            "An option or command does not exist.",
            "use the one that the line suggests",
        ),
    ],
    "Deploy, diff, follow and delete": [
        (
            "`rolled back: ...`",
            "A resource could not be created or changed. The line names it, its table of "
            "`readmodel.toml` and AWS's reason.",
            "fix it and deploy again",
        ),
        (
            "`the operation ended as ...`",
            "It failed, and was not rolled back, or not completely.",
            "run `readmodel-cfn diagnose`",
        ),
        (
            "`its deletion failed (DELETE_FAILED)`",
            "A resource could not be deleted.",
            "run `readmodel-cfn diagnose`, then `readmodel-cfn delete`",
        ),
        (
            "`an import failed, and its rollback failed too (...)`",
            "CloudFormation cannot recover it.",
            "fix what `readmodel-cfn diagnose` names, then contact AWS Support",
        ),
    ],
    "Publish, history, restore and unpublish": [
        (
            "`access denied`",
            "The permission in the line is not granted, or the bucket is another account's.",
            "ask for the permission, or choose another profile with `--profile`",
        ),
    ],
    "Read and verify": [
        (
            "`GET ...` of `status`",
            "The stage does not serve what the template says, such as after a change in the "
            "console.",
            "do what the line says, mostly `readmodel-cfn deploy`",
        ),
        (
            "The name of a promise, of `verify`",
            "The API responds otherwise than the read model promises.",
            "do what the line says; the table above it has all promises",
        ),
    ],
}
"""Errors that the source does not have as one text: the rows of a section."""

_OUTPUT = "The disk is full, or the pipe was closed."
_PROBE = "The test document could not be removed."
CAUSES: dict[str, tuple[str, str]] = {
    "not found in": (
        "The command needs the routes, and this directory has no `readmodel.toml`.",
        "run `readmodel-cfn init`, or use `--config FILE`, `--example` or `--article`",
    ),
    "not TOML": (
        "The file has a syntax error; line and column are in the message.",
        "correct that line",
    ),
    "unknown key": ("A key is misspelled, or in another table.", ""),
    "is missing": ("A route needs both its path and its key.", ""),
    "is not allowed": (
        "AWS would refuse the value, or the option has another type.",
        "use one of the allowed values in the message",
    ),
    "no value is set": (
        "An option is required, alone or because of another one.",
        "set one of the allowed values in the message",
    ),
    "is not valid JSON": (
        "The template is neither valid JSON nor valid YAML.",
        "correct the place in the message",
    ),
    "has no Resources": ("The file is no CloudFormation template.", "name the template's file"),
    "no API in it reads S3": ("The template has no REST API with an S3 integration.", ""),
    "cfn-lint does not know": ("The region is misspelled, or newer than cfn-lint.", ""),
    "does not match readmodel.toml": ("The committed template is out of date.", ""),
    "already exists": ("The file exists, and it is not replaced.", ""),
    "exists already": ("A stack has this name.", ""),
    "the template has": (
        "Many routes make the template longer than 1 MB.",
        "use routes with a `{parameter}`, or several stacks",
    ),
    "the keys exceed the size quotas": (
        "Each route's key is in the policies, and there are too many.",
        "use routes with a `{parameter}`, or several stacks",
    ),
    "stdin is not a terminal": (
        "The command would ask, and nobody can answer: it runs in a pipeline.",
        "pass the option that the line names, such as `--yes`",
    ),
    "cancelled": ("The answer to the question was no.", "run it again and agree"),
    "the output cannot be written": (_OUTPUT, "run it again; nothing is done twice"),
    "..., but the output cannot be written": (_OUTPUT, "the change is made; do not repeat it"),
    "progress cannot be written": (_OUTPUT, "run it again; nothing is done twice"),
    "it has no read model": ("`deploy_api` got no handle of this API.", ""),
    "cannot be read": (
        "The file or directory does not exist, or its permissions do not allow it.",
        "correct the path or the permissions",
    ),
    "not UTF-8 text": ("The file has another encoding.", "save it as UTF-8"),
    "nested too deeply": ("The file has more levels than Python can read.", "flatten it"),
    "the proxy's URL is invalid": (
        "HTTP_PROXY or HTTPS_PROXY has no scheme, or a wrong port.",
        "each is a URL such as http://HOST:PORT",
    ),
    "requires a single FILE": (
        "`--key`, `--route` and `--if-match` are for one document.",
        "publish one FILE, or omit the option",
    ),
    "cannot be used": ("`.cfnlintrc` has an error.", "correct it"),
    "the request cannot be sent": (
        "The URL or the network is not usable.",
        "check the network, the region and `--endpoint-url`",
    ),
    "has no read model": ("`ReadModelStack` was given only a name.", ""),
    "the first route has parameters": (
        "`read` without a path requests the first route.",
        "add a path, such as `products/42`",
    ),
    "the credentials cannot be fetched": ("A credential process or token file failed.", ""),
    "the access key or its token": ("A value was copied with a line break.", ""),
    "the certificate is not trusted": (
        "A proxy replaces the certificate, and its authority is unknown here.",
        "set AWS_CA_BUNDLE to the certificate of its authority",
    ),
    "no response to": ("The API cannot be reached, or the stack is not deployed.", ""),
    "the response cannot be read": (
        "A proxy or another server has responded instead of AWS.",
        "check `--endpoint-url` and the proxy, and run it again",
    ),
    "the account is": (
        "The credentials belong to another account than `account` allows, which is under `[stack]` "
        "or, for an environment, `[env.NAME.stack]`.",
        "choose another profile with `--profile`, or correct account in the table of the message",
    ),
    "no such document": (
        "The document is not published, or no route has the path.",
        "publish it, or correct the path; the line says which",
    ),
    "the response has status": (
        "403: API Gateway's role may not read the key, or no route has the path. 5xx: the stack.",
        "run `readmodel-cfn status` and `readmodel-cfn verify`",
    ),
    "S3 is overloaded": ("S3 throttles the bucket.", ""),
    "does not exist": ("The stack's name, region or account is another one.", ""),
    "the bucket does not exist": ("The name of `--template-bucket` is wrong.", ""),
    "the bucket is in": ("CloudFormation reads a template only from a bucket in its region.", ""),
    "it is being created": ("The stack has no outputs yet.", ""),
    "its creation did not succeed": (
        "The first deploy failed, so the stack has no outputs.",
        "run `readmodel-cfn diagnose`, fix the cause, and deploy again",
    ),
    "no output": ("The stack is not a read model's, or its outputs have a prefix.", ""),
    "it does not have the tag": (
        "The stack was deployed by another tool.",
        "choose another name with `--stack-name`; `deploy --adopt NAME` takes it over",
    ),
    "its creation never succeeded": (
        "CloudFormation can only delete such a stack.",
        "`deploy` deletes and creates it again, with consent or `--recreate`",
    ),
    "CloudFormation refuses the change": ("A permission, a quota or a value is wrong.", ""),
    "the bucket is not empty": ("`retain = false`, and the bucket has documents.", ""),
    "another operation is in progress": ("Somebody else deploys the stack.", ""),
    "termination protection is enabled": (
        "The stack is protected.",
        "set termination_protection = false in the table of the message, deploy, then delete",
    ),
    "the installed boto3 does not know": ("An option needs a newer boto3.", ""),
    "its deletion ended as": ("A resource could not be deleted.", "run `readmodel-cfn diagnose`"),
    "stopped waiting": ("Ctrl-C; CloudFormation continues.", ""),
    "it was once complete": ("The stack has resources and an unusual status.", ""),
    "it is unknown whether CloudFormation": ("The response was lost.", ""),
    "it cannot be compared now": ("An operation is in progress.", ""),
    "the bucket is still being written to": ("A writer publishes while the bucket is emptied.", ""),
    "would be created while": (
        "A path or parameter has a new logical ID: CloudFormation creates the new resource first.",
        "deploy once without the path, then once with it",
    ),
    "its type would change from": (
        "CloudFormation does not change the type of an existing resource.",
        "",
    ),
    "its ... still belongs to": ("A resource with a fixed name has a new logical ID.", ""),
    "a change of": ("CloudFormation creates the new resource before it deletes the old one.", ""),
    "the stage": ("The article's deployment has created the stage itself.", ""),
    "no document": ("The paths have no `.json` file, or all are excluded.", ""),
    "not a .json file": ("The directory has other files, and none is skipped silently.", ""),
    "the response (...) is not JSON": ("Another server responds.", "check the URL"),
    "not JSON:": ("The document is not JSON as RFC 8259 defines it.", ""),
    "bytes are more than the": ("API Gateway returns at most 10 MB.", ""),
    "no route serves": (
        "A file's path is its key, and no route has this key.",
        "publish the directory that contains `products/`, use `--key`, or add a route",
    ),
    "the key ... is unsafe": ("The key has a character that would not reach S3 unchanged.", ""),
    "it changed while it was read": ("Another program writes the file.", ""),
    "the path does not exist": ("A file or directory is misspelled.", ""),
    "there are several routes": ("A single FILE has no key of its own.", ""),
    "the route serves many keys": ("A single FILE needs a key.", ""),
    "a pattern excludes it": ("`exclude` or `--exclude` matches the key.", ""),
    "requires ... under [writer]": ("The writer's key does not have the permission.", ""),
    "the stack has no user with an access key": ("`kind` under `[writer]` is not user.", ""),
    "the secret has no access key": ("Another value was stored in the secret.", ""),
    "the process was forked": ("A worker process was forked after publishing.", ""),
    "not a bucket's name": ("`--bucket` has a path or a URL.", "use the name alone"),
    "the document was changed by another writer": ("`--if-match` has an older ETag.", ""),
    "the document already exists": (
        "`--create-only`, and another writer was first.",
        "read the document, or publish without `--create-only`",
    ),
    "it was published, restored or deleted": ("Another writer was first.", ""),
    "not deleted": ("S3 refuses it: a permission is missing, or an object lock protects it.", ""),
    "the documents are still being written": ("A writer publishes while they are erased.", ""),
    "interrupted:": ("Ctrl-C or SIGTERM after the first document.", "run it again: it continues"),
    "invalid documents:": ("Each is named in a line above.", ""),
    "it has no versions": ("The document was never published, or is erased.", ""),
    "is a path, and not the key": ("`unpublish` takes keys, not paths of the API.", ""),
    "no response, or an incomplete one": (
        "The connection to S3 was lost.",
        "check the network, the region and `--endpoint-url`",
    ),
    "became invalid while": (
        "Files changed while they were published.",
        "correct them and run it again",
    ),
    "throttled:": (
        "The API's stage limits the rate.",
        "use a longer `--timeout` or fewer `--readers`, or raise throttle_rate under [deployment]",
    ),
    "of ... reads are wrong": ("A reader got an old or incomplete document.", "report it"),
    "another document was published to this key": ("A publisher uses the probe's key.", ""),
    "the key already has the probe": ("Another `verify` runs, or was killed.", ""),
    "no promise is broken, but": (_PROBE, "remove it with credentials that have the permission"),
    "no read is wrong, but": (_PROBE, "remove it with credentials that have the permission"),
    "the sandbox could not be installed": ("pip cannot reach its index.", ""),
    "the sandbox did not start": ("The log has the cause.", ""),
    "the sandbox needs Linux or macOS": ("Windows runs it in WSL only.", ""),
    "not running": ("The sandbox is stopped; stopping discards its data.", ""),
    "the port is in use": ("Another program uses the port.", ""),
    "no such folder": ("The directory of documents does not exist.", ""),
}
"""The cause and what to do, by what begins a message."""
