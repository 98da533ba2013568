"""What all tests may ask for."""

pytest_plugins = ["tests.services.fixtures", "tests.aws_lambda.fixtures"]
