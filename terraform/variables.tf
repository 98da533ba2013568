variable "aws_region" {
  description = "AWS region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "A region, as eu-west-1."
  }
}

variable "resource_prefix" {
  description = "Prefix of all resource names."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]{0,24}$", var.resource_prefix))
    error_message = "Up to 24 lower-case letters, digits and hyphens: bucket names take nothing else."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = { BuiltBy = "Terraform" }
}

# --- network ---

variable "vpc_id" {
  description = "VPC of the function. Empty: none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(vpc-[0-9a-f]+)?$", var.vpc_id))
    error_message = "A VPC's id, as vpc-0123456789abcdef0, or empty."
  }
}

variable "lambda_vpc_subnet_ids" {
  description = "Subnets of the function."
  type        = list(string)
  default     = []

  validation {
    condition     = (var.vpc_id == "") == (length(var.lambda_vpc_subnet_ids) == 0)
    error_message = "Subnets go with vpc_id: give both, or neither."
  }

  validation {
    condition     = alltrue([for id in var.lambda_vpc_subnet_ids : can(regex("^subnet-[0-9a-z]+$", id))])
    error_message = "Ids of subnets, as subnet-0123456789abcdef0."
  }
}

variable "lambda_egress_cidr" {
  description = "Where the function may connect to (IPv4)."
  type        = string
  default     = "0.0.0.0/0"

  validation {
    condition     = can(cidrhost(var.lambda_egress_cidr, 0))
    error_message = "A CIDR block, as 10.0.0.0/8."
  }
}

variable "vpc_endpoint" {
  description = "VPC endpoint (execute-api) of a PRIVATE API."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(vpce-[0-9a-f]+)?$", var.vpc_endpoint))
    error_message = "A VPC endpoint's id, as vpce-0123456789abcdef0, or empty."
  }
  validation {
    condition     = (var.api_endpoint_type == "PRIVATE") == (var.vpc_endpoint != "")
    error_message = "A PRIVATE API needs vpc_endpoint, a REGIONAL one has none."
  }
}

# --- function ---

variable "lambda_role_arn" {
  description = "Role of the functions. Empty: one is made."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::[0-9]{12}:role/.+)?$", var.lambda_role_arn))
    error_message = "A role's ARN, or empty."
  }
}

variable "lambda_package_type" {
  description = "Zip or Image."
  type        = string
  default     = "Zip"

  validation {
    condition     = contains(["Zip", "Image"], var.lambda_package_type)
    error_message = "Zip or Image."
  }
}

variable "lambda_src_s3_bucket" {
  description = "Bucket of the zip file."
  type        = string
  default     = ""

  validation {
    condition     = (var.lambda_package_type == "Zip") == (var.lambda_src_s3_bucket != "")
    error_message = "For the package type Zip, and for no other."
  }
}

variable "lambda_src_s3_key" {
  description = "Key of the zip file."
  type        = string
  default     = ""

  validation {
    condition     = (var.lambda_package_type == "Zip") == (var.lambda_src_s3_key != "")
    error_message = "For the package type Zip, and for no other."
  }
}

variable "lambda_src_ecr_image" {
  description = "URI of the image in ECR, best by digest."
  type        = string
  default     = ""

  validation {
    condition     = (var.lambda_package_type == "Image") == (var.lambda_src_ecr_image != "")
    error_message = "For the package type Image, and for no other."
  }
}

variable "lambda_runtime" {
  description = "Runtime of the zip file."
  type        = string
  default     = "python3.13"

  validation {
    condition     = contains(["python3.12", "python3.13"], var.lambda_runtime)
    error_message = "python3.12 or python3.13."
  }
}

variable "lambda_architecture" {
  description = "Processor: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.lambda_architecture)
    error_message = "x86_64 or arm64."
  }
}

variable "lambda_memory_size" {
  description = "Memory in MiB."
  type        = number
  default     = 1024

  validation {
    condition     = var.lambda_memory_size >= 256 && var.lambda_memory_size <= 10240
    error_message = "256 to 10240."
  }
}

variable "lambda_timeout" {
  description = "Timeout in seconds. API Gateway gives up after 29."
  type        = number
  default     = 29

  validation {
    condition     = var.lambda_timeout >= 3 && var.lambda_timeout <= 900
    error_message = "3 to 900 seconds."
  }
}

variable "lambda_reserved_concurrency" {
  description = "Most environments at once; -1: no limit."
  type        = number
  default     = -1

  validation {
    condition     = var.lambda_reserved_concurrency >= -1 && floor(var.lambda_reserved_concurrency) == var.lambda_reserved_concurrency
    error_message = "A whole number, or -1."
  }
}

variable "lambda_environment" {
  description = "More environment variables of the functions."
  type        = map(string)
  default     = {}
}

variable "log_level" {
  description = "Log level."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "TRACE, DEBUG, INFO, WARNING or ERROR."
  }
}

variable "emf_namespace" {
  description = "CloudWatch namespace of the gate's metrics. Empty: none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9._/#:-]{0,256}$", var.emf_namespace)) && !startswith(var.emf_namespace, "AWS/")
    error_message = "Up to 256 letters, digits and ._/#:- that do not begin with AWS/, or empty."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept; 0: for ever."
  type        = number
  default     = 365

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "What CloudWatch takes: 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, or more years up to ten."
  }
}

variable "lambda_tracing" {
  description = "Trace with X-Ray."
  type        = bool
  default     = false
}

variable "lambda_alias" {
  description = "Alias that the API calls. Empty: none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([A-Za-z_-][A-Za-z0-9_-]{0,127})?$", var.lambda_alias))
    error_message = "Letters, digits, hyphens and underscores, no digit first; or empty."
  }
}

variable "lambda_provisioned_concurrency" {
  description = "Environments kept started; needs lambda_alias."
  type        = number
  default     = 0

  validation {
    condition     = var.lambda_provisioned_concurrency == 0 || var.lambda_alias != ""
    error_message = "Needs lambda_alias."
  }

  validation {
    condition     = var.lambda_provisioned_concurrency >= 0 && floor(var.lambda_provisioned_concurrency) == var.lambda_provisioned_concurrency
    error_message = "A whole number."
  }
}

# --- API ---

variable "api_endpoint_type" {
  description = "PRIVATE or REGIONAL."
  type        = string
  default     = "PRIVATE"

  validation {
    condition     = contains(["PRIVATE", "REGIONAL"], var.api_endpoint_type)
    error_message = "PRIVATE or REGIONAL."
  }
}

variable "api_stage" {
  description = "Stage of the API."
  type        = string
  default     = "DEV"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.api_stage))
    error_message = "Letters, digits, hyphens and underscores."
  }
}

variable "api_allowed_cidrs" {
  description = "Source addresses that may call a REGIONAL API. Empty: all."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "CIDR blocks, as 203.0.113.0/24."
  }

  validation {
    condition     = length(var.api_allowed_cidrs) == 0 || var.api_endpoint_type == "REGIONAL"
    error_message = "For a REGIONAL API only: a PRIVATE one is reached through its endpoint."
  }
}

variable "api_binary_media_types" {
  description = "Media types that reach the gate as bytes."
  type        = list(string)
  default     = ["application/x-ndjson", "application/cloudevents-batch+json"]
}

variable "api_throttle_rate" {
  description = "Requests a second; -1: the account's limit."
  type        = number
  default     = -1

  validation {
    condition     = var.api_throttle_rate >= 0 || var.api_throttle_rate == -1
    error_message = "A number from 0 on, or -1."
  }
}

variable "api_throttle_burst" {
  description = "Requests at once; -1: the account's limit."
  type        = number
  default     = -1

  validation {
    condition     = var.api_throttle_burst >= 0 || var.api_throttle_burst == -1
    error_message = "A number from 0 on, or -1."
  }
}

# --- what the gate reads and writes ---

variable "conf_dir" {
  description = "CONF_DIR of the functions. Empty: the config bucket if one is made, else conf in the package."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(s3://[^/]+/.*|[^:]*)$", var.conf_dir))
    error_message = "A folder of the package, s3://BUCKET/PREFIX/, or empty."
  }
}

variable "create_config_bucket" {
  description = "Make a versioned bucket for the configuration."
  type        = bool
  default     = false
}

variable "create_event_bus" {
  description = "Make an event bus."
  type        = bool
  default     = false
}

variable "create_spool" {
  description = "Make the spool: a queue, its dead-letter queue and the replay function."
  type        = bool
  default     = false
}

variable "event_bus_arns" {
  description = "Other event buses to write to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.event_bus_arns : can(regex("^arn:aws[a-z-]*:events:.+:event-bus/", arn))])
    error_message = "ARNs of event buses, as arn:aws:events:REGION:ACCOUNT:event-bus/NAME."
  }
}

variable "secret_arns" {
  description = "Secrets to read."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:aws[a-z-]*:secretsmanager:.+:secret:", arn))])
    error_message = "ARNs of secrets, as arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX."
  }
}

variable "kms_key_arns" {
  description = "KMS keys of those secrets, or of the configuration."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.kms_key_arns : can(regex("^arn:aws[a-z-]*:kms:.+:key/", arn))])
    error_message = "ARNs of keys, as arn:aws:kms:REGION:ACCOUNT:key/ID."
  }
}

variable "kafka_cluster_arns" {
  description = "MSK clusters to write to with IAM."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.kafka_cluster_arns : can(regex("^arn:aws[a-z-]*:kafka:.+:cluster/", arn))])
    error_message = "ARNs of clusters, as arn:aws:kafka:REGION:ACCOUNT:cluster/NAME/ID."
  }
}

variable "postgres_user_arns" {
  description = "Database users for IAM authentication."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.postgres_user_arns : can(regex("^arn:aws[a-z-]*:rds-db:.+:dbuser:", arn))])
    error_message = "ARNs of users, as arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE/USER."
  }
}

variable "postgres_secret_name" {
  description = "POSTGRES_SECRET_NAME; its ARN belongs into secret_arns."
  type        = string
  default     = ""

  validation {
    condition     = var.postgres_secret_name == "" || var.lambda_role_arn != "" || length(var.secret_arns) > 0
    error_message = "The functions may not read it: put its ARN into secret_arns."
  }
}

# --- alarms ---

variable "alarm_actions" {
  description = "SNS topics that are told of alarms."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.alarm_actions : can(regex("^arn:aws[a-z-]*:", arn))])
    error_message = "ARNs, as arn:aws:sns:REGION:ACCOUNT:NAME."
  }
}
