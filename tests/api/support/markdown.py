"""Extracts code, tables and names from the Markdown documents."""

import re

from support.instance import ROOT

DOCUMENTS = ("README.md", "HACKING.md", "docs/apache.md", "docs/api-notes.md", "docs/clients.md",
             "docs/cluster.md", "docs/configuration.md", "docs/debian.md", "docs/errors.md",
             "docs/first-day.md", "docs/instance.md", "docs/integrate.md", "docs/lighttpd.md",
             "docs/moderation.md", "docs/nginx.md", "docs/operations.md", "docs/privacy.md",
             "docs/requirements.md", "docs/scaling.md", "docs/server-api.md",
             "docs/shared-host.md", "docs/systemd.md", "docs/troubleshooting.md",
             "docs/web-servers.md", "schema/README.md", "CHANGELOG.md", "CONTRIBUTING.md",
             "SECURITY.md")

FENCE = re.compile(r"^```(?P<mark>[^\n]*)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)


def read(document):
    return (ROOT / document).read_text()


def block(document, mark):
    """The single fenced block with this mark in its opening line, as in ```sh session."""
    found = [match["content"] for match in FENCE.finditer(read(document))
             if match["mark"].split()[1:] == [mark]]
    assert len(found) == 1, f"{document} has {len(found)} blocks marked {mark}"
    return found[0]


def blocks(document, language):
    """The fenced blocks of a language."""
    return [match["content"] for match in FENCE.finditer(read(document))
            if match["mark"].split()[:1] == [language]]


def spans(document):
    """The inline code spans, with line breaks replaced by blanks."""
    text = FENCE.sub("", read(document))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def code(document):
    """Inline code spans and the lines of shell blocks without comments."""
    lines = [line for content in blocks(document, "sh") for line in content.splitlines()]
    return spans(document) + [re.sub(r"(^|\s)#.*", "", line) for line in lines]


def table(document, heading):
    """The rows of the single table with this first heading, as lists of cells."""
    lines = read(document).splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith(f"| {heading} |")]
    assert len(starts) == 1, f"{document} has {len(starts)} tables headed {heading}"
    rows = []
    for line in lines[starts[0] + 2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def in_backticks(cell):
    return re.findall(r"`([^`]+)`", cell)
