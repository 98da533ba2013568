data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  name      = "${var.resource_prefix}event-gate"
  is_zip    = var.lambda_package_type == "Zip"
  in_vpc    = var.vpc_id != ""
  role_arn  = var.lambda_role_arn != "" ? var.lambda_role_arn : aws_iam_role.event_gate[0].arn
  conf_path = "conf/"
  conf_dir  = var.conf_dir != "" ? var.conf_dir : var.create_config_bucket ? "s3://${aws_s3_bucket.config[0].id}/${local.conf_path}" : "conf"

  environment = merge(
    { CONF_DIR = local.conf_dir, LOG_LEVEL = var.log_level },
    var.create_event_bus ? { EVENT_BUS_ARN = aws_cloudwatch_event_bus.event_gate[0].arn } : {},
    var.create_spool ? { SPOOL_STORE = "sqs:${aws_sqs_queue.spool[0].name}" } : {},
    var.postgres_secret_name != "" ? { POSTGRES_SECRET_NAME = var.postgres_secret_name, POSTGRES_SECRET_REGION = var.aws_region } : {},
    var.emf_namespace != "" ? { EVENTGATE_EMF_NAMESPACE = var.emf_namespace } : {},
    var.lambda_environment,
  )
}
