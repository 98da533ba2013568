"""A folder in S3: what is a file there, and that only what an ETag says has changed is read again."""

from __future__ import annotations

import socket

import pytest

from eventgate.config import s3
from eventgate.config.s3 import S3Directory
from eventgate.config.sources import MAX_FILE_BYTES, Read
from eventgate.errors import SourceError
from tests.aws.environment import use_credentials
from tests.config.buckets import BUCKET, Bucket, bucket_in
from tests.config.servers import serving
from tests.services.aws import Aws


@pytest.fixture
def bucket(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    return bucket_in(aws, monkeypatch)


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


async def test_more_objects_than_one_page_lists_are_all_seen(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_PAGE_KEYS", 2)
    bucket.put(conf__t__a={}, conf__t__b={}, conf__t__c={}, conf__t__d={}, conf__t__e={})
    assert await names(directory(), "t") == [f"t/{stem}.json" for stem in "abcde"]
    monkeypatch.setattr(s3, "_PAGES", 2)
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
