"""Configurations in S3: judged, loaded and reloaded as local ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventgate.config.lint import lint
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core.policy import Policy
from eventgate.errors import ConfigurationError
from tests.config.buckets import BUCKET, Bucket, bucket_in
from tests.config.directories import KEYS_URL, SCHEMA, make, write
from tests.services.aws import Aws


@pytest.fixture
def bucket(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    return bucket_in(aws, monkeypatch)


def put_configuration(bucket: Bucket, **config: object) -> str:
    settings = {"token_public_keys_url": KEYS_URL, "writers": {"discard": {}}, **config}
    bucket.put(conf__config=settings, conf__access={"orders": ["ann"]}, conf__topics__orders=SCHEMA)
    return f"s3://{BUCKET}/conf/"


async def loaded(conf: str) -> tuple[PolicyLoader, Policy]:
    loader = PolicyLoader(await load_configuration(conf, {}))
    return loader, (await loader.load(None))[0]


async def test_a_whole_directory_may_lie_in_s3(bucket: Bucket) -> None:
    conf = put_configuration(bucket)
    assert await lint(conf, {}) == ()
    loader, policy = await loaded(conf)
    assert list(policy.topics) == ["orders"]
    assert (await loader.load(policy))[0] is policy
    bucket.put(conf__topics__users={"$ref": "_common.json"}, conf__topics___common={"type": "object"})
    policy = (await loader.load(policy))[0]
    assert sorted(policy.topics) == ["orders", "users"]


async def test_the_last_good_version_stays_while_s3_is_gone(bucket: Bucket, aws: Aws) -> None:
    conf = put_configuration(bucket)
    loader, policy = await loaded(conf)
    bucket.put(conf__access=b"{")
    after, _ = await loader.load(policy)
    assert after.access is policy.access
    assert "access" in after.failures
    bucket.put(conf__access={"orders": ["ann"]})
    for key in ("config", "access", "topics/orders"):
        bucket.remove(f"conf/{key}.json")
    after, _ = await loader.load(policy)
    assert list(after.topics) == ["orders"]
    assert sorted(after.failures) == ["access", "topics"]
    assert all(BUCKET not in text for text in (*after.failures.values(), *after.notes))


async def test_an_absent_or_wrong_directory_in_s3_is_an_error(bucket: Bucket) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file in the configuration directory"):
        await load_configuration(f"s3://{BUCKET}/absent/", {})
    with pytest.raises(ConfigurationError, match="there is no such bucket"):
        await load_configuration("s3://no-such-bucket/conf/", {})


@pytest.mark.parametrize("topics", [f"s3://{BUCKET}/schemas/", f"s3://{BUCKET}/schemas"])
async def test_topics_and_access_may_lie_in_s3_beside_a_local_directory(
    bucket: Bucket, tmp_path: Path, topics: str
) -> None:
    bucket.put(schemas__orders={"$ref": "sub/s.json"}, schemas__sub__s=SCHEMA, rules__who={"orders": ["ann"]})
    conf = make(tmp_path, schemas={}, access=b"", topics=topics, access_config=f"s3://{BUCKET}/rules/who.json")
    loader, policy = await loaded(str(conf))
    assert list(policy.topics) == ["orders"]
    bucket.put(schemas__orders=b"{", rules__who={"orders": ["ann", "bob"]})
    after, findings = await loader.load(policy)
    assert after.access is not policy.access
    assert [finding.file for finding in findings] == ["topics/orders.json"]
    assert all(BUCKET not in note for note in after.notes)


async def test_an_index_in_s3_finds_its_schemas_beside_it_and_in_the_directory(bucket: Bucket, tmp_path: Path) -> None:
    index = {"orders": {"schema": "o.json"}, "users": {"schema": "local/u.json"}}
    bucket.put(a__index=index, a__o=SCHEMA)
    conf = make(tmp_path, schemas={}, access={"orders": [], "users": []}, topics=f"s3://{BUCKET}/a/index.json")
    write(tmp_path / "local/u.json", SCHEMA)
    _, policy = await loaded(str(conf))
    assert sorted(policy.topics) == ["orders", "users"]


@pytest.mark.parametrize("config", [{"access_config": "s3://b"}, {"topics": "s3://"}, {"topics": "s3:///t/"}])
async def test_an_address_that_is_none_is_a_finding(tmp_path: Path, config: dict[str, Any]) -> None:
    findings = await lint(str(make(tmp_path, **config)), {})
    assert [each.pointer for each in findings if each.file == "config.json"] == [f"/{next(iter(config))}"]
