"""The files of the page: those of a version are kept by browsers, all others are revalidated."""
import re

import pytest

from support.client import Client

FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.everywhere
def test_only_files_of_a_version_are_kept_without_asking(instance):
    client = Client(instance)
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-cache"
    named = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    versioned = [path for path in named if path.startswith("v/")]
    assert set(named) - set(versioned) == {"api/auth/me/"}
    assert len({path.split("/")[1] for path in versioned}) == 1
    for path in versioned:
        answer = client.get("/" + path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, FOREVER), path
    # The same files for other sites and for clients.
    for path in ("/chat/main.js", "/confab.js", "/confab-chat.js", "/confab-chat.min.js"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache"), path


@pytest.mark.everywhere
def test_the_page_s_policy_allows_its_manifest(instance):
    page = Client(instance).get("/")
    assert "manifest-src 'self';" in page.headers["Content-Security-Policy"]
    path = re.search(r'"(v/[0-9a-f]{12}/manifest\.json)"', page.text)[1]
    assert Client(instance).get("/" + path).json()["start_url"] == "../../"
