locals {
  # Written by scripts/generate_docs.py out of the gate's own route table. A new topic needs no change here.
  routes = jsondecode(file("${path.module}/routes.json"))

  invoke_arn = var.lambda_alias != "" ? aws_lambda_alias.event_gate[0].invoke_arn : aws_lambda_function.event_gate_lambda.invoke_arn

  is_private = var.api_endpoint_type == "PRIVATE"

  # Who may call at all, beside what tokens say.
  conditions = merge(
    { for id in compact([var.vpc_endpoint]) : "StringEquals" => { "aws:SourceVpce" = [id] } if local.is_private },
    { for cidrs in [var.api_allowed_cidrs] : "IpAddress" => { "aws:SourceIp" = cidrs } if !local.is_private && length(cidrs) > 0 },
  )

  policy = {
    for conditions in [local.conditions] : "x-amazon-apigateway-policy" => {
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = "*"
        Action    = "execute-api:Invoke"
        Resource  = "execute-api:/*"
        Condition = conditions
      }]
    } if length(conditions) > 0
  }

  # What API Gateway answers itself has the form of the gate's own errors.
  own_answers = {
    MISSING_AUTHENTICATION_TOKEN = { status = "404", type = "route", message = "there is nothing at this path" }
    REQUEST_TOO_LARGE            = { status = "413", type = "size", message = "larger than API Gateway takes" }
    THROTTLED                    = { status = "429", type = "overload", message = "too many requests" }
    INTEGRATION_FAILURE          = { status = "503", type = "unavailable", message = "the gate gave no answer" }
    INTEGRATION_TIMEOUT          = { status = "503", type = "unavailable", message = "the gate gave no answer in time" }
  }

  openapi = merge(local.policy, {
    openapi = "3.0.1"
    info    = { title = "${local.name}-api", version = "1" }
    paths = {
      for path, methods in local.routes : path => {
        for method in methods : method => merge(
          {
            responses = { default = { description = "The gate's answer; its own description is at /api." } }
            "x-amazon-apigateway-integration" = {
              type                 = "aws_proxy"
              httpMethod           = "POST"
              uri                  = local.invoke_arn
              payloadFormatVersion = "1.0"
              passthroughBehavior  = "when_no_match"
              timeoutInMillis      = min(29, var.lambda_timeout) * 1000
            }
          },
          length(regexall("\\{(\\w+)\\}", path)) > 0 ? {
            parameters = [
              for names in regexall("\\{(\\w+)\\}", path) :
              { name = names[0], in = "path", required = true, schema = { type = "string" } }
            ]
          } : {},
        )
      }
    }
    "x-amazon-apigateway-binary-media-types" = var.api_binary_media_types
    "x-amazon-apigateway-gateway-responses" = {
      for kind, answer in local.own_answers : kind => {
        statusCode = answer.status
        responseTemplates = {
          "application/json" = jsonencode({
            success    = false
            statusCode = tonumber(answer.status)
            errors     = [{ type = answer.type, message = answer.message }]
          })
        }
      }
    }
  })
}

resource "aws_api_gateway_rest_api" "event_gate_api" {
  name        = "${local.name}-api"
  description = "API for EventGate"

  minimum_compression_size = 1024 # bytes; larger answers are pressed for clients that read gzip
  body                     = jsonencode(local.openapi)

  endpoint_configuration {
    types            = [var.api_endpoint_type]
    vpc_endpoint_ids = local.is_private ? [var.vpc_endpoint] : null
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_deployment" "event_gate_api_deployment" {
  rest_api_id = aws_api_gateway_rest_api.event_gate_api.id

  triggers = {
    redeployment = sha1(aws_api_gateway_rest_api.event_gate_api.body)
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "event_gate_api_stage" {
  rest_api_id          = aws_api_gateway_rest_api.event_gate_api.id
  deployment_id        = aws_api_gateway_deployment.event_gate_api_deployment.id
  stage_name           = var.api_stage
  xray_tracing_enabled = var.lambda_tracing
}

resource "aws_api_gateway_method_settings" "event_gate" {
  rest_api_id = aws_api_gateway_rest_api.event_gate_api.id
  stage_name  = aws_api_gateway_stage.event_gate_api_stage.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    throttling_rate_limit  = var.api_throttle_rate
    throttling_burst_limit = var.api_throttle_burst
  }
}
