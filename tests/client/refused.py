"""Wrong code: type checkers must report an error in each line that ends with `# refused`."""

# pyright: strict, reportMissingTypeStubs=false

from troposphere import Template, s3
from troposphere import apigateway as ag

import readmodel_cfn as rm
from readmodel_cfn.analysis import audit
from readmodel_cfn.deploy import deploy as steps
from readmodel_cfn.deploy import unattended
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.verdict import check
from readmodel_cfn.local import gateway, sandbox
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish

TEMPLATE, MODEL = Template(), rm.ReadModel()
HANDLE = rm.add_read_model(TEMPLATE, MODEL)
API = ag.RestApi("Api", Name="api")
TO = Destination("my-bucket")
CLIENT, WANTED = StackClient(None), StackSpec("shop", "{}")
SEEN = steps.look(CLIENT, WANTED)

rm.Route("a", 1)  # refused
rm.Route("a", "a.json", throttle_rate="1")  # refused
rm.Route("a", "a.json").keys  # refused
rm.ReadModel(routes=["a"])  # refused
rm.ReadModel(routes=rm.Route())  # refused
rm.ReadModel(api=rm.Writer())  # refused
rm.Api(missing="hide")  # refused
rm.Api(compress_from="always")  # refused
rm.DataStore(kms_keys="arn")  # refused
rm.Deployment(serial="1")  # refused
rm.GatewayRole(name=1)  # refused
rm.Writer(allow=("put", "read"))  # refused
MODEL.api = rm.Api()  # refused
rm.build_template([MODEL])  # refused
rm.render(MODEL)  # refused
rm.render(TEMPLATE, "xml")  # refused
number: int = rm.render(TEMPLATE)  # refused
rm.add_read_model(TEMPLATE, MODEL, data_store=API)  # refused
rm.add_read_model(TEMPLATE, MODEL, gateway_role=s3.Bucket("B"))  # refused
rm.add_read_model(TEMPLATE, MODEL, api="Api")  # refused
rm.add_read_model(TEMPLATE, MODEL, "Shop", True)  # refused
bucket: ag.RestApi = HANDLE.bucket  # refused
stage: ag.Stage = HANDLE.stage  # refused
HANDLE.url.to_dict()  # refused
HANDLE.site  # refused
rm.deploy_api(TEMPLATE, API, HANDLE)  # refused
rm.deploy_api(TEMPLATE, API, [HANDLE], rm.Api())  # refused
rm.imported("stack", "Bucket")  # refused
rm.imported(1, "ApiUrl")  # refused
rm.ReadModelError("what", "where")  # refused
publish({"a.json": 1}, TO)  # refused
publish([("a.json", 1)], "my-bucket")  # refused
publish([("a.json", 1)], TO, routes="a.json")  # refused
publish([("a.json", 1)], TO, on_progress=lambda: None)  # refused
publish([("a.json", 1)], TO).count  # refused
Settings(gzip="yes")  # refused
Destination(None)  # refused
StackSpec("shop", {"Resources": {}})  # refused
StackSpec("shop", "{}", tags={"team": 1})  # refused
steps.look(WANTED, CLIENT)  # refused
steps.refuse("shop", SEEN)  # refused
SEEN.plan.action == "destroy"  # refused
SEEN.stack.status  # refused
steps.change(CLIENT, WANTED, SEEN).to_the_end(print)  # refused
steps.settle(CLIENT, SEEN).to_the_end(lambda: None)  # refused
check(CLIENT, "shop", SEEN, lambda _: None)  # refused
unattended.deploy(WANTED, "eu-west-1")  # refused
unattended.deploy("shop").status  # refused
audit.audit("{}")  # refused
audit.audit({})[0].line  # refused
gateway.Request("GET", b"/")  # refused
sandbox.start("here")  # refused
sandbox.Sandbox.url  # refused
