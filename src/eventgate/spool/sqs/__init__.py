"""The spool in an SQS queue, for functions and for servers without a disk."""
