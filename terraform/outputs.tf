output "api_url" {
  description = "Where the gate is. A PRIVATE API is reached from the VPC only."
  value       = aws_api_gateway_stage.event_gate_api_stage.invoke_url
}

output "function_name" {
  description = "The function that answers."
  value       = aws_lambda_function.event_gate_lambda.function_name
}

output "log_group" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.event_gate.name
}

output "conf_dir" {
  description = "Where it reads its configuration."
  value       = local.conf_dir
}

output "event_bus_arn" {
  description = "The event bus, if one was made; env:EVENT_BUS_ARN in config.json."
  value       = one(aws_cloudwatch_event_bus.event_gate[*].arn)
}

output "spool_store" {
  description = "The spool's store, if one was made."
  value       = var.create_spool ? "sqs:${aws_sqs_queue.spool[0].name}" : null
}

output "role_arn" {
  description = "The functions' role."
  value       = local.role_arn
}
