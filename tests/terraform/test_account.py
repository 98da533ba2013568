"""The module in an account that moto plays: made, unchanged the second time, taken away, taken over."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from eventgate.core.routes import ROUTES
from tests.services.aws import Aws
from tests.terraform.workspace import MODULE, Workspace

FUNCTION = "t-event-gate-lambda"
ROLE = "arn:aws:iam::123456789012:role/before"


@pytest.fixture
def site(aws: Aws, workspace: Workspace) -> dict[str, Any]:
    """What is in an account before: a VPC with an endpoint, and a bucket with a package. The values of variables."""
    aws.reset()
    ec2, s3 = aws.client("ec2"), aws.client("s3")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
    service = "com.amazonaws.eu-west-1.execute-api"
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, VpcEndpointType="Interface", SubnetIds=subnets)[
        "VpcEndpoint"
    ]["VpcEndpointId"]
    s3.create_bucket(Bucket="artefacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="artefacts", Key="function.zip", Body=b"PK\x05\x06" + b"\0" * 18)
    return {
        "aws_region": "eu-west-1",
        "resource_prefix": "t-",
        "vpc_id": vpc,
        "vpc_endpoint": endpoint,
        "lambda_vpc_subnet_ids": subnets,
        "lambda_src_s3_bucket": "artefacts",
        "lambda_src_s3_key": "function.zip",
    }


def test_all_of_it_is_made_stays_and_goes(aws: Aws, workspace: Workspace, site: dict[str, Any]) -> None:
    """One long test, as each step takes what the one before left."""
    workspace.variables(
        **site, create_config_bucket=True, create_event_bus=True, create_spool=True, lambda_alias="live"
    )
    workspace.run("apply", "-auto-approve")
    outputs = workspace.outputs()
    assert outputs["function_name"] == FUNCTION
    assert outputs["conf_dir"] == "s3://t-event-gate-config-123456789012/conf/"
    assert served(aws) == expected()
    assert workspace.run("plan", "-detailed-exitcode").count("No changes") == 1
    workspace.run("destroy", "-auto-approve")
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("apigateway").get_rest_apis()["items"] == []


def served(aws: Aws) -> set[tuple[str, str]]:
    """Method and path of everything that the API integrates with the function's alias."""
    gateway = aws.client("apigateway")
    api = gateway.get_rest_apis()["items"][0]["id"]
    found = set()
    for resource in gateway.get_resources(restApiId=api)["items"]:
        for method in resource.get("resourceMethods", {}):
            integration = gateway.get_integration(restApiId=api, resourceId=resource["id"], httpMethod=method)
            assert integration["type"].upper() == "AWS_PROXY"
            assert f"function:{FUNCTION}:live/invocations" in integration["uri"]
            found.add((method, resource["path"]))
    return found


def expected() -> set[tuple[str, str]]:
    """The gate's route table."""
    return {
        (method, route.template.replace("{topic}", "{topic_name}"))
        for route in ROUTES
        for method in (*route.methods, "OPTIONS")
    }


def test_what_the_earlier_module_made_is_taken_over(aws: Aws, workspace: Workspace, site: dict[str, Any]) -> None:
    """The sample's import blocks, with the ids of this account: nothing of it is destroyed or made anew.

    A deployment is a snapshot: the stage moves on to a new one. The API's former parts, which a state that is at hand
    still has, are forgotten: the API's definition has them all.
    """
    ids = earlier(aws, site)
    text = (MODULE / "examples" / "adopt-seed.tf.example").read_text()
    wanted = iter(ids)
    adopted = re.sub(r'^  id = ".*"$', lambda _: f'  id = "{next(wanted)}"', text, flags=re.MULTILINE)
    assert next(wanted, None) is None
    (workspace.folder / "adopt.tf").write_text(adopted)
    former = re.findall(r"^  from = (\w+)\.(\w+)$", text, re.MULTILINE)
    (workspace.folder / "terraform.tfstate").write_text(json.dumps(state(former)))
    workspace.variables(**site, lambda_role_arn=ROLE)
    workspace.run("plan", "-refresh=false", "-out=plan")
    planned = workspace.planned()
    assert [planned[f"{kind}.{name}"] for kind, name in former] == [["forget"]] * 14
    taken = {address for address, actions in planned.items() if actions[0] == "import"}
    assert len(taken) == len(ids)
    assert [address for address, actions in planned.items() if "delete" in actions and address in taken] == []


def state(resources: list[tuple[str, str]]) -> dict[str, Any]:
    """A state that has these resources, of which only the ids are known."""
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'
    instances = [{"schema_version": 0, "attributes": {"id": "i"}}]
    return {
        "version": 4,
        "serial": 1,
        "lineage": "l",
        "outputs": {},
        "resources": [
            {"mode": "managed", "type": kind, "name": name, "provider": provider, "instances": instances}
            for kind, name in resources
        ],
    }


def earlier(aws: Aws, site: dict[str, Any]) -> list[str]:
    """Make what the earlier module makes; the ids in the order of the sample's blocks."""
    ec2, functions, gateway = aws.client("ec2"), aws.client("lambda"), aws.client("apigateway")
    group = ec2.create_security_group(
        GroupName="t-event-gate-sg", Description="SG for Event Gate", VpcId=site["vpc_id"]
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])
    aws.client("iam").create_role(RoleName="before", AssumeRolePolicyDocument=json.dumps(TRUST))
    functions.create_function(
        FunctionName=FUNCTION,
        Role=ROLE,
        Runtime="python3.12",
        Handler="event_gate_lambda.lambda_handler",
        Code={"S3Bucket": "artefacts", "S3Key": "function.zip"},
    )
    aws.client("logs").create_log_group(logGroupName=f"/aws/lambda/{FUNCTION}")
    api = gateway.create_rest_api(name="t-event-gate-api", endpointConfiguration={"types": ["PRIVATE"]})["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    deployment = gateway.create_deployment(restApiId=api)["id"]
    gateway.create_stage(restApiId=api, stageName="DEV", deploymentId=deployment)
    functions.add_permission(
        FunctionName=FUNCTION,
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:eu-west-1:123456789012:{api}/*",
    )
    return [
        group["GroupId"],
        next(each["SecurityGroupRuleId"] for each in rules["SecurityGroupRules"] if each["IsEgress"]),
        FUNCTION,
        f"{FUNCTION}/s",
        f"/aws/lambda/{FUNCTION}",
        api,
        f"{api}/DEV",
    ]


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
    ],
}
