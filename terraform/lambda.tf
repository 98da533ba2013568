# The names of the resources are those of the earlier EventGate's module, so that its state goes on.

data "aws_s3_object" "event_gate_lambda_zip" {
  count = local.is_zip ? 1 : 0

  bucket = var.lambda_src_s3_bucket
  key    = var.lambda_src_s3_key
}

resource "aws_security_group" "event_gate_sg" {
  count = local.in_vpc ? 1 : 0

  name        = "${local.name}-sg"
  description = "SG for Event Gate"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "allow_all_traffic_ipv4" {
  count = local.in_vpc ? 1 : 0

  security_group_id = aws_security_group.event_gate_sg[0].id
  description       = "To the sinks, the key endpoint and AWS"
  cidr_ipv4         = var.lambda_egress_cidr
  ip_protocol       = "-1"
}

resource "aws_cloudwatch_log_group" "event_gate" {
  name              = "/aws/lambda/${local.name}-lambda"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "event_gate_lambda" {
  function_name = "${local.name}-lambda"
  description   = "Takes events over HTTP, judges and delivers them"
  role          = local.role_arn
  architectures = [var.lambda_architecture]
  memory_size   = var.lambda_memory_size
  timeout       = var.lambda_timeout
  package_type  = var.lambda_package_type
  publish       = var.lambda_alias != ""

  runtime          = local.is_zip ? var.lambda_runtime : null
  handler          = local.is_zip ? "event_gate_lambda.lambda_handler" : null
  s3_bucket        = local.is_zip ? var.lambda_src_s3_bucket : null
  s3_key           = local.is_zip ? var.lambda_src_s3_key : null
  source_code_hash = local.is_zip ? data.aws_s3_object.event_gate_lambda_zip[0].etag : null
  image_uri        = local.is_zip ? null : var.lambda_src_ecr_image

  reserved_concurrent_executions = var.lambda_reserved_concurrency

  environment {
    variables = local.environment
  }

  tracing_config {
    mode = var.lambda_tracing ? "Active" : "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []
    content {
      subnet_ids         = var.lambda_vpc_subnet_ids
      security_group_ids = [aws_security_group.event_gate_sg[0].id]
    }
  }

  lifecycle {
    ignore_changes = [image_config] # an image has its own command; an empty one that is read back is no change
  }

  depends_on = [aws_cloudwatch_log_group.event_gate, aws_iam_role_policy.event_gate]
}

resource "aws_lambda_alias" "event_gate" {
  count = var.lambda_alias != "" ? 1 : 0

  name             = var.lambda_alias
  function_name    = aws_lambda_function.event_gate_lambda.function_name
  function_version = aws_lambda_function.event_gate_lambda.version
}

resource "aws_lambda_provisioned_concurrency_config" "event_gate" {
  count = var.lambda_provisioned_concurrency > 0 ? 1 : 0

  function_name                     = aws_lambda_function.event_gate_lambda.function_name
  qualifier                         = aws_lambda_alias.event_gate[0].name
  provisioned_concurrent_executions = var.lambda_provisioned_concurrency
}

resource "aws_lambda_permission" "event_gate_api_lambda_permissions" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.event_gate_lambda.function_name
  qualifier     = var.lambda_alias != "" ? aws_lambda_alias.event_gate[0].name : null
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.event_gate_api.execution_arn}/*"
}
