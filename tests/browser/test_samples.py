"""Examples and programs on a topic's page, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit, use_token
from tests.deployment import Deployment

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_example_goes_into_the_editor_and_is_taken_as_it_is(
    visit: Visit, stage: str, site: Deployment
) -> None:
    """The programs hold the address by which the page was reached, with its stage."""
    page = await visit(f"{stage}/topics/deals")
    program = page.locator("#program-curl")
    await expect(program).to_contain_text(f"'{stage}/topics/deals'")
    examples = page.locator("#examples")
    await examples.get_by_role("button", name="Edit").first.click()
    full = await page.locator("#example-full").inner_text()
    await expect(page.get_by_label("Try an event")).to_have_value(full)
    await use_token(page, site.maker.token("alice"))
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(page.get_by_text("Valid: this event would be taken.")).to_be_visible()
