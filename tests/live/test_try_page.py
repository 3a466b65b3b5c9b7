"""The page in a real browser: from a quiz to a shortlist by keyboard alone, on a phone, in both languages."""

from collections.abc import AsyncIterator

import pytest

from giftwise.settings import Settings
from tests.support.browser import Browser, chromium, open_browser
from tests.support.server import Server, open_server
from tests.support.site import PASSWORD, USER

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed here: apt-get install chromium")

LOVES = {"ru": "кофе, спорт, книги", "en": "coffee, sport, books"}
FOCUS = "document.activeElement"


@pytest.fixture(scope="module")
async def server(gift_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """The engine, with a shop to choose from."""
    async with open_server(gift_settings, tmp_path_factory.mktemp("page")) as running:
        yield running


async def visit(browser: Browser, server: Server, query: str) -> None:
    """Log in by the address, as people and hosts do, and wait for the page's script."""
    host = server.url.removeprefix("http://")
    await browser.visit(f"http://{USER}:{PASSWORD.replace(' ', '%20')}@{host}/try?{query}")
    await browser.until("document.querySelector('#quiz h1')?.textContent")


async def tab_to(browser: Browser, found: str, most: int = 120) -> None:
    """Tab until the focus is on what a selector finds."""
    for _ in range(most):
        await browser.press("Tab")
        if await browser.ask(f"{FOCUS}.matches({found!r})"):
            return
    raise AssertionError(f"{found} cannot be reached by Tab")


async def fill_and_send(browser: Browser, language: str) -> None:
    """A quiz by keyboard alone."""
    await tab_to(browser, "[name=interests]")
    await browser.write(LOVES[language])
    await tab_to(browser, "[name=recipient_age]")
    await browser.write("30")
    await tab_to(browser, "[name=budget]")
    await browser.write("5000")
    await browser.press("Enter")
    await browser.until("document.querySelector('.idea')")


def refusals(browser: Browser) -> list[str]:
    """What the browser complained of, but for pictures of shops that do not exist."""
    return [text for text in browser.complaints if not (text.startswith("network:") and ".example/" in text)]


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_a_gift_is_found_by_keyboard_alone(server: Server, language: str) -> None:
    """Quiz, question, like, all gifts, keep, close: each reached by Tab, with the focus where it was; then a reload."""
    async with open_browser() as browser:
        await visit(browser, server, f"language={language}")
        assert await browser.ask("document.documentElement.lang") == language
        await fill_and_send(browser, language)
        await tab_to(browser, ".question .options button")
        asked = await browser.ask("document.querySelectorAll('.question').length")
        await browser.press("Enter")
        await browser.until(f"document.querySelectorAll('.question').length < {asked}")
        await tab_to(browser, "[data-key^=like-]")
        await browser.press("Space")
        await browser.until("document.querySelector('.idea.liked')")
        assert await browser.ask(f"{FOCUS}.dataset.key.startsWith('like-') && {FOCUS}.ariaPressed === 'true'")
        await tab_to(browser, "[data-key^=all-]")
        await browser.press("Enter")
        await browser.until("document.querySelector('dialog').open")
        assert await browser.ask(f"{FOCUS}.id") == "gifts-title"
        assert await browser.ask("document.querySelectorAll('dialog .gift').length") >= 3
        await tab_to(browser, "dialog [data-key^=deep-keep-]")
        await browser.press("Enter")
        await browser.until("document.querySelector('.shortlist li')")
        await tab_to(browser, "dialog .refusal summary")
        await browser.press("Enter")
        await tab_to(browser, "dialog .refusal button")
        before = await browser.ask("document.querySelectorAll('dialog .gift').length")
        await browser.press("Enter")
        await browser.until(f"document.querySelectorAll('dialog .gift').length < {before}")
        await browser.press("Escape")
        await browser.until("!document.querySelector('dialog').open")
        await browser.until(f"({FOCUS}.dataset.key ?? '').startsWith('all-')")
        kept = await browser.ask("document.querySelector('.shortlist').textContent")
        await browser.send("Page.reload")
        await browser.until("document.querySelector('.shortlist li')")
        assert await browser.ask("document.querySelector('.shortlist').textContent") == kept
        assert refusals(browser) == []


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_nothing_is_cut_off_on_a_phone(server: Server, language: str) -> None:
    """At 360 pixels neither the quiz, nor a session, nor the gifts scroll sideways; buttons are large enough to hit."""
    async with open_browser(width=360, height=740) as browser:
        await visit(browser, server, f"language={language}")
        width = "document.documentElement.scrollWidth"
        assert await browser.ask(width) == 360
        await fill_and_send(browser, language)
        await browser.ask("document.querySelector('[data-key=suggest]').click()")
        await browser.until("document.querySelector('.hint')")
        assert await browser.ask(width) == 360
        await browser.ask("document.querySelector('[data-key^=all-]').click()")
        await browser.until("document.querySelector('dialog').open")
        assert await browser.ask("document.querySelector('dialog').scrollWidth") <= 360
        small = await browser.ask(
            "[...document.querySelectorAll('button, summary, select')].filter((one) => one.checkVisibility()"
            " && one.getBoundingClientRect().height < 40).map((one) => one.outerHTML)"
        )
        assert small == []
        assert refusals(browser) == []


async def test_everything_has_a_name_in_the_language_of_the_page(server: Server) -> None:
    """Every field and button says what it is, also to who cannot see it; switching the language changes all of it."""
    unnamed = (
        "[...document.querySelectorAll('button, a, summary')].filter((one) => one.checkVisibility()"
        " && !(one.textContent.trim() || one.ariaLabel)).map((one) => one.outerHTML).concat("
        "[...document.querySelectorAll('input, select, textarea')].filter((one) =>"
        " !one.labels.length && !one.ariaLabel).map((one) => one.outerHTML))"
    )
    async with open_browser() as browser:
        await visit(browser, server, "language=ru")
        assert await browser.ask(unnamed) == []
        await fill_and_send(browser, "ru")
        assert await browser.ask(unnamed) == []
        assert await browser.ask("document.querySelectorAll('[data-key^=like-]')[0].textContent") == "Нравится"
        await browser.ask("document.querySelector('[data-language=en]').click()")
        assert await browser.ask("document.querySelectorAll('[data-key^=like-]')[0].textContent") == "Like"
        assert await browser.ask("document.body.innerText.includes('undefined')") is False


async def test_a_fault_is_said_and_the_page_goes_on(server: Server) -> None:
    """Without an age nothing is sent; what the engine refuses is shown; neither loses what was written."""
    async with open_browser() as browser:
        await visit(browser, server, "language=en")
        await tab_to(browser, "[name=interests]")
        await browser.write("coffee")
        await browser.press("Enter")
        await browser.until("document.getElementById('fault').textContent")
        assert await browser.ask(f"{FOCUS}.name") == "recipient_age"
        await browser.write("30")
        await browser.ask("document.querySelector('[name=relationship]').append(new Option('x', 'boss', true, true))")
        await browser.press("Enter")
        await browser.until("document.getElementById('fault').textContent.includes('/relationship')")
        assert await browser.ask("document.querySelector('[name=interests]').value") == "coffee"
        await browser.ask("document.querySelector('[name=relationship]').value = 'friend'")
        await browser.press("Enter")
        await browser.until("document.querySelector('.idea') && !document.getElementById('fault').textContent")
