"""The console of `eventgate dev` in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NARROW, Visit
from tests.browser.test_pages import overflow, violations
from tests.e2e.test_dev import Running, dev

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A development gate."""
    with dev(tmp_path_factory.mktemp("dev")) as running:
        yield running


async def test_sample_traffic_shows_as_it_arrives_with_reasons_and_payloads(visit: Visit, running: Running) -> None:
    page = await visit(f"{running.issuer}/")
    await expect(page.get_by_text("Live.")).to_be_visible()
    await page.get_by_role("button", name="Send sample events").click()
    await expect(page.get_by_text("8 sent.")).to_be_visible()
    await expect(page.locator("#arrivals > li")).to_have_count(8)
    await expect(page.locator(".accepted")).to_have_count(6)
    await page.get_by_label("refused only").check()
    refused = page.locator("#arrivals > li:visible")
    await expect(refused).to_have_count(2)
    order = refused.filter(has_text="orders")
    await order.locator("summary").click()
    await expect(order).to_contain_text('needs the member "order_id"')
    await expect(order.locator("pre")).to_contain_text('"placed_at"')
    assert await violations(page) == []


async def test_a_token_for_any_subject_is_a_click_away_and_who_comes_later_sees_the_same(
    visit: Visit, running: Running
) -> None:
    page = await visit(f"{running.issuer}/", scheme="dark", width=NARROW)
    await page.get_by_label("For the subject").fill("Eva Š")
    await page.get_by_role("button", name="Sign one").click()
    await expect(page.get_by_label("Good for an hour")).to_have_value(re.compile(r"^[^.]+\.[^.]+\.[^.]+$"))
    await expect(page.get_by_role("link", name="The gate's pages")).to_have_attribute("href", f"{running.url}/")
    assert await violations(page) == []
    assert await overflow(page) <= 0
