"""A read model, a queue, and the function that publishes: `python stack.py > stack.json`."""

from app import ROUTES
from awacs.aws import Allow, PolicyDocument, Statement
from awacs.sqs import DeleteMessage, GetQueueAttributes, ReceiveMessage
from troposphere import GetAtt, Output, Parameter, Ref, Template, awslambda, iam, sqs

from readmodel_cfn import ReadModel, Writer, add_read_model, render

TIMEOUT = 60  # seconds that the function may take for a batch

stack = Template()
code_bucket = stack.add_parameter(Parameter("CodeBucket", Type="String"))
code_key = stack.add_parameter(Parameter("CodeKey", Type="String"))
writer = Writer(kind="role", principals=("lambda.amazonaws.com",), allow=("put", "compare"))
shop = add_read_model(stack, ReadModel(routes=ROUTES, writer=writer), prefix="Shop")

dead_letters = stack.add_resource(sqs.Queue("DeadLetters", MessageRetentionPeriod=14 * 86_400))
redrive = sqs.RedrivePolicy(deadLetterTargetArn=GetAtt(dead_letters, "Arn"), maxReceiveCount=5)
events = stack.add_resource(
    sqs.Queue("Events", VisibilityTimeout=6 * TIMEOUT, RedrivePolicy=redrive)
)
reads = Statement(
    Effect=Allow,
    Action=[ReceiveMessage, DeleteMessage, GetQueueAttributes],
    Resource=[GetAtt(events, "Arn")],
)
policy = stack.add_resource(
    iam.PolicyType(
        "ReadEvents",
        PolicyName="read-events",
        PolicyDocument=PolicyDocument(Version="2012-10-17", Statement=[reads]),
        Roles=[Ref(shop.writer)],
    )
)
function = stack.add_resource(
    awslambda.Function(
        "Publish",
        Runtime="python3.13",
        Handler="app.handler",
        Code=awslambda.Code(S3Bucket=Ref(code_bucket), S3Key=Ref(code_key)),
        Role=GetAtt(shop.writer, "Arn"),
        Timeout=TIMEOUT,
        MemorySize=512,
        Environment=awslambda.Environment(Variables={"READMODEL_CFN_BUCKET": Ref(shop.bucket)}),
    )
)
stack.add_resource(
    awslambda.EventSourceMapping(
        "EventsOfPublish",
        EventSourceArn=GetAtt(events, "Arn"),
        FunctionName=Ref(function),
        BatchSize=10,
        # Without it Lambda deletes the failed messages, too.
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DependsOn=policy.title,  # Lambda checks the permissions when it creates the mapping
    )
)
stack.add_output(Output("EventsUrl", Value=Ref(events)))
stack.add_output(Output("DeadLettersUrl", Value=Ref(dead_letters)))

print(render(stack), end="")
