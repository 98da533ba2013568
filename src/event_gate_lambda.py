"""The handler under the name that earlier deployments are configured with: `event_gate_lambda.lambda_handler`.

A package for Lambda holds this file twice, at its root and in `src/`, so that both handler names find it.
"""

from eventgate.adapters.aws_lambda import handler as lambda_handler

__all__ = ["lambda_handler"]
