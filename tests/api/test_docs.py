"""Names in the documentation exist: keys, targets, commands, paths, files, functions."""

import json
import re
import subprocess

import pytest

from support import markdown
from support.answers import assert_codes, documented_codes
from support.instance import ROOT, build_folder
from support.lists import assert_complete

EVERY_DOCUMENT = pytest.mark.parametrize("document", markdown.DOCUMENTS)
PLUGINS = ["examples/wordpress/README.md", "examples/mediawiki/README.md"]

# Examples of names, and a name of MariaDB.
OTHERS = {"thing_verb", "ttl_ms", "utf8mb4_bin"}

SOURCES = ("common", "fcgi-api", "confabctl", "schema", "scripts", "conf", "tests")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.fixture(scope="module")
def defaults():
    """Every configuration key with its default, from the output of the program."""
    example = output(build_folder() / "fcgi-api", "--example-config")
    return dict(re.findall(r"^#([a-z_]+) = ?(.*)$", example, re.MULTILINE))


def groups(defaults):
    """First words of multi-word keys: a code span in the README or docs/ that starts with one of
    them is meant to be a key."""
    return {key.split("_")[0] for key in defaults if "_" in key}


# ---- configuration ----

# Fields of the API that begin like keys.
FIELDS = {"avatar_url", "direct_rooms", "file_id", "hook_id", "max_uses", "open_rooms",
          "post_policy", "report_created"}
# Words that begin fields and events as well as keys.
FIELD_GROUPS = {"message"}


@pytest.mark.parametrize("document", ["README.md", "docs/api-notes.md", "docs/clients.md",
                                      "docs/instance.md", "docs/operations.md"])
def test_every_documented_configuration_key_exists(document, defaults):
    words = [span for span in markdown.spans(document) if re.fullmatch(r"[a-z]+(_[a-z]+)+", span)]
    begins = groups(defaults) - FIELD_GROUPS
    meant = {word for word in words if word.split("_")[0] in begins} - FIELDS
    meant |= {span.split(" = ")[0] for span in markdown.spans(document)
              if " = " in span and span != "key = value"}
    codes = re.findall(r'ERROR_CODE\(\w+, "(\w+)"',
                       (ROOT / "common" / "base" / "error_codes.def").read_text())
    assert meant - defaults.keys() - set(codes) - {"session_id", "database_id"} == set()


@EVERY_DOCUMENT
def test_every_documented_variable_sets_a_key(document, defaults):
    """Or is a variable of Apache that the shipped files use."""
    apache = "".join(file.read_text() for file in (ROOT / "conf" / "apache").iterdir())
    named = set(re.findall(r"\bCONFAB_([A-Z_]+)\b", markdown.read(document)))
    of_apache = set(re.findall(r"(?:IfDefine !|\$\{)CONFAB_([A-Z_]+)", apache))
    assert {name.lower() for name in named - of_apache} - defaults.keys() <= {"config"}


@EVERY_DOCUMENT
def test_every_example_configuration_is_valid(document, tmp_path):
    for number, example in enumerate(markdown.blocks(document, "conf")):
        config = tmp_path / f"{number}.conf"
        config.write_text(example)
        done = subprocess.run([build_folder() / "fcgi-api", "-c", config, "--check-config"],
                              env={}, capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_documented_defaults_are_those_of_the_program(defaults):
    for keys, values, _ in markdown.table("README.md", "key"):
        documented = [value.split()[0].replace("none", "") for value in values.split(", ")]
        assert documented == [defaults[key] for key in markdown.in_backticks(keys)], keys


def test_the_documented_rates_are_those_of_the_program(defaults):
    for _, limit, keys in markdown.table("docs/operations.md", "what"):
        assert re.findall(r"[0-9]+", limit) == [
            defaults[key] for key in markdown.in_backticks(keys)], keys


# ---- commands ----

@pytest.mark.parametrize("document, follower, call", [
    ("debian.md", "scripts/deb-test.d/inside", "follow debian.md {}"),
    ("systemd.md", "scripts/deb-test.d/inside", "follow systemd.md {}"),
    *[(document, "scripts/deb-test.d/inside", f"follow {document} {{}}")
      for document in ("web-servers.md", "apache.md", "nginx.md", "lighttpd.md")],
    *[(document, "scripts/deb-test.d/inside", f"follow {document} {{}}")
      for document in ("operations.md", "first-day.md", "troubleshooting.md")],
    ("shared-host.md", "tests/api/test_shared_host*.py", '"{}"'),
])
def test_every_documented_installation_command_is_run_by_a_test(document, follower, call):
    """Except those that build packages, which deb-test runs, and those of test_operations.py."""
    marks = [match["mark"].split()[1:] for match in markdown.FENCE.finditer(
        markdown.read(f"docs/{document}")) if match["mark"].split()[:1] == ["sh"]]
    lines = "".join(path.read_text() for path in ROOT.glob(follower))
    assert marks
    for mark in marks:
        assert mark
        assert mark[0] in ("build", "backup", "restore", "twice-encoded") or call.format(*mark) in lines, mark


@EVERY_DOCUMENT
def test_every_documented_make_target_exists(document):
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.MULTILINE))
    assert {"run", "test"} <= targets
    for line in markdown.code(document):
        for words in re.findall(r"(?:^|[;&]\s*|[A-Z_]+=\S+\s+)make\b([^;&|]*)", line):
            named = [word for word in words.split() if re.fullmatch(r"[a-z][a-z-]*", word)]
            assert set(named) <= targets, line


@EVERY_DOCUMENT
def test_every_documented_confabctl_command_exists(document):
    help_text = output(build_folder() / "confabctl", "help")
    commands = re.findall(r"^  confabctl ([a-z]+(?: [a-z]+)?)", help_text, re.MULTILINE)
    assert "user add" in commands
    groups_of_commands = {command.split()[0] for command in commands} | {"help"}
    for line in markdown.code(document):
        for words in re.findall(r'\bconfabctl"?(?: -c \S+)?((?: [a-z]+)+)', line):
            first, *rest = words.split()
            assert first in groups_of_commands, line
            wanted = [command for command in commands if command.split()[0] == first]
            if wanted and wanted != [first]:
                assert rest and f"{first} {rest[0]}" in wanted, line


@EVERY_DOCUMENT
def test_every_documented_option_exists(document):
    for name in ("fcgi-api", "confabctl"):
        done = subprocess.run([build_folder() / name, "--help"], capture_output=True, text=True,
                              timeout=30)
        for line in markdown.code(document):
            for rest in re.findall(rf'\b{name}"?\s([^;&|]*)', line):
                for option in re.findall(r"--[a-z-]+", rest):
                    assert option in done.stdout + done.stderr, line


# ---- paths of the API ----

def test_the_api_notes_list_exactly_the_existing_routes():
    source = (ROOT / "fcgi-api" / "routes.def").read_text()
    routes = set(re.findall(r'^ROUTE\(([A-Z]+), "([^"]+)"', source, re.MULTILINE))
    listed = [(row[1], row[0].strip("`").strip("/").replace("{id}", "#").replace("{session_id}", "$")
               .replace("{secret}", "*").replace("{name}", "*")
               .replace("{link}", "*"))
              for row in markdown.table("docs/api-notes.md", "path")]
    assert len(listed) == len(set(listed))
    assert_complete(listed, routes, "the table of paths in docs/api-notes.md")


# ---- files, links, names ----

def test_every_page_that_the_shipped_files_name_exists():
    named = {page for folder in ("conf", "debian", "examples", "man", "scripts", "web")
             for path in (ROOT / folder).rglob("*") if path.is_file()
             for page in re.findall(r"docs/[a-z-]+\.md", path.read_text(errors="replace"))}
    assert named
    assert [page for page in sorted(named) if not (ROOT / page).is_file()] == []


@EVERY_DOCUMENT
def test_every_documented_file_exists(document):
    top = "|".join(re.escape(entry.name) for entry in ROOT.iterdir() if entry.is_dir()
                   and entry.name not in ("build", ".git", ".state"))
    for span in markdown.spans(document):
        if not re.fullmatch(rf"(?:{top})/[\w./*-]*", span):
            continue
        pattern = re.sub(r"NAME|SUBJECT|NNNN_\w+", "*", span).rstrip("/")
        assert list(ROOT.glob(pattern)), span


def anchors(text):
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", [*markdown.DOCUMENTS, *PLUGINS])
def test_every_link_has_a_target(document):
    for target in re.findall(r"\]\(([^)]+)\)", markdown.read(document)):
        path, _, anchor = target.partition("#")
        found = (ROOT / document).parent / path if path else ROOT / document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text()), target


@pytest.fixture(scope="module")
def words_of_the_code():
    """All names in the code."""
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob("*")
             if path.is_file() and path.suffix not in (".md", ".png", ".pyc")
             and "node_modules" not in path.parts]
    words = set()
    for path in files:
        words.update(re.findall(r"\w+", path.read_text(errors="replace")))
    return words


@pytest.mark.parametrize("document", ["HACKING.md", "schema/README.md"])
def test_every_documented_name_occurs_in_the_code(document, words_of_the_code):
    for span in markdown.spans(document):
        if re.fullmatch(r"[a-z]\w*_\w+", span) and not re.search(r"NAME|SUBJECT|NNNN", span):
            assert span in words_of_the_code | OTHERS, span


@pytest.mark.parametrize("document", [*markdown.DOCUMENTS, *PLUGINS])
def test_lines_have_at_most_100_columns(document):
    assert [line for line in markdown.read(document).splitlines()
            if len(line) > 100 and not line.startswith("|")] == []


# Texts of web servers, and of Apache's modules.
OTHER_PROGRAMS = {
    "server reached MaxRequestWorkers", "scoreboard is full, not at MaxRequestWorkers",
    "worker_connections are not enough", "sockets disabled, connection limit reached"}


def test_every_message_of_the_troubleshooting_page_is_one_of_confab():
    files = [path for folder in ("common", "fcgi-api", "confabctl", "pushd", "worker", "web", "conf")
             for path in (ROOT / folder).rglob("*") if path.is_file()]
    text = re.sub(r'"\s+"', "", "\n".join(path.read_text(errors="replace") for path in files))
    quoted = {quote for line in markdown.read("docs/troubleshooting.md").splitlines()
              for quote in re.findall(r'"([^"]+)"', line.split(" | ")[0])}
    assert OTHER_PROGRAMS <= quoted and len(quoted) > len(OTHER_PROGRAMS)
    for quote in quoted - OTHER_PROGRAMS:
        assert all(part.strip() in text for part in quote.split("...")), quote


# ---- generated from the programs ----

def test_the_configuration_page_is_up_to_date():
    made = output(ROOT / "scripts" / "options-page", build_folder() / "fcgi-api")
    assert markdown.read("docs/configuration.md") == made, "make docs/configuration.md"


def test_the_page_of_errors_is_up_to_date():
    made = output(ROOT / "scripts" / "errors-page", ROOT / "common" / "base" / "error_codes.def")
    assert markdown.read("docs/errors.md") == made, "make docs/errors.md"


def test_every_documented_code_is_given_somewhere():
    """By a program, or by the pages of the web servers."""
    folders = ("common", "fcgi-api", "pushd", "conf/errors")
    text = "\n".join(path.read_text() for folder in folders
                     for path in (ROOT / folder).rglob("*") if path.is_file()
                     and path.name != "error_codes.def")
    found = re.findall(r'\bCODE_(\w+)|"code": "(\w+)"', text)
    given = {(constant or word).lower() for constant, word in found}
    assert sorted(set(documented_codes()) - given) == [], \
        "given nowhere: give them, or remove their rows from common/base/error_codes.def"


def test_every_error_page_of_the_web_servers_has_a_documented_code():
    pages = sorted((ROOT / "conf" / "errors").iterdir())
    assert len(pages) > 10
    for page in pages:
        content = json.loads(page.read_text())
        assert list(content) == ["detail", "code"], page
        assert_codes(content)


def test_the_page_on_scaling_has_the_tables_of_its_script_and_each_table_of_the_database():
    page = markdown.read("docs/scaling.md")
    for table in output(ROOT / "scripts" / "scaling").split("\n\n"):
        assert table in page, "scripts/scaling"
    made = {name for file in (ROOT / "schema").glob("*.sql")
            for name in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", file.read_text())}
    named = [span for places, tables in markdown.table("docs/scaling.md", "place")
             for span in markdown.in_backticks(tables)]
    assert sorted(named) == sorted(made | {"schema_migration"})


@pytest.mark.parametrize("program", ["fcgi-api", "pushd", "confab-worker", "confabctl"])
def test_a_manual_page_has_exactly_the_options_of_its_program(program):
    done = subprocess.run([build_folder() / program, "--help"], capture_output=True, text=True,
                          timeout=30)
    manual = (ROOT / "man" / f"{program}.8").read_text()
    options = {option[2:] for option in re.findall(r"--[a-z]+[a-z-]*", done.stdout + done.stderr)}
    assert set(re.findall(r"(?<=Fl -)[a-z][a-z-]*", manual)) == options


def test_the_manual_page_of_the_configuration_has_every_key(defaults):
    page = output(ROOT / "scripts" / "options-man", build_folder() / "fcgi-api")
    keys = dict(re.findall(r"^\.It Cm ([a-z_]+)(?: = \\&(.*)\\&)?$", page, re.MULTILINE))
    assert keys == defaults
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style"], input=page, text=True,
                          capture_output=True, timeout=30)
    assert [line for line in done.stdout.splitlines()
            if "referenced manual not found" not in line] == []


def test_the_manual_page_of_confabctl_has_every_command():
    help_text = output(build_folder() / "confabctl", "help")
    commands = re.findall(r"^  confabctl ([a-z]+(?: [a-z]+)?)", help_text, re.MULTILINE)
    manual = (ROOT / "man" / "confabctl.8").read_text()
    named = re.findall(r"^\.It Cm ([a-z]+(?: [a-z]+)?)", manual, re.MULTILINE)
    assert sorted(named) == sorted(commands)
