# A zip file in S3, in a closed VPC, reached through a VPC endpoint only.
aws_region      = "eu-west-1"
resource_prefix = "dev-"

vpc_id                = "vpc-0123456789abcdef0"
vpc_endpoint          = "vpce-0123456789abcdef0"
lambda_vpc_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]

lambda_package_type  = "Zip"
lambda_src_s3_bucket = "my-artefacts"
lambda_src_s3_key    = "eventgate/function.zip"

create_config_bucket = true
create_event_bus     = true
create_spool         = true
