# An image in ECR (for Kerberos), in a closed VPC, with a role of the platform's.
aws_region      = "eu-west-1"
resource_prefix = "prod-"

vpc_id                = "vpc-0123456789abcdef0"
vpc_endpoint          = "vpce-0123456789abcdef0"
lambda_vpc_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]

lambda_package_type  = "Image"
lambda_src_ecr_image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/eventgate@sha256:0000000000000000000000000000000000000000000000000000000000000000"
lambda_role_arn      = "arn:aws:iam::123456789012:role/eventgate"

lambda_alias                   = "live"
lambda_provisioned_concurrency = 2
