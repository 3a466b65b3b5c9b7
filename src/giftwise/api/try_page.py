"""The page on which people try the dialogue: plain files of this host alone, under a strict content policy."""

from pathlib import Path
from string import Template
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from giftwise.api.calls import Guarded

router = APIRouter(include_in_schema=False, dependencies=[Guarded])

ASSETS: Final = "/try-assets"  # scripts and styles: no password, as nothing of anybody's is in them
FOLDER: Final = Path(__file__).with_name("try_assets")
# Only our own files run and only our own calls are made; pictures are the shops'.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: http: data:;"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def assets() -> StaticFiles:
    """Scripts and styles of the page."""
    return StaticFiles(directory=FOLDER)


@router.get("/try")
async def page(request: Request) -> HTMLResponse:
    """The page; the browser keeps the password for the calls that it makes. `?user_id=` makes it some user's."""
    html = Template((FOLDER / "index.html").read_text(encoding="utf-8"))
    return HTMLResponse(html.substitute(root=request.scope.get("root_path", ""), assets=ASSETS), headers=HEADERS)
