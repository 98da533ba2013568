# What is made of which variables, without any account: `terraform test`.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mock" }
  }
  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:eu-west-1:123456789012:function:mock"
      invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/mock/invocations"
    }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:mock" }
  }
  mock_resource "aws_api_gateway_rest_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:mock" }
  }
}

variables {
  aws_region            = "eu-west-1"
  resource_prefix       = "t-"
  vpc_id                = "vpc-0123456789abcdef0"
  vpc_endpoint          = "vpce-0123456789abcdef0"
  lambda_vpc_subnet_ids = ["subnet-0123456789abcdef0"]
  lambda_src_s3_bucket  = "artefacts"
  lambda_src_s3_key     = "function.zip"
}

run "zip_private" {
  assert {
    condition     = aws_lambda_function.event_gate_lambda.function_name == "t-event-gate-lambda" && aws_lambda_function.event_gate_lambda.handler == "event_gate_lambda.lambda_handler"
    error_message = "the names of the earlier EventGate go on"
  }
  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.event_gate_api.body)["x-amazon-apigateway-policy"].Statement[0].Condition.StringEquals["aws:SourceVpce"] == ["vpce-0123456789abcdef0"]
    error_message = "a private API is reached through the endpoint only"
  }
  assert {
    condition     = tonumber(aws_api_gateway_rest_api.event_gate_api.minimum_compression_size) == 1024
    error_message = "pages and descriptions are pressed on the way"
  }
  assert {
    condition     = aws_api_gateway_rest_api.event_gate_api.endpoint_configuration[0].types == tolist(["PRIVATE"])
    error_message = "private is the default"
  }
  assert {
    condition     = aws_lambda_function.event_gate_lambda.environment[0].variables.CONF_DIR == "conf"
    error_message = "without a bucket the configuration is the package's"
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.event_gate_lambda.environment[0].variables), "EVENTGATE_EMF_NAMESPACE")
    error_message = "and does not count for CloudWatch unless told to"
  }
  assert {
    condition     = length(aws_s3_bucket.config) + length(aws_sqs_queue.spool) + length(aws_cloudwatch_event_bus.event_gate) + length(aws_lambda_alias.event_gate) == 0
    error_message = "what was not asked for is not made"
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.event_gate)) == toset(["errors", "throttles", "duration", "5xx"])
    error_message = "there are alarms"
  }
}

run "everything" {
  variables {
    create_config_bucket           = true
    create_event_bus               = true
    create_spool                   = true
    lambda_timeout                 = 60
    lambda_alias                   = "live"
    lambda_provisioned_concurrency = 2
    lambda_tracing                 = true
    emf_namespace                  = "EventGate/Dev"
    alarm_actions                  = ["arn:aws:sns:eu-west-1:123456789012:oncall"]
    secret_arns                    = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"]
    kafka_cluster_arns             = ["arn:aws:kafka:eu-west-1:123456789012:cluster/c/u-1"]
  }
  assert {
    condition     = aws_lambda_function.event_gate_lambda.environment[0].variables.CONF_DIR == "s3://${aws_s3_bucket.config[0].id}/conf/"
    error_message = "the configuration is in the bucket"
  }
  assert {
    condition     = aws_lambda_function.event_gate_lambda.environment[0].variables.EVENTGATE_EMF_NAMESPACE == "EventGate/Dev"
    error_message = "the gate counts for CloudWatch"
  }
  assert {
    condition     = aws_s3_bucket_versioning.config[0].versioning_configuration[0].status == "Enabled"
    error_message = "the bucket keeps old versions"
  }
  assert {
    condition     = aws_lambda_provisioned_concurrency_config.event_gate[0].provisioned_concurrent_executions == 2 && aws_lambda_function.event_gate_lambda.publish
    error_message = "two environments of a published version are kept started"
  }
  assert {
    condition     = contains(aws_lambda_event_source_mapping.replay[0].function_response_types, "ReportBatchItemFailures") && aws_lambda_function.replay[0].handler == "eventgate.adapters.aws_sqs.handler"
    error_message = "the spool is delivered message by message"
  }
  assert {
    condition     = join(" ", flatten([for each in local.statements : each.resources if each.sid == "WriteToKafka"])) == "arn:aws:kafka:eu-west-1:123456789012:topic/c/u-1/*"
    error_message = "topics of that cluster and no other"
  }
  assert {
    condition     = join(" ", [for each in local.statements : each.sid if contains(each.resources, "*")]) == "JoinVpc Trace"
    error_message = "only what AWS gives no narrower resource for is on everything"
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.event_gate)) == toset(["errors", "throttles", "duration", "5xx", "replay-errors", "spool-age", "dead-letters"])
    error_message = "the spool and its function have alarms"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.event_gate["duration"].threshold == 26100
    error_message = "it is API Gateway that gives up after 29 seconds, however long the function may take"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.event_gate["dead-letters"].alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:oncall"])
    error_message = "somebody is told"
  }
}

run "zip_regional_outside_a_vpc" {
  variables {
    api_endpoint_type     = "REGIONAL"
    api_allowed_cidrs     = ["203.0.113.0/24"]
    vpc_id                = ""
    vpc_endpoint          = ""
    lambda_vpc_subnet_ids = []
  }
  assert {
    condition     = length(aws_security_group.event_gate_sg) == 0 && length(aws_lambda_function.event_gate_lambda.vpc_config) == 0
    error_message = "no VPC, no security group"
  }
  assert {
    condition     = jsondecode(aws_api_gateway_rest_api.event_gate_api.body)["x-amazon-apigateway-policy"].Statement[0].Condition.IpAddress["aws:SourceIp"] == ["203.0.113.0/24"]
    error_message = "only those addresses"
  }
}

run "open_to_everybody" {
  variables {
    api_endpoint_type = "REGIONAL"
    vpc_endpoint      = ""
  }
  assert {
    condition     = !contains(keys(jsondecode(aws_api_gateway_rest_api.event_gate_api.body)), "x-amazon-apigateway-policy")
    error_message = "no policy where nobody is shut out"
  }
}

run "image_with_a_role_of_the_platforms" {
  variables {
    lambda_package_type  = "Image"
    lambda_src_s3_bucket = ""
    lambda_src_s3_key    = ""
    lambda_src_ecr_image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/eventgate@sha256:00"
    lambda_role_arn      = "arn:aws:iam::123456789012:role/eventgate"
    create_spool         = true
  }
  assert {
    condition     = length(aws_iam_role.event_gate) == 0 && length(aws_iam_role_policy.event_gate) == 0
    error_message = "no role is made"
  }
  assert {
    condition     = aws_lambda_function.event_gate_lambda.role == "arn:aws:iam::123456789012:role/eventgate" && aws_lambda_function.replay[0].role == "arn:aws:iam::123456789012:role/eventgate"
    error_message = "the given one is used"
  }
  assert {
    condition     = aws_lambda_function.replay[0].image_config[0].command == tolist(["eventgate.adapters.aws_sqs.handler"]) && aws_lambda_function.event_gate_lambda.handler == null
    error_message = "both functions are the image, each with its own command"
  }
}

run "wrong_package" {
  command = plan
  variables {
    lambda_package_type = "Image"
  }
  expect_failures = [var.lambda_src_s3_bucket, var.lambda_src_s3_key, var.lambda_src_ecr_image]
}

run "private_without_endpoint" {
  command = plan
  variables {
    vpc_endpoint = ""
  }
  expect_failures = [var.vpc_endpoint]
}

run "nonsense" {
  command = plan
  variables {
    aws_region          = "here"
    resource_prefix     = "Upper_"
    lambda_architecture = "sparc"
    lambda_runtime      = "python2.7"
    log_level           = "LOUD"
    api_stage           = "a b"
    lambda_egress_cidr  = "everywhere"
    lambda_memory_size  = 64
    lambda_timeout      = 1
    emf_namespace       = "AWS/Lambda"

    lambda_vpc_subnet_ids       = ["net-1"]
    lambda_reserved_concurrency = -2
    lambda_alias                = "1"
    log_retention_days          = 2
    api_allowed_cidrs           = ["everybody"]
    api_throttle_rate           = -2
    api_throttle_burst          = -2
    conf_dir                    = "s3:bucket"
    event_bus_arns              = ["bus"]
    secret_arns                 = ["secret"]
    kms_key_arns                = ["alias/key"]
    kafka_cluster_arns          = ["cluster"]
    postgres_user_arns          = ["user"]
    alarm_actions               = ["oncall"]
  }
  expect_failures = [
    var.aws_region, var.resource_prefix, var.lambda_architecture, var.lambda_runtime, var.log_level, var.api_stage,
    var.lambda_egress_cidr, var.lambda_memory_size, var.lambda_timeout, var.emf_namespace,
    var.lambda_vpc_subnet_ids, var.lambda_reserved_concurrency, var.lambda_alias,
    var.log_retention_days, var.api_allowed_cidrs, var.api_throttle_rate, var.api_throttle_burst, var.conf_dir,
    var.event_bus_arns, var.secret_arns, var.kms_key_arns, var.kafka_cluster_arns, var.postgres_user_arns, var.alarm_actions,
  ]
}

run "what_goes_together" {
  command = plan
  variables {
    postgres_secret_name           = "db"
    lambda_provisioned_concurrency = 1
    api_allowed_cidrs              = ["203.0.113.0/24"]
  }
  expect_failures = [var.postgres_secret_name, var.lambda_provisioned_concurrency, var.api_allowed_cidrs]
}
