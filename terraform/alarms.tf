locals {
  function = aws_lambda_function.event_gate_lambda.function_name

  alarms = merge(
    {
      errors = {
        text       = "An invocation ended without an answer of the gate", namespace = "AWS/Lambda", metric = "Errors", statistic = "Sum", above = 0,
        dimensions = { FunctionName = local.function }
      }
      throttles = {
        text       = "Lambda turned requests away", namespace = "AWS/Lambda", metric = "Throttles", statistic = "Sum", above = 0,
        dimensions = { FunctionName = local.function }
      }
      duration = {
        text       = "Answers come close to the timeout", namespace = "AWS/Lambda", metric = "Duration", statistic = "Maximum", above = min(29, var.lambda_timeout) * 900,
        dimensions = { FunctionName = local.function }
      }
      "5xx" = {
        text       = "Events were not accepted, or nothing answered", namespace = "AWS/ApiGateway", metric = "5XXError", statistic = "Sum", above = 0,
        dimensions = { ApiName = aws_api_gateway_rest_api.event_gate_api.name, Stage = aws_api_gateway_stage.event_gate_api_stage.stage_name }
      }
    },
    var.create_spool ? {
      replay-errors = {
        text       = "The spool is not delivered", namespace = "AWS/Lambda", metric = "Errors", statistic = "Sum", above = 0,
        dimensions = { FunctionName = aws_lambda_function.replay[0].function_name }
      }
      spool-age = {
        text       = "Events wait in the spool for over an hour", namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", above = 3600,
        dimensions = { QueueName = aws_sqs_queue.spool[0].name }
      }
      dead-letters = {
        text       = "Events were given up", namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", above = 0,
        dimensions = { QueueName = aws_sqs_queue.spool_dead_letters[0].name }
      }
    } : {},
  )
}

resource "aws_cloudwatch_metric_alarm" "event_gate" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.text
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
}
