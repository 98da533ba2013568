# The least that the functions need; with lambda_role_arn, none of it is made.

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

locals {
  bus_arns = concat(var.event_bus_arns, aws_cloudwatch_event_bus.event_gate[*].arn)
  logs     = concat([aws_cloudwatch_log_group.event_gate.arn], aws_cloudwatch_log_group.replay[*].arn)

  # Topics lie beside their cluster: arn:...:cluster/NAME/UUID and arn:...:topic/NAME/UUID/TOPIC.
  kafka_topics = [for arn in var.kafka_cluster_arns : "${replace(arn, ":cluster/", ":topic/")}/*"]

  statements = concat(
    [{ sid = "WriteLog", actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = [for arn in local.logs : "${arn}:*"] }],
    local.in_vpc ? [{
      sid = "JoinVpc" # these take no narrower resource before the interface is there
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }] : [],
    var.lambda_tracing ? [{ sid = "Trace", actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources = ["*"] }] : [],
    length(local.bus_arns) > 0 ? [{ sid = "PutEvents", actions = ["events:DescribeEventBus", "events:PutEvents"], resources = local.bus_arns }] : [],
    var.create_config_bucket ? [
      { sid = "ReadConfiguration", actions = ["s3:GetObject"], resources = ["${aws_s3_bucket.config[0].arn}/${local.conf_path}*"] },
      { sid = "ListConfiguration", actions = ["s3:ListBucket"], resources = [aws_s3_bucket.config[0].arn] },
    ] : [],
    length(var.secret_arns) > 0 ? [{ sid = "ReadSecrets", actions = ["secretsmanager:GetSecretValue"], resources = var.secret_arns }] : [],
    length(var.kms_key_arns) > 0 ? [{ sid = "Decrypt", actions = ["kms:Decrypt"], resources = var.kms_key_arns }] : [],
    length(var.kafka_cluster_arns) > 0 ? [
      { sid = "ConnectToKafka", actions = ["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], resources = var.kafka_cluster_arns },
      { sid = "WriteToKafka", actions = ["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"], resources = local.kafka_topics },
    ] : [],
    length(var.postgres_user_arns) > 0 ? [{ sid = "ConnectToPostgres", actions = ["rds-db:connect"], resources = var.postgres_user_arns }] : [],
    var.create_spool ? [{
      sid = "UseSpool"
      actions = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
      ]
      resources = [aws_sqs_queue.spool[0].arn, aws_sqs_queue.spool_dead_letters[0].arn]
    }] : [],
  )
}

data "aws_iam_policy_document" "event_gate" {
  dynamic "statement" {
    for_each = local.statements
    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}

resource "aws_iam_role" "event_gate" {
  count = var.lambda_role_arn == "" ? 1 : 0

  name               = "${local.name}-role"
  description        = "What the functions of EventGate may do"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "event_gate" {
  count = var.lambda_role_arn == "" ? 1 : 0

  name   = "${local.name}-policy"
  role   = aws_iam_role.event_gate[0].id
  policy = data.aws_iam_policy_document.event_gate.json
}
