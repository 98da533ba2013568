"""One browser and one server for all tests of the pages, and a page that notices what must not happen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request, expect

from tests.browser.site import furnish
from tests.deployment import Deployment, deployment
from tests.server_process import ServerProcess
from tests.stage import stage_of

Visit = Callable[..., Awaitable[Page]]
PATIENCE_MS = 60_000
WIDE, NARROW = 1280, 390

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The configuration of the gates that are visited."""
    with deployment(tmp_path_factory.mktemp("pages") / "conf") as site:
        furnish(site)
        yield site


@pytest.fixture(scope="session")
def server(site: Deployment) -> Iterator[str]:
    """The address of a server."""
    with ServerProcess(site.conf, log_level="CRITICAL") as process:
        yield f"http://127.0.0.1:{process.port}"


@pytest.fixture(scope="session")
def stage(site: Deployment) -> Iterator[str]:
    """The address of the same gate as a Lambda function, behind a stage."""
    with stage_of(site.conf) as address:
        yield address


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Deployment]]:
    """One whose catalogue is not public, behind a stage."""
    with deployment(tmp_path_factory.mktemp("locked") / "conf") as site:
        furnish(site)
        site.config["catalogue"] = {"public": False}
        site.write()
        with stage_of(site.conf) as address:
            yield address, site


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """Opens pages, each in a profile of its own.

    `visit(address, scheme="light", width=WIDE, token=None, allowed=())`. At the end of the test no page may have
    reported an error, but for those with a text of `allowed` in them, or asked another host for anything.
    """
    complaints: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_page(
            address: str, *, scheme: str = "light", width: int = WIDE, allowed: tuple[str, ...] = ()
        ) -> Page:
            context = await browser.new_context(
                color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900}
            )
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(PATIENCE_MS)

            def on_console(message: ConsoleMessage) -> None:
                if message.type in ("error", "warning") and not any(text in message.text for text in allowed):
                    complaints.append(message.text)

            def on_request(request: Request) -> None:
                if not request.url.startswith("/".join(address.split("/")[:3]) + "/"):
                    complaints.append(f"asked {request.url}")

            page.on("console", on_console)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", on_request)
            await page.goto(address)
            return page

        yield open_page
    assert complaints == []


async def use_token(page: Page, token: str) -> None:
    """Paste `token` into the page's dialog."""
    await page.get_by_role("button", name="Token", exact=True).click()
    await page.get_by_role("dialog").get_by_label("Token").fill(token)
    await page.get_by_role("button", name="Use it").click()
