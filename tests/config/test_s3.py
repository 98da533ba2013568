"""Configurations in S3: the same as local ones, read again only where an ETag says so."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from eventgate.config import s3
from eventgate.config.lint import lint
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.config.s3 import S3Directory
from eventgate.config.sources import MAX_FILE_BYTES, Read
from eventgate.core.policy import Policy
from eventgate.errors import ConfigurationError, SourceError
from tests.aws.environment import use_credentials
from tests.config.directories import KEYS_URL, SCHEMA, make, write
from tests.config.servers import serving
from tests.services.aws import REGION, Aws

BUCKET = "bucket-of-secret-name"


class Bucket:
    """A bucket, empty at first."""

    def __init__(self, aws: Aws) -> None:
        aws.reset()
        self._s3 = aws.client("s3")
        self._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def put(self, **files: object) -> None:
        """Write `files` (bytes, or documents as JSON); `__` in a name stands for a slash."""
        for name, content in files.items():
            self.write(f"{name.replace('__', '/')}.json", content)

    def write(self, key: str, content: object) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def remove(self, key: str) -> None:
        self._s3.delete_object(Bucket=BUCKET, Key=key)


@pytest.fixture
def bucket(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    use_credentials(monkeypatch, AWS_ENDPOINT_URL=aws.endpoint_url)
    return Bucket(aws)


def directory(prefix: str = "conf/") -> S3Directory:
    return S3Directory(f"s3://{BUCKET}/{prefix}")


async def content(directory: S3Directory, name: str) -> bytes | None:
    found = await directory.read(name)
    return found.content if found is not None else None


async def names(directory: S3Directory, folder: str, *, recursive: bool = True) -> list[str] | None:
    found = await directory.read_folder(folder, recursive=recursive)
    return None if found is None else sorted(found)


async def test_a_file_is_read_by_its_name_below_the_prefix(bucket: Bucket) -> None:
    bucket.put(conf__a=[1], other__a=[2])
    for prefix in ("conf/", "conf", "/conf/"):
        assert await content(directory(prefix), "a.json") == b"[1]"
    assert await content(directory(""), "other/a.json") == b"[2]"
    assert await directory().read("b.json") is None


async def test_what_did_not_change_is_not_read_again(bucket: Bucket) -> None:
    bucket.put(conf__a=[1], conf__t__x=[1], conf__t__y=[1])
    source = directory()
    first, folder = await source.read("a.json"), await source.read_folder("t", recursive=True)
    assert folder is not None
    bucket.put(conf__t__y=[2])
    again = await source.read_folder("t", recursive=True)
    assert again is not None
    assert await source.read("a.json") is first
    assert again["t/x.json"] is folder["t/x.json"]
    assert isinstance(again["t/y.json"], Read)
    assert again["t/y.json"].content == b"[2]"
    bucket.put(conf__a=[2])
    assert await content(source, "a.json") == b"[2]"
    bucket.remove("conf/a.json")
    assert await source.read("a.json") is None


async def test_a_folder_is_read_with_its_subfolders_but_without_dotted_names(bucket: Bucket) -> None:
    for key in (
        "a.json",
        "b.txt",
        ".c.json",
        ".git/d.json",
        "sub/e.json",
        "sub/deep/f.json",
        "/odd.json",
        "s/../g.json",
    ):
        bucket.write(f"conf/topics/{key}", {})
    bucket.write("conf/topics-of-others/h.json", {})
    assert await names(directory(), "topics") == ["topics/a.json", "topics/sub/deep/f.json", "topics/sub/e.json"]
    assert await names(directory(), "topics", recursive=False) == ["topics/a.json"]
    assert await names(directory("conf/topics"), "", recursive=False) == ["a.json"]


async def test_no_folder_is_none_and_an_empty_one_is_empty(bucket: Bucket) -> None:
    bucket.write("conf/empty/", b"")
    assert await names(directory(), "absent") is None
    assert await names(directory(), "empty") == []


async def test_more_files_than_one_page_are_all_read(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 lists 1,000 a page."""
    for number in range(1003):
        bucket.write(f"conf/t/{number}.txt", b"")
    bucket.put(conf__t__zz={})
    assert await names(directory(), "t") == ["t/zz.json"]
    monkeypatch.setattr(s3, "_PAGES", 1)
    with pytest.raises(SourceError, match="too many objects"):
        await names(directory(), "t")


async def test_too_many_and_too_large_files_are_refused(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put(conf__t__small={}, conf__large={}, conf__t__large={})
    bucket.write("conf/large.json", b" " * (MAX_FILE_BYTES + 1))
    bucket.write("conf/t/large.json", b" " * (MAX_FILE_BYTES + 1))
    with pytest.raises(SourceError, match=f"larger than {MAX_FILE_BYTES} bytes"):
        await directory().read("large.json")
    found = await directory().read_folder("t", recursive=True)
    assert found is not None
    assert isinstance(found["t/large.json"], SourceError)
    assert isinstance(found["t/small.json"], Read)
    monkeypatch.setattr(s3, "MAX_FILES", 1)
    with pytest.raises(SourceError, match="more than 1 files"):
        await names(directory(), "t")


@pytest.mark.parametrize("name", ["../a.json", "/a.json", "t/../../a.json"])
async def test_nothing_outside_of_the_prefix_is_read(bucket: Bucket, name: str) -> None:
    bucket.put(a={})
    with pytest.raises(SourceError, match="outside"):
        await directory().read(name)


async def test_what_is_wrong_is_told_without_the_buckets_name(aws: Aws, bucket: Bucket) -> None:
    absent = S3Directory("s3://no-such-bucket/conf/")
    for ask in (absent.read("a.json"), absent.read_folder("t", recursive=True)):
        with pytest.raises(SourceError, match="there is no such bucket") as caught:
            await ask
        assert "no-such-bucket" not in str(caught.value)


async def test_a_store_that_hangs_is_given_up(aws: Aws, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "SECONDS", 0.5)
    source = directory()
    aws.pause()
    try:
        with pytest.raises(SourceError, match="no answer before the deadline"):
            await source.read("a.json")
    finally:
        aws.resume()
    assert await source.read("a.json") is None


async def test_a_file_that_breaks_off_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a document may well be one: the length that was announced counts."""

    def break_off(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 99\r\n\r\n{}')

    with serving(break_off) as server:
        use_credentials(monkeypatch, AWS_ENDPOINT_URL=server.url(""))
        with pytest.raises(SourceError, match="cannot be read from S3: the connection broke off"):
            await directory().read("a.json")


@pytest.mark.parametrize("url", ["s3://", "s3:///conf/", "https://bucket/conf/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="is not of the form"):
        S3Directory(url)


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
