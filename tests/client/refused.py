"""Wrong code: type checkers must report an error in each line that ends with `# refused`."""

# pyright: strict, reportMissingTypeStubs=false

from troposphere import Template, s3
from troposphere import apigateway as ag

import readmodel_cfn as rm
from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.analysis.openapi import openapi
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.lint import lint
from readmodel_cfn.local import gateway, sandbox
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish

TEMPLATE, MODEL = Template(), rm.ReadModel()
HANDLE = rm.add_read_model(TEMPLATE, MODEL)
API = ag.RestApi("Api", Name="api")
TO = Destination("my-bucket")
STACK = rm.ReadModelStack("shop", MODEL)

rm.Route("a", 1)  # refused
rm.Route("a", "a.json", throttle_rate="1")  # refused
rm.Route("a", "a.json").keys  # refused
rm.ReadModel(routes=["a"])  # refused
rm.ReadModel(routes=rm.Route())  # refused
rm.ReadModel(api=rm.Writer())  # refused
rm.Access(auth="key")  # refused
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
rm.ReadModelStack(MODEL)  # refused
rm.ReadModelStack("shop", MODEL, "eu-west-1")  # refused
rm.ReadModelStack("shop", MODEL, tags={"team": 1})  # refused
rm.ReadModelStack.from_config({"stack": {}})  # refused
STACK.name = "other"  # refused
STACK.diff().settings[0].tables  # refused
STACK.deploy(True)  # refused
STACK.deploy(confirm=lambda: True)  # refused
STACK.deploy(timeout="60")  # refused
STACK.deploy().changed = False  # refused
STACK.deploy().stack  # refused
STACK.diff(on_progress=print()).resources  # refused
STACK.publish(1)  # refused
STACK.publish({"a.json": 1}, force="yes")  # refused
STACK.publish({"a.json": 1}).send  # refused
STACK.publish({"a.json": 1}, dry_run=True).sent  # refused
STACK.publish_document("a.json")  # refused
STACK.history("a.json").id  # refused
STACK.restore("a.json")  # refused
STACK.read("a").status == "200"  # refused
STACK.outputs()["ApiUrl"].value  # refused
STACK.url(1)  # refused
STACK.verify(timeout="1")  # refused
STACK.race(readers=1.5)  # refused
STACK.status(drift="yes")  # refused
STACK.diagnose().fix  # refused
STACK.estimate("data", reads="1", writes=1)  # refused
STACK.estimate("data", reads=1, writes=1).total  # refused
STACK.delete("shop")  # refused
STACK.delete(with_data="shop")  # refused
publish({"a.json": 1}, "my-bucket")  # refused
publish([("a.json", 1)], TO, routes="a.json")  # refused
publish([("a.json", 1)], TO, on_progress=lambda: None)  # refused
publish([("a.json", 1)], TO).count  # refused
Settings(gzip="yes")  # refused
Destination(None)  # refused
StackSpec("shop", {"Resources": {}})  # refused
StackSpec("shop", "{}", tags={"team": 1})  # refused
deploy(StackSpec("shop", "{}"), "eu-west-1")  # refused
deploy("shop")  # refused
STACK.deploy(adopt="shop")  # refused
STACK.deploy(on_interrupt=lambda: True)  # refused
STACK.diff().action == "destroy"  # refused
STACK.follow(timeout="1")  # refused
lint([MODEL])  # refused
audit({})[0].lines  # refused
flowchart(STACK)  # refused
openapi(MODEL).paths  # refused
gateway.Request("GET", b"/")  # refused
sandbox.start("here")  # refused
sandbox.Sandbox.url  # refused
