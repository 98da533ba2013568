"""The class path of Apache Kafka, from Maven Central, kept between runs."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from tests.services.process import ServiceUnavailable, cache_folder, run_quietly

POM = Path(__file__).with_name("pom.xml")
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def kafka_class_path() -> str:
    """What `java -cp` takes; raises `ServiceUnavailable` where there is no Java or the jars cannot be had."""
    if not shutil.which("java"):
        raise ServiceUnavailable("Kafka needs `java` (17 or newer), or a broker's address in EVENTGATE_TEST_KAFKA")
    return f"{kafka_jars()}/*"


def kafka_jars() -> Path:
    """A folder with the jars that `pom.xml` asks for, fetched once."""
    folder = cache_folder() / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    if not shutil.which("mvn"):
        raise ServiceUnavailable("Kafka's jars are not there, and no `mvn` (Apache Maven) to fetch them with")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        _fetch(Path(scratch, "jars"))
        try:
            Path(scratch, "jars").rename(folder)
        except OSError:  # another run was faster
            if not folder.is_dir():
                raise
    return folder


def _fetch(target: Path) -> None:
    """Versions are those of `pom.xml` and of the poms it leads to; a wrong checksum is an error (-C)."""
    options = ("-DincludeScope=runtime", f"-DoutputDirectory={target}")
    run_quietly(["mvn", "-B", "-q", "-C", "-f", POM, f"{PLUGIN}:copy-dependencies", *options])
