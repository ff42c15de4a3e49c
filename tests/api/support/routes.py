"""The table of routes, fcgi-api/routes.def."""

import re

from support.instance import ROOT

ROUTE = re.compile(r'^ROUTE\((\w+),\s*"([^"]+)"', re.MULTILINE)


def routes():
    """(method, path) of each route; '#' in a path stands for an id, '$' for a session_id,
    '*' for the secret of a hook, the name of a file, and an invite link."""
    return {(method, f"/{path}") for method, path in
            ROUTE.findall((ROOT / "fcgi-api" / "routes.def").read_text())}


def route_of(path):
    """The path of a route for a path of a test, which may have {names} for ids, a slash last, and a
    query."""
    for name, sign in (("session_id", "$"), ("secret", "*"), ("name", "*"), ("link", "*")):
        path = path.replace(f"{{{name}}}", sign)
    return re.sub(r"\{\w+\}", "#", path.partition("?")[0]).rstrip("/")
