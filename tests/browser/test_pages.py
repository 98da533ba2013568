"""The pages as people see them: in a real browser, light and dark, narrow and wide, with and without a prefix."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, Visit, use_token
from tests.browser.site import HOSTILE
from tests.deployment import Deployment

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (WIDE, NARROW)]


async def violations(page: Page) -> list[str]:
    """What axe has to say against the page."""
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
@pytest.mark.parametrize("path", ["/", "/topics/deals", "/topics/traps"])
async def test_a_page_is_readable_for_everyone(visit: Visit, server: str, path: str, scheme: str, width: int) -> None:
    """No fault that axe finds, nothing that sticks out of the window; and, as `visit` sees to, no error."""
    page = await visit(server + path, scheme=scheme, width=width)
    await expect(page.get_by_text("All well").or_(page.get_by_text("Well, with warnings"))).to_be_visible()
    assert await violations(page) == []
    assert await overflow(page) <= 0


async def test_the_catalogue_tells_of_each_topic_and_finds_it(visit: Visit, server: str) -> None:
    page = await visit(f"{server}/")
    row = page.get_by_role("listitem").filter(has_text="Closed deal")
    await expect(row).to_contain_text("A deal that both sides have signed.")
    await expect(row).to_contain_text("Sales platform")
    await expect(page.get_by_text("out of service", exact=True)).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("CONTRACTS deal")
    await expect(page.get_by_role("status").filter(has_text="1 of")).to_be_visible()
    await expect(page.locator("#topics > li:visible")).to_have_count(1)
    await expect(page).to_have_url(f"{server}/?q=CONTRACTS%20deal")
    await page.get_by_label("Search").fill("nothing like it")
    await expect(page.get_by_text("No topic matches.")).to_be_visible()


async def test_a_tag_leads_to_the_topics_that_have_it(visit: Visit, server: str) -> None:
    page = await visit(f"{server}/topics/deals")
    await page.get_by_role("link", name="contracts").click()
    await expect(page.locator("#topics > li:visible")).to_have_count(1)


async def test_a_schema_is_a_tree_whose_every_place_has_an_address(visit: Visit, server: str) -> None:
    """References are followed, also into other files; a schema inside of itself is a link to where it is described."""
    page = await visit(f"{server}/topics/deals#/parts/*/name")
    tree = page.locator("#schema")
    await expect(tree.locator("[id='/price']")).to_contain_text("A sum of money.")
    await expect(tree.locator("[id='/event_id'] > .row")).to_contain_text("string required 3 to 40 characters")
    await expect(tree.locator("[id='/kind']")).to_contain_text('one of "new" "renewal"')
    await expect(tree.locator("[id='/then']")).to_contain_text("previous")
    await expect(tree.locator(":target > .row")).to_be_in_viewport()
    await tree.get_by_role("link", name="/parts/*", exact=True).click()
    await expect(page).to_have_url(f"{server}/topics/deals#/parts/*")
    await page.get_by_role("button", name="Close all").click()
    await expect(tree.get_by_role("link", name="price")).to_be_hidden()
    await page.evaluate("location.hash = '#/price'")
    await expect(tree.get_by_role("link", name="price")).to_be_visible()


async def test_hostile_text_stays_text(visit: Visit, server: str) -> None:
    """In every place that a schema can put it, and nothing of it runs."""
    page = await visit(f"{server}/topics/traps")
    alerts: list[str] = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    await expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert await page.locator("img, main script").count() == 0
    await page.goto(f"{server}/")
    await expect(page.locator("li", has_text="{{7*7}}").first).to_be_visible()
    assert await page.locator("img, main script").count() == 0
    assert alerts == []


async def test_the_keyboard_reaches_everything(visit: Visit, server: str) -> None:
    page = await visit(f"{server}/topics/deals")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.get_by_role("button", name="Token", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog").get_by_label("Token")).to_be_focused()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_a_topic_that_there_is_none_of_is_told_with_a_way_back(visit: Visit, server: str) -> None:
    page = await visit(f"{server}/topics/nope", allowed=("404",))
    await expect(page.get_by_text("no such topic")).to_be_visible()
    await page.get_by_role("link", name="All topics").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Topics")


async def test_behind_a_stage_all_addresses_work(visit: Visit, stage: str) -> None:
    """Of the Lambda function; also where the stage was asked for without the slash at its end."""
    page = await visit(stage)
    await expect(page.get_by_text("All well").or_(page.get_by_text("Well, with warnings"))).to_be_visible()
    await expect(page).to_have_url(f"{stage}/")
    await page.get_by_role("link", name="Closed deal").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Closed deal")
    await expect(page).to_have_url(f"{stage}/topics/deals")
    await page.get_by_role("link", name="EventGate", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Topics")


async def test_a_catalogue_that_is_not_public_asks_for_a_token_once(
    visit: Visit, locked: tuple[str, Deployment]
) -> None:
    """It is kept in the tab's session storage alone, and goes along from page to page."""
    address, site = locked
    page = await visit(f"{address}/", allowed=("401",))
    await expect(page.get_by_text("asks for a token")).to_be_visible()
    assert "Closed deal" not in await page.content()
    assert await violations(page) == []
    await page.locator("main").get_by_label("Token").fill("nonsense")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.locator("#unlock-state")).to_contain_text("token")
    await page.locator("main").get_by_label("Token").fill(f"Bearer {site.maker.token('nobody')}")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.get_by_role("link", name="Closed deal")).to_be_visible()
    await page.get_by_label("Search").fill("deal")
    await expect(page.locator("#topics > li:visible")).to_have_count(1)
    await page.get_by_role("link", name="Closed deal").click()
    await expect(page.get_by_role("heading", name="Try an event")).to_be_visible()
    assert await page.evaluate("[localStorage.length, document.cookie, sessionStorage.length]") == [0, "", 1]


async def test_the_token_says_who_it_is_for_and_can_be_forgotten(visit: Visit, server: str, site: Deployment) -> None:
    page = await visit(f"{server}/")
    await use_token(page, site.maker.token("alice"))
    await page.reload()
    await page.get_by_role("button", name="As alice").click()
    await page.get_by_role("button", name="Forget it").click()
    await expect(page.get_by_role("button", name="Token", exact=True)).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0
