"""botocore with the cut list of endpoints: it finds the same addresses for the services that a gate calls."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.regions import EndpointResolver

from eventgate.package import endpoints
from eventgate.package.contents import AWS_SERVICES

WHOLE = Path(botocore.__file__).parents[1] / endpoints.FILE


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    goal = folder / endpoints.FILE
    goal.parent.mkdir(parents=True)
    shutil.copyfile(WHOLE, goal)
    endpoints.cut(folder)
    return goal


def resolver(path: Path) -> Any:
    return EndpointResolver(json.loads(path.read_bytes()))


@pytest.mark.parametrize("service", AWS_SERVICES)
def test_every_region_has_the_endpoint_that_it_had(cut: Path, service: str) -> None:
    before, after = resolver(WHOLE), resolver(cut)
    regions = [
        region
        for partition in before.get_available_partitions()
        for region in before.get_available_endpoints(service, partition, allow_non_regional=True)
    ]
    assert len(regions) > 20
    for region in regions:
        assert after.construct_endpoint(service, region) == before.construct_endpoint(service, region)


def test_it_is_small_and_says_that_it_was_changed(cut: Path) -> None:
    assert cut.stat().st_size * 10 < WHOLE.stat().st_size
    assert "eventgate" in json.loads(cut.read_bytes())["note"]


def test_a_package_without_botocore_has_none(tmp_path: Path) -> None:
    endpoints.cut(tmp_path)
    assert list(tmp_path.iterdir()) == []
