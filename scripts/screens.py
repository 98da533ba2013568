"""Takes the pictures in docs/screens of a gate with the sample configuration, as `eventgate dev` makes it.

screens.py [FOLDER]      docs/screens unless named
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.services.chromium import chromium  # noqa: E402  the root is no package's folder

EVENTGATE = Path(sys.executable).with_name("eventgate")
WIDTH, HEIGHT = 1240, 760
WRONG = """{
  "order_id": "1001",
  "placed_at": "yesterday",
  "lines": [
    {"item": "kettle", "quantity": 0}
  ],
  "coupon": true
}"""


async def check(page: Page, url: str, token: str) -> None:
    """Ask the gate what it thinks of a wrong event."""
    await page.goto(f"{url}/topics/orders")
    await page.get_by_label("Try an event").fill(WRONG)
    await page.get_by_role("button", name="Check", exact=True).click()
    await page.get_by_role("dialog").get_by_label("Token").fill(token)
    await page.get_by_role("button", name="Use it").click()
    await page.locator("#verdict li").first.wait_for()


async def show_traffic(page: Page, console: str) -> None:
    """Have sample events arrive, and look into one that is refused."""
    await page.goto(console)
    await page.get_by_role("button", name="Send sample events").click()
    await page.locator(".refused summary").first.click()
    await page.locator(".refused pre").first.wait_for()


async def take(browser: Browser, url: str, console: str, token: str, folder: Path) -> None:
    """All pictures."""
    page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    await show_traffic(page, console)
    await page.screenshot(path=folder / "console.png")
    await page.close()
    for scheme in ("light", "dark"):
        context = await browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light", viewport={"width": WIDTH, "height": HEIGHT}
        )
        page = await context.new_page()
        await check(page, url, token)
        await page.screenshot(path=folder / ("topic-dark.png" if scheme == "dark" else "topic.png"))
        await context.close()


async def visit(url: str, console: str, token: str, folder: Path) -> None:
    """Start the browser, and take the pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        await take(browser, url, console, token, folder)
        await browser.close()


def main() -> None:
    """Start a gate, and end it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        conf = Path(directory, "dev")
        command = [str(EVENTGATE), "dev", "--dir", str(conf), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as gate:
            try:
                told = re.compile(r"In a browser: (\S+)/ shows the topics, (\S+) what arrives")
                url, console = next(found.groups() for line in gate.stdout or () if (found := told.search(line)))
                token = subprocess.run(
                    [str(EVENTGATE), "token", "--sub", "demo", "--dir", str(conf)],
                    capture_output=True, text=True, check=True,
                ).stdout  # fmt: skip
                asyncio.run(visit(url, console, token.strip(), folder))
            finally:
                gate.terminate()


if __name__ == "__main__":
    main()
