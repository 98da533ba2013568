variable "aws_region" {
  description = "Region that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "A region, as eu-west-1."
  }
}

variable "resource_prefix" {
  description = "Begins the name of every resource: the function is PREFIXevent-gate-lambda."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]{0,24}$", var.resource_prefix))
    error_message = "Up to 24 lower-case letters, digits and hyphens: bucket names take nothing else."
  }
}

variable "tags" {
  description = "Tags on everything."
  type        = map(string)
  default     = { BuiltBy = "Terraform" }
}

# --- network ---

variable "vpc_id" {
  description = "VPC of the function's security group. Empty: the function is in no VPC."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(vpc-[0-9a-f]+)?$", var.vpc_id))
    error_message = "A VPC's id, as vpc-0123456789abcdef0, or empty."
  }
}

variable "lambda_vpc_subnet_ids" {
  description = "Subnets of the function; two in different zones outlive the loss of one."
  type        = list(string)
  default     = []

  validation {
    condition     = (var.vpc_id == "") == (length(var.lambda_vpc_subnet_ids) == 0)
    error_message = "Subnets go with vpc_id: give both, or neither."
  }
}

variable "lambda_egress_cidr" {
  description = "What the function may connect to (IPv4)."
  type        = string
  default     = "0.0.0.0/0"

  validation {
    condition     = can(cidrhost(var.lambda_egress_cidr, 0))
    error_message = "A CIDR block, as 10.0.0.0/8."
  }
}

variable "vpc_endpoint" {
  description = "VPC endpoint of execute-api, through which alone a PRIVATE API is reached."
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
  description = "Role of the functions. Empty: one with the fewest rights is made."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::[0-9]{12}:role/.+)?$", var.lambda_role_arn))
    error_message = "A role's ARN, or empty."
  }
}

variable "lambda_package_type" {
  description = "Zip (lambda_src_s3_bucket, lambda_src_s3_key) or Image (lambda_src_ecr_image)."
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
  description = "Key of the zip file, as `eventgate package lambda` makes it."
  type        = string
  default     = ""

  validation {
    condition     = (var.lambda_package_type == "Zip") == (var.lambda_src_s3_key != "")
    error_message = "For the package type Zip, and for no other."
  }
}

variable "lambda_src_ecr_image" {
  description = "Image in ECR; best by digest (...@sha256:...), so that a new image is a change."
  type        = string
  default     = ""

  validation {
    condition     = (var.lambda_package_type == "Image") == (var.lambda_src_ecr_image != "")
    error_message = "For the package type Image, and for no other."
  }
}

variable "lambda_runtime" {
  description = "The runtime that the zip file was built for (--python)."
  type        = string
  default     = "python3.13"

  validation {
    condition     = contains(["python3.12", "python3.13"], var.lambda_runtime)
    error_message = "python3.12 or python3.13."
  }
}

variable "lambda_architecture" {
  description = "The processor that the package was built for (--arch)."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.lambda_architecture)
    error_message = "x86_64 or arm64."
  }
}

variable "lambda_memory_size" {
  description = "MiB. The share of a processor grows with it, one whole at 1769."
  type        = number
  default     = 1024

  validation {
    condition     = var.lambda_memory_size >= 256 && var.lambda_memory_size <= 10240
    error_message = "256 to 10240."
  }
}

variable "lambda_timeout" {
  description = "Seconds. The gate answers half a second earlier; API Gateway itself gives up after 29."
  type        = number
  default     = 29

  validation {
    condition     = var.lambda_timeout >= 3 && var.lambda_timeout <= 900
    error_message = "3 to 900 seconds."
  }
}

variable "lambda_reserved_concurrency" {
  description = "Most environments at once; -1 for no bound of its own. A database's connections may want one."
  type        = number
  default     = -1
}

variable "lambda_environment" {
  description = "More environment variables of the functions, as those that env: in config.json names."
  type        = map(string)
  default     = {}
}

variable "log_level" {
  description = "LOG_LEVEL of the functions."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "TRACE, DEBUG, INFO, WARNING or ERROR."
  }
}

variable "emf_namespace" {
  description = "EVENTGATE_EMF_NAMESPACE of the functions: the CloudWatch namespace of the gate's own metrics. Empty: none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9._/#:-]{0,256}$", var.emf_namespace)) && !startswith(var.emf_namespace, "AWS/")
    error_message = "Up to 256 letters, digits and ._/#:- that do not begin with AWS/, or empty."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the log."
  type        = number
  default     = 365
}

variable "lambda_tracing" {
  description = "X-Ray's tracing of the functions and the API."
  type        = bool
  default     = false
}

variable "lambda_alias" {
  description = "Name of an alias that the API calls instead of the newest code. Empty: none."
  type        = string
  default     = ""
}

variable "lambda_provisioned_concurrency" {
  description = "Environments of the alias that are kept started; 0 for none."
  type        = number
  default     = 0

  validation {
    condition     = var.lambda_provisioned_concurrency == 0 || var.lambda_alias != ""
    error_message = "Needs lambda_alias."
  }
}

# --- API ---

variable "api_endpoint_type" {
  description = "PRIVATE (reached through vpc_endpoint only) or REGIONAL."
  type        = string
  default     = "PRIVATE"

  validation {
    condition     = contains(["PRIVATE", "REGIONAL"], var.api_endpoint_type)
    error_message = "PRIVATE or REGIONAL."
  }
}

variable "api_stage" {
  description = "Name of the stage, the first part of each path."
  type        = string
  default     = "DEV"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.api_stage))
    error_message = "Letters, digits, hyphens and underscores."
  }
}

variable "api_allowed_cidrs" {
  description = "Who may call a REGIONAL API (source addresses). Empty: everybody, with a token."
  type        = list(string)
  default     = []
}

variable "api_binary_media_types" {
  description = "Media types that the gate gets as bytes: those of batches, which may be compressed."
  type        = list(string)
  default     = ["application/x-ndjson", "application/cloudevents-batch+json"]
}

variable "api_throttle_rate" {
  description = "Requests a second that the stage lets through; -1 for the account's own bound."
  type        = number
  default     = -1
}

variable "api_throttle_burst" {
  description = "Requests at once that the stage lets through; -1 for the account's own bound."
  type        = number
  default     = -1
}

# --- what the gate reads and writes ---

variable "conf_dir" {
  description = "CONF_DIR of the functions. Empty: s3://BUCKET/conf/ with create_config_bucket, else conf in the package."
  type        = string
  default     = ""
}

variable "create_config_bucket" {
  description = "Make a versioned bucket for the configuration."
  type        = bool
  default     = false
}

variable "create_event_bus" {
  description = "Make an event bus for the EventBridge writer."
  type        = bool
  default     = false
}

variable "create_spool" {
  description = "Make a queue for the spool, its dead-letter queue, and the function that delivers what waits there."
  type        = bool
  default     = false
}

variable "event_bus_arns" {
  description = "Event buses that were there before, which the gate may write to."
  type        = list(string)
  default     = []
}

variable "secret_arns" {
  description = "Secrets that the gate may read (secretsmanager: in config.json, POSTGRES_SECRET_NAME)."
  type        = list(string)
  default     = []
}

variable "kms_key_arns" {
  description = "Keys of your own that encrypt those secrets or the configuration."
  type        = list(string)
  default     = []
}

variable "kafka_cluster_arns" {
  description = "MSK clusters with IAM access control that the gate may produce to."
  type        = list(string)
  default     = []
}

variable "postgres_user_arns" {
  description = "Database users for IAM authentication, as arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE/USER."
  type        = list(string)
  default     = []
}

variable "postgres_secret_name" {
  description = "POSTGRES_SECRET_NAME: the secret with the database's address, for configurations of the earlier EventGate."
  type        = string
  default     = ""
}

# --- alarms ---

variable "alarm_actions" {
  description = "Who is told of an alarm: ARNs of SNS topics. Without any, alarms are only shown."
  type        = list(string)
  default     = []
}
