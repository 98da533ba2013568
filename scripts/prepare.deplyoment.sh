#!/bin/sh
# Builds lambda_function.zip in the project's folder: the gate with the configuration in conf/, ready for AWS Lambda.
#
#   scripts/prepare.deplyoment.sh [OPTIONS]     options of `eventgate package lambda`, as --arch arm64 or -o FILE
set -eu
cd "$(dirname "$0")/.."

eventgate=.venv/bin/eventgate
if [ ! -x "$eventgate" ]; then
    eventgate=$(command -v eventgate) || {
        echo "prepare.deplyoment.sh: there is no eventgate here; run make setup first" >&2
        exit 1
    }
fi
exec "$eventgate" package lambda --conf conf -o lambda_function.zip "$@"
