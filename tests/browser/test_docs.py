"""The page at /docs in a real browser: read by everyone, and requests sent from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import NARROW, WIDE, Visit, use_token
from tests.browser.test_pages import AXE, overflow
from tests.deployment import Deployment

pytestmark = pytest.mark.asyncio(loop_scope="session")

RULES: dict[str, Any] = {"aria-allowed-role": {"enabled": False}}
"""The viewer has a `main` of its own inside of ours; that its role is told otherwise is better than two of them."""


async def unfold(page: Page, path: str) -> Locator:
    """The POST of `path`, opened."""
    operation = page.locator(".opblock-post").filter(has=page.get_by_text(path, exact=True))
    await operation.locator(".opblock-summary-control").click()
    await expect(operation.get_by_role("button", name="Execute")).to_be_visible()
    return operation


async def faults(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe has to say against the page."""
    await page.evaluate(AXE)
    found = await page.evaluate("options => axe.run({resultTypes: ['violations'], ...options})", options)
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


async def execute(operation: Locator) -> tuple[str, str]:
    """Status and body of the answer to what the form says."""
    async with operation.page.expect_response(lambda response: response.request.method == "POST") as posted:
        await operation.get_by_role("button", name="Execute").click()
    status = str((await posted.value).status)
    answer = operation.locator(".live-responses-table .response").first
    await expect(answer.locator(".response-col_status")).to_contain_text(status)  # until then it is the last one's
    return status, await answer.inner_text()


async def test_the_description_is_readable_for_everyone(visit: Visit, server: str) -> None:
    page = await visit(f"{server}/docs", width=WIDE)
    await unfold(page, "/topics/deals")
    assert await faults(page, {"rules": RULES}) == []


async def test_its_colours_can_be_told_apart_in_the_dark_and_it_fits_a_telephone(visit: Visit, server: str) -> None:
    page = await visit(f"{server}/docs", scheme="dark", width=NARROW)
    await unfold(page, "/topics/deals")
    assert await faults(page, {"runOnly": ["color-contrast"]}) == []
    assert await overflow(page) <= 0


async def test_an_example_is_sent_from_behind_a_stage(visit: Visit, stage: str, site: Deployment) -> None:
    """The body is the gate's own example, the address has the stage, and the token of the tab goes with it."""
    page = await visit(f"{stage}/docs", allowed=("401",))
    operation = await unfold(page, "/topics/deals")
    status, _ = await execute(operation)
    assert status == "401"
    await use_token(page, site.maker.token("alice"))
    status, body = await execute(operation)
    assert status == "202", body
    assert '"sqlite"' in body
    assert f"{stage}/topics/deals" in await operation.locator(".request-url").inner_text()


async def test_a_description_that_is_not_public_is_shown_to_who_has_a_token(
    visit: Visit, locked: tuple[str, Deployment]
) -> None:
    address, site = locked
    page = await visit(f"{address}/docs", allowed=("401",))
    await expect(page.get_by_text("This description asks for a token.")).to_be_visible()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Token").fill(site.maker.token("anyone"))
    await dialog.get_by_role("button", name="Use it").click()
    operation = await unfold(page, "/topics/deals")
    shown = json.loads(await operation.locator("textarea").first.input_value())
    assert shown["kind"] in ("new", "renewal")


async def test_a_description_of_ones_own_in_yaml_is_shown_too(visit: Visit, server: str) -> None:
    text = (
        "openapi: 3.1.0\ninfo: {title: Our own, version: '1'}\npaths: {/mine: {get: {summary: Ours, responses: {}}}}\n"
    )
    page = await visit(f"{server}/topics")
    await page.route("**/api", lambda route: route.fulfill(body=text, content_type="application/yaml"))
    await page.goto(f"{server}/docs")
    await expect(page.get_by_text("Our own")).to_be_visible()
    await expect(page.get_by_text("/mine")).to_be_visible()
