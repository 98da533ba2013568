"""Files are read whole, bounded, and again only when they changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eventgate.config.places import open_directory
from eventgate.config.sources import MAX_FILE_BYTES, MAX_FILES, FileDirectory
from eventgate.errors import SourceError
from tests.config.directories import write


async def test_reads_a_file_by_its_name(tmp_path: Path) -> None:
    write(tmp_path / "a.json", b"{}")
    found = await FileDirectory(tmp_path).read("a.json")
    assert found is not None
    assert found.content == b"{}"


async def test_an_absent_file_is_none(tmp_path: Path) -> None:
    write(tmp_path / "file", b"")
    directory = FileDirectory(tmp_path)
    assert await directory.read("none.json") is None
    assert await directory.read("file/below.json") is None


async def test_a_file_rewritten_at_once_with_the_same_size_is_seen(tmp_path: Path) -> None:
    directory = FileDirectory(tmp_path)
    write(tmp_path / "a.json", b"[1]")
    before = os.stat(tmp_path / "a.json")
    await directory.read("a.json")
    write(tmp_path / "a.json", b"[2]")
    os.utime(tmp_path / "a.json", ns=(before.st_atime_ns, before.st_mtime_ns))
    found = await directory.read("a.json")
    assert found is not None
    assert found.content == b"[2]"


async def test_a_settled_file_is_not_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", b"[1]")
    os.utime(path, (1_000_000, 1_000_000))
    directory = FileDirectory(tmp_path)
    assert await directory.read("a.json") is await directory.read("a.json")


async def test_a_file_that_is_swapped_by_rename_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", b"[1]")
    os.utime(path, (1_000_000, 1_000_000))
    directory = FileDirectory(tmp_path)
    await directory.read("a.json")
    other = write(tmp_path / "b", b"[2]")
    os.utime(other, (1_000_000, 1_000_000))
    other.rename(path)
    found = await directory.read("a.json")
    assert found is not None
    assert found.content == b"[2]"


def _directory(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_directory, "cannot be read: is a directory"),
        (_pipe, "is no regular file"),
        (_loop, "cannot be read: too many levels of symbolic links"),
        (_huge, f"is larger than {MAX_FILE_BYTES} bytes"),
    ],
)
async def test_what_is_no_readable_file_says_why_at_once(tmp_path: Path, make: object, message: str) -> None:
    assert callable(make)
    make(tmp_path / "a.json")
    with pytest.raises(SourceError, match=message):
        await FileDirectory(tmp_path).read("a.json")


async def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a.json", b"{}").chmod(0)
    former = os.geteuid()
    if former == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(SourceError, match="permission denied"):
            await FileDirectory(tmp_path).read("a.json")
    finally:
        os.seteuid(former)


async def test_a_symbolic_link_is_followed_as_orchestrators_mount_files(tmp_path: Path) -> None:
    write(tmp_path / "..2026/a.json", b"[1]")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.json").symlink_to("..data/a.json")
    files = await FileDirectory(tmp_path).read_folder("", recursive=True)
    assert files is not None
    assert list(files) == ["a.json"]


async def test_a_folder_is_read_with_its_subfolders_but_without_dotted_names(tmp_path: Path) -> None:
    for name in ("a.json", "b.txt", ".c.json", ".git/d.json", "sub/e.json", "sub/deep/f.json"):
        write(tmp_path / "topics" / name, b"{}")
    directory = FileDirectory(tmp_path)
    all_of_it = await directory.read_folder("topics", recursive=True)
    assert all_of_it is not None
    assert sorted(all_of_it) == ["topics/a.json", "topics/sub/deep/f.json", "topics/sub/e.json"]
    flat = await directory.read_folder("topics", recursive=False)
    assert flat is not None
    assert list(flat) == ["topics/a.json"]


async def test_folders_that_contain_themselves_are_read_to_an_end(tmp_path: Path) -> None:
    write(tmp_path / "a.json", b"{}")
    (tmp_path / "again").symlink_to(".", target_is_directory=True)
    files = await FileDirectory(tmp_path).read_folder("", recursive=True)
    assert files is not None
    assert len(files) < 20


async def test_one_bad_file_of_a_folder_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path / "good.json", b"{}")
    _loop(tmp_path / "bad.json")
    files = await FileDirectory(tmp_path).read_folder("", recursive=True)
    assert files is not None
    assert isinstance(files["bad.json"], SourceError)
    assert not isinstance(files["good.json"], SourceError)


async def test_no_folder_is_none(tmp_path: Path) -> None:
    write(tmp_path / "file", b"")
    directory = FileDirectory(tmp_path)
    assert await directory.read_folder("absent", recursive=True) is None
    assert await directory.read_folder("file", recursive=True) is None


@pytest.mark.parametrize("name", ["a\0b", "n" * 5_000], ids=["a NUL", "too long"])
async def test_a_name_that_no_file_can_have_is_answered(tmp_path: Path, name: str) -> None:
    directory = FileDirectory(tmp_path)
    assert await directory.read_folder(name, recursive=True) is None
    with pytest.raises(SourceError, match="no such directory"):
        open_directory(str(tmp_path / name))
    if "\0" in name:
        assert await directory.read(name) is None
    else:
        with pytest.raises(SourceError, match="cannot be read: file name too long"):
            await directory.read(name)


async def test_a_link_to_itself_does_not_hide_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    write(tmp_path / "a.json", b"{}")
    files = await FileDirectory(tmp_path).read_folder("", recursive=True)
    assert files is not None
    assert list(files) == ["a.json"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "no such directory"),
        ("file", "this is a file"),
        ("s3://", "not of the form s3://BUCKET/PREFIX/"),
    ],
)
def test_what_is_no_directory_is_refused(tmp_path: Path, name: str, message: str) -> None:
    write(tmp_path / "file", b"")
    with pytest.raises(SourceError, match=message):
        open_directory(name if "://" in name else str(tmp_path / name))


async def test_more_files_than_a_folder_may_hold_are_refused(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.json").touch()
    with pytest.raises(SourceError, match=f"more than {MAX_FILES} files"):
        await FileDirectory(tmp_path).read_folder("", recursive=True)
