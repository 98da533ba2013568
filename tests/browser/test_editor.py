"""The editor of a topic's page: what the gate says of an event, where, and what becomes of it when it is sent."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import NARROW, Visit, use_token
from tests.browser.site import BAD, GOOD
from tests.browser.test_pages import overflow, violations
from tests.deployment import Deployment

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = ("400", "401", "403", "409")
"""What a browser complains of by itself when such an answer comes."""


async def editor(visit: Visit, address: str, text: str, *, width: int = 1280) -> Page:
    """The page of the topic `deals` with `text` in its editor."""
    page = await visit(f"{address}/topics/deals", allowed=REFUSED, width=width)
    await page.get_by_label("Try an event").fill(text)
    return page


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def selected(page: Page) -> str:
    """The text that is selected in the editor."""
    script = "(field) => field.value.slice(field.selectionStart, field.selectionEnd)"
    return str(await page.get_by_label("Try an event").evaluate(script))


@pytest.mark.parametrize("host", ["server", "stage"])
async def test_every_problem_is_shown_in_the_gates_words_at_its_place(
    visit: Visit, site: Deployment, request: pytest.FixtureRequest, host: str
) -> None:
    """Of the server, and of the Lambda function behind a stage."""
    page = await editor(visit, request.getfixturevalue(host), BAD)
    await press(page, "Check")
    await page.get_by_role("dialog").get_by_label("Token").fill(site.maker.token("alice"))
    await press(page, "Use it")  # and the check that waited for it goes on
    await expect(page.locator("#verdict")).to_contain_text("3 problems (400)")
    shown = [line.split("\n") for line in await page.locator("#verdict li").all_inner_texts()]
    assert sorted((where, pointer) for where, pointer, _ in shown) == [
        ("Line 1, column 1", "/"),  # `previous` is missing in the event itself
        ("Line 4, column 12", "/price"),
        ("Line 7, column 14", "/parts/1/name"),
    ]
    assert [text for text in await page.locator("#marks mark").all_inner_texts() if text == "7"] == ["7"]
    assert await page.locator("#lines .bad").all_inner_texts() == ["1", "4", "7"]
    await press(page, "Line 7, column 14")
    assert await selected(page) == "7"
    assert await violations(page) == []


async def test_text_that_is_no_json_is_marked_where_it_ends_to_be(visit: Visit, server: str, site: Deployment) -> None:
    page = await editor(visit, server, '{\n  "kind": new\n}')
    await use_token(page, site.maker.token("alice"))
    await page.get_by_label("Try an event").press("Control+Enter")
    await expect(page.locator("#verdict")).to_contain_text("the body is not one JSON document")
    await expect(page.get_by_role("button", name="Line 2, column 11")).to_be_visible()


async def test_an_event_is_checked_and_sent_and_each_writer_tells(visit: Visit, server: str, site: Deployment) -> None:
    """Sent again it is a duplicate, and with other bytes a conflict, of which the writers tell as well."""
    page = await editor(visit, server, json.dumps(GOOD))
    await use_token(page, site.maker.token("alice"))
    await press(page, "Check")
    await expect(page.locator("#verdict")).to_contain_text("Valid: this event would be taken.")
    await press(page, "Send")
    await expect(page.locator("#verdict")).to_contain_text("Accepted. Event id d-1.")
    row = page.get_by_role("row").filter(has_text="sqlite")
    await expect(row).to_contain_text("delivered")
    await expect(page.get_by_role("row").filter(has_text="discard")).to_contain_text("delivered")
    await page.get_by_text("Receipt", exact=True).click()
    await expect(page.locator("#receipt")).to_have_text(re.compile(r"[\w-]{100,600}"))
    assert await violations(page) == []
    await press(page, "Send")
    await expect(row).to_contain_text("duplicate")
    await page.get_by_label("Try an event").fill(json.dumps({**GOOD, "price": 11}))
    await press(page, "Send")
    await expect(page.locator("#verdict")).to_contain_text("Not accepted (409)")
    await expect(row).to_contain_text("conflict")
    await press(page, "Send again with the receipt")
    await expect(row).to_contain_text("conflict")


@pytest.mark.parametrize(
    ("subject", "said"),
    [("bob", "not_listed"), (None, "signature")],
    ids=["a subject that is not listed", "a token of somebody else's"],
)
async def test_a_send_that_is_refused_says_why(
    visit: Visit, server: str, site: Deployment, subject: str | None, said: str
) -> None:
    page = await editor(visit, server, json.dumps(GOOD), width=NARROW)
    token = site.maker.token(subject or "alice")
    await use_token(page, token if subject else token[:-8] + "AAAAAAAA")
    await press(page, "Send")
    await expect(page.locator("#verdict")).to_contain_text(said)
    assert await violations(page) == []
    assert await overflow(page) <= 0


async def test_a_gate_that_does_not_answer_is_told(visit: Visit, server: str, site: Deployment) -> None:
    page = await visit(f"{server}/topics/deals", allowed=("ERR_FAILED",))
    await use_token(page, site.maker.token("alice"))
    await page.route("**/validate", lambda route: route.abort())
    await press(page, "Check")
    await expect(page.locator("#verdict")).to_contain_text("The gate gave no answer.")


async def test_formatting_changes_white_space_only(visit: Visit, server: str) -> None:
    """Digits beyond what JavaScript's numbers hold stay, and so does the order of members."""
    text = '{"b":[],"a":[1.10,123456789012345678901234567890,{"x\\u0041,:":"{ }"}],"c":{}}'
    page = await editor(visit, server, text)
    await press(page, "Format")
    laid_out = await page.get_by_label("Try an event").input_value()
    assert laid_out.split("\n")[:4] == ["{", '  "b": [],', '  "a": [', "    1.10,"]
    assert "".join(laid_out.split()) == text.replace(" ", "")
    await page.get_by_label("Try an event").fill("{")
    await press(page, "Format")
    await expect(page.locator("#verdict")).to_contain_text("This is not JSON yet")


@pytest.mark.parametrize(
    ("text", "pointer", "marked"),
    [
        ('{"a": [1, {"b/~": true}]}', "/a/1/b~1~0", "true"),
        ('{"a": {"b": 1}}', "/a/*", "{"),
        ('{"a": "x", "a": "y"}', "/a", '"y"'),
        (' [ [ ], "\\"\\u00e9" ] ', "/1", '"\\"\\u00e9"'),
        ("[]", "", "["),
        ("", "/a", ""),
        ('{"a": 1', "/a", "1"),
    ],
)
async def test_a_pointer_leads_to_its_place(visit: Visit, server: str, text: str, pointer: str, marked: str) -> None:
    """To the nearest thing around it where the text has no such place."""
    page = await visit(f"{server}/")
    script = """async ([text, pointer]) => {
        const { place, places } = await import("./assets/locate.js");
        const { start, end } = place(places(text).found, pointer);
        return text.slice(start, end);
    }"""
    assert await page.evaluate(script, [text, pointer]) == marked


async def test_text_nested_without_end_is_no_harm(visit: Visit, server: str) -> None:
    page = await visit(f"{server}/")
    script = """async () => {
        const { places } = await import("./assets/locate.js");
        return [places("[".repeat(100000)).fault !== null, places("[1, 2] 3").fault, places("[1,]").fault];
    }"""
    assert await page.evaluate(script) == [True, 7, 3]
