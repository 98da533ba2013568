# A zip file in S3, outside any VPC, on the internet for known addresses.
aws_region      = "eu-west-1"
resource_prefix = "test-"

api_endpoint_type = "REGIONAL"
api_stage         = "v1"
api_allowed_cidrs = ["203.0.113.0/24"]

lambda_package_type  = "Zip"
lambda_src_s3_bucket = "my-artefacts"
lambda_src_s3_key    = "eventgate/function.zip"
lambda_architecture  = "arm64"

create_config_bucket = true
