"""What the papers (README.md and its like) say, taken out of their Markdown."""

import re

from support.instance import ROOT

PAPERS = ("README.md", "HACKING.md", "docs/apache.md", "docs/api-notes.md", "docs/clients.md",
          "docs/configuration.md", "docs/debian.md", "docs/instance.md", "docs/lighttpd.md",
          "docs/nginx.md", "docs/operations.md", "docs/shared-host.md", "docs/systemd.md",
          "docs/web-servers.md", "schema/README.md", "CHANGELOG.md", "CONTRIBUTING.md",
          "SECURITY.md")

FENCE = re.compile(r"^```(?P<mark>[^\n]*)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)


def read(paper):
    return (ROOT / paper).read_text()


def block(paper, mark):
    """The one fenced block whose opening line ends with the mark, as in ```sh session."""
    found = [match["content"] for match in FENCE.finditer(read(paper))
             if match["mark"].split()[1:] == [mark]]
    assert len(found) == 1, f"{paper} has {len(found)} blocks marked {mark}"
    return found[0]


def blocks(paper, language):
    """All fenced blocks of a language."""
    return [match["content"] for match in FENCE.finditer(read(paper))
            if match["mark"].split()[:1] == [language]]


def spans(paper):
    """All that stands in the line between two backticks, line breaks being blanks."""
    text = FENCE.sub("", read(paper))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def code(paper):
    """Spans and lines of shell blocks, without their comments: all that one could type."""
    lines = [line for content in blocks(paper, "sh") for line in content.splitlines()]
    return spans(paper) + [re.sub(r"(^|\s)#.*", "", line) for line in lines]


def table(paper, heading):
    """Rows of the one table whose first heading this is: each a list of cells."""
    lines = read(paper).splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith(f"| {heading} |")]
    assert len(starts) == 1, f"{paper} has {len(starts)} tables headed {heading}"
    rows = []
    for line in lines[starts[0] + 2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def in_backticks(cell):
    return re.findall(r"`([^`]+)`", cell)
