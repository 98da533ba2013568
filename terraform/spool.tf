# Events that a sink could not take wait in the queue; the replay function delivers them once it can.

locals {
  replay_timeout = 120
}

resource "aws_sqs_queue" "spool" {
  count = var.create_spool ? 1 : 0

  name                       = "${local.name}-spool"
  message_retention_seconds  = 14 * 24 * 3600
  visibility_timeout_seconds = 6 * local.replay_timeout # what Lambda asks for, so that no message is worked on twice
  sqs_managed_sse_enabled    = true

  lifecycle {
    ignore_changes = [redrive_policy] # the resource below says it
  }
}

resource "aws_sqs_queue_redrive_policy" "spool" {
  count = var.create_spool ? 1 : 0

  queue_url = aws_sqs_queue.spool[0].id

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.spool_dead_letters[0].arn
    maxReceiveCount     = 1000 # the gate itself gives up by age, long before
  })
}

resource "aws_sqs_queue" "spool_dead_letters" {
  count = var.create_spool ? 1 : 0

  name                      = "${local.name}-spool-dead-letters"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_log_group" "replay" {
  count = var.create_spool ? 1 : 0

  name              = "/aws/lambda/${local.name}-replay"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "replay" {
  count = var.create_spool ? 1 : 0

  function_name = "${local.name}-replay"
  description   = "Delivers what waits in the spool"
  role          = local.role_arn
  architectures = [var.lambda_architecture]
  memory_size   = var.lambda_memory_size
  timeout       = local.replay_timeout
  package_type  = var.lambda_package_type

  runtime          = local.is_zip ? var.lambda_runtime : null
  handler          = local.is_zip ? local.replay_handler : null
  s3_bucket        = local.is_zip ? var.lambda_src_s3_bucket : null
  s3_key           = local.is_zip ? var.lambda_src_s3_key : null
  source_code_hash = local.is_zip ? data.aws_s3_object.event_gate_lambda_zip[0].etag : null
  image_uri        = local.is_zip ? null : var.lambda_src_ecr_image

  environment {
    variables = local.environment
  }

  tracing_config {
    mode = var.lambda_tracing ? "Active" : "PassThrough"
  }

  dynamic "image_config" {
    for_each = local.is_zip ? [] : [1]
    content {
      command = [local.replay_handler]
    }
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []
    content {
      subnet_ids         = var.lambda_vpc_subnet_ids
      security_group_ids = [aws_security_group.event_gate_sg[0].id]
    }
  }

  depends_on = [aws_cloudwatch_log_group.replay, aws_iam_role_policy.event_gate]
}

locals {
  replay_handler = "eventgate.adapters.aws_sqs.handler"
}

resource "aws_lambda_event_source_mapping" "replay" {
  count = var.create_spool ? 1 : 0

  event_source_arn        = aws_sqs_queue.spool[0].arn
  function_name           = aws_lambda_function.replay[0].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }
}
