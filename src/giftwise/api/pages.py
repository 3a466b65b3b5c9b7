"""The API's own pages: OpenAPI as JSON and as a page to try it, from files of this host alone."""

from pathlib import Path
from string import Template
from typing import Any, Final

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from giftwise.api.calls import Guarded

router = APIRouter(include_in_schema=False, dependencies=[Guarded])

ASSETS: Final = "/docs-assets"  # the page's scripts: no password, as nothing of ours is in them

# FastAPI's own page names its calls relative to the page's address. A browser refuses those where the address holds
# a user name and password, which is how some people and hosts log in; so every address here begins with the origin.
PAGE: Final = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>giftwise</title>
<link rel="icon" href="$root$assets/favicon.png">
<link rel="stylesheet" href="$root$assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="$root$assets/swagger-ui-bundle.js"></script>
<script>
const absolute = (url) => { const u = new URL(url, location.origin); u.username = u.password = ""; return u.href; };
SwaggerUIBundle({
  dom_id: "#page",
  url: absolute("$root/openapi.json"),
  requestInterceptor: (request) => ({ ...request, url: absolute(request.url) }),
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});
</script>
</body>
</html>
""")


def assets() -> StaticFiles:
    """Scripts and styles of the page, so that it needs no other server's."""
    return StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The page; a browser asks for the password and keeps it for the calls that are tried."""
    return HTMLResponse(PAGE.substitute(root=request.scope.get("root_path", ""), assets=ASSETS))


@router.get("/openapi.json")
async def openapi(request: Request) -> dict[str, Any]:
    """The description of every call."""
    schema: dict[str, Any] = request.app.openapi()
    return schema
