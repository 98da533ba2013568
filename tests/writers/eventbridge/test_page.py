"""docs/eventbridge.md says all that the writer says."""

from __future__ import annotations

from eventgate.aws.faults import CODES, EXCEPTIONS
from eventgate.writers.eventbridge.outcomes import ENTRY_CODES
from tests.project.markdown import rows, section
from tests.project.sources import ROOT

NOT_OF_A_BUS = {
    # of S3, of Secrets Manager, or of botocore's own settings
    "there is no such bucket", "it is archived", "it is in another region", "it is about to be deleted",
    "it cannot be decrypted with its KMS key", "the answer arrived damaged", "the connection fails",
    "no AWS region is set", "the AWS region is none", "the AWS profile does not exist", "the AWS client fails",
    "a library that the AWS credentials need is not installed", "the settings of the AWS client are not usable",
}  # fmt: skip


def test_every_reason_has_a_row() -> None:
    documented = {cells[0] for cells in rows(section(ROOT / "docs/eventbridge.md", "What the writer says"))}
    said = {*CODES.values(), *EXCEPTIONS.values(), *(reason for _, reason in ENTRY_CODES.values())}
    assert said - documented == NOT_OF_A_BUS
