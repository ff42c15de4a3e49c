"""The schemas: what they say is what is served, and what the checks of requests use. (That they are
valid, and that the library's types are the same: tests/web/schema.test.js. Every answer and frame of
all tests is checked by support/schema.py.)"""

import copy
import json
import re

import jsonschema
import pytest

from support import markdown
from support.api_key import Program
from support.answers import assert_error, documented_codes
from support.build import ROOT
from support.client import Client, fresh_name
from support.files import png, upload
from support.lists import assert_complete
from support.routes import routes
from support.schema import Checker, check_frame, checker, document, frames, operations, shape

ANYTHING = "\x00nothing else is this\x00"


# ---- what is served ----

@pytest.mark.everywhere
def test_the_schema_of_the_api_is_served_without_credentials(instance):
    answer = Client(instance).get("/api/schema/")
    assert answer.status_code == 200
    served = answer.json()
    assert served.pop("servers") == [{"url": instance.url}]
    made = copy.deepcopy(document())
    made.pop("servers")
    assert served == made


def test_the_schema_of_the_sockets_is_served_without_credentials(instance):
    served = Client(instance).get("/api/schema/events/").json()
    assert served.pop("servers")["chat"]["host"] == f"127.0.0.1:{instance.port}"
    made = copy.deepcopy(document(events=True))
    made.pop("servers")
    assert served == made


def test_the_address_in_the_schemas_is_that_below_a_path(instance):
    params = {"PATH_INFO": None, "HTTP_HOST": "site.example"}
    _, _, api = instance.fcgi("/chat/api/schema/", params=params)
    assert json.loads(api)["servers"] == [{"url": "http://site.example/chat"}]
    _, _, events = instance.fcgi("/chat/api/schema/events/", params=params)
    server = json.loads(events)["servers"]["chat"]
    assert (server["host"], server["pathname"], server["protocol"]) == (
        "site.example", "/chat", "ws")


def test_the_version_and_features_are_served_without_credentials(instance):
    version = (ROOT / "VERSION").read_text().strip()
    info = Client(instance).get("/api/").json()
    assert info["version"] == version
    assert {"registration", "schema", "watch"} <= set(info["features"])


@pytest.mark.slow("an instance of its own")
def test_a_feature_that_is_off_is_not_listed(shared):
    closed = shared(CONFAB_REGISTRATION="closed")
    assert "registration" not in Client(closed).get("/api/").json()["features"]


def test_every_feature_is_documented():
    listed = re.findall(r'^FEATURE\("(\w+)"',
                        (ROOT / "fcgi-api" / "schema" / "features.def").read_text(), re.M)
    told = [row[0].strip("`") for row in markdown.table("docs/api-notes.md", "feature")]
    assert_complete(told, listed, "the table of features in docs/api-notes.md")
    assert len(set(told)) == len(told) and len(set(listed)) == len(listed)


@pytest.mark.everywhere
@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs"])
def test_the_page_of_the_schemas_has_the_policy_of_the_page(instance, path):
    visitor = Client(instance)
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == \
        visitor.get("/").headers["Content-Security-Policy"]
    [script] = re.findall(r'src="([^"]+)"', answer.text)
    folder = path.rpartition("/")[0]
    while script.startswith("../"):
        folder, script = folder.rpartition("/")[0], script[len("../"):]
    assert visitor.get(f"{folder}/{script}").status_code == 200


# ---- complete ----

def test_every_route_has_an_operation():
    assert set(operations()) == {(method, re.sub("[#$*]", "{}", path)) for method, path in routes()}


def test_every_code_of_an_error_is_in_both_schemas():
    for events in (False, True):
        found = document(events)["components"]["schemas"]["ErrorCode"]
        assert set(found["enum"]) == documented_codes()
        assert len(found["enum"]) == len(found["x-enum-descriptions"])


def test_every_type_of_event_is_in_the_schema_of_the_sockets():
    source = (ROOT / "common" / "event" / "event.c").read_text()
    types = set(re.findall(r'^    \{EVENT_\w+, "(\w+)", ', source, re.M))
    assert "new_message" in types
    # For pushd alone.
    types -= {"credentials_changed", "user_banned"}
    missing = types - frames("/room").keys() - frames("/notifications").keys()
    assert sorted(missing) == [], "add to fcgi-api/schema/frames.def"


# ---- the checks of requests use the same table ----

def fields(method, path):
    body = operations()[method, shape(path)]["requestBody"]["content"]["application/json"]
    components = document()["components"]["schemas"]
    found = components[body["schema"]["$ref"].rpartition("/")[2]]
    # The first of two ways to log in is taken, without the field of the other.
    return components[found["oneOf"][0]["$ref"].rpartition("/")[2]] if "oneOf" in found else found


@pytest.fixture(scope="module")
def ask(instance, owner):
    """ask(method, path, json): sends a request to a path of the schema, with ids of its own."""
    room = owner.room()["room_id"]
    ids = {"room_id": room, "user_id": owner.id, "message_id": owner.say(room)["message_id"]}
    program = Program(instance)
    ids["file_id"] = upload(owner, {"room_id": room}, png())
    message = owner.say(room)["message_id"]
    ids["report_id"] = owner.post(f"/api/chat/rooms/{room}/messages/{message}/report/",
                                  json={"reason": "spam"}).json()["report_id"]
    ids["hook_id"] = program.post("/api/site/hooks/", json={
        "name": "asked", "url": "https://hook.example/", "is_active": False}).json()["hook_id"]
    added = instance.confabctl("hook", "add", fresh_name("asked"), "--in", "--room", room)
    ids["secret"] = added.stdout.strip().split("/")[-2]

    def send(method, path, json):
        client = program if path.startswith("/api/site/") else owner
        return client.request(method, path.format(**ids), json=json)
    return send


WITH_BODY = sorted((method.upper(), path) for path, methods in document()["paths"].items()
                   for method, operation in methods.items()
                   if "application/json" in operation.get("requestBody", {}).get("content", {}))
# One of several fields is required.
ONE_OF_SEVERAL = {"/api/site/rooms/{room_id}/members/": {"set": ["required"]},
                  "/api/hooks/in/{secret}/": {"text": ["required"]}}


@pytest.mark.parametrize("method, path", WITH_BODY)
def test_exactly_the_required_fields_of_the_schema_are_required(ask, method, path):
    required = fields(method, path).get("required", [])
    answer = ask(method, path, {})
    if required:
        assert_error(answer, 400, required)
        assert answer.json()["codes"] == {field: ["required"] for field in required}
    elif path in ONE_OF_SEVERAL:
        assert answer.json()["codes"] == ONE_OF_SEVERAL[path]
    else:
        assert answer.status_code < 300


@pytest.mark.parametrize("method, path", WITH_BODY)
def test_a_text_longer_than_in_the_schema_is_refused(ask, method, path):
    body = fields(method, path)
    for name, field in body["properties"].items():
        if "maxLength" in field:
            answer = ask(method, path, {name: "x" * (field["maxLength"] + 1)})
            assert answer.json()["codes"][name] == ["max_length"], name
        if field.get("minLength", 0) > 1:
            answer = ask(method, path, {name: "x" * (field["minLength"] - 1)})
            assert answer.json()["codes"][name] == ["min_length"], name


@pytest.mark.parametrize("method, path", WITH_BODY)
def test_null_is_accepted_where_the_schema_says_so(ask, method, path):
    for name, field in fields(method, path)["properties"].items():
        nullable = "null" in field.get("type", []) or {"type": "null"} in field.get("anyOf", [])
        codes = ask(method, path, {name: None}).json().get("codes", {})
        assert (codes.get(name) == ["null"]) == (not nullable), name


@pytest.mark.parametrize("method, path", WITH_BODY)
def test_the_example_of_a_body_is_taken(ask, method, path):
    """What it names may be missing or taken; its form is right."""
    content = operations()[method, shape(path)]["requestBody"]["content"]["application/json"]
    example = content["example"]
    # Nothing is delivered on the shared instance.
    if path.startswith("/api/site/hooks/") and "is_active" in example:
        example = {**example, "is_active": False}
    answer = ask(method, path, example)
    codes = answer.json().get("codes", {}) if answer.status_code == 400 else {}
    assert not {code for found in codes.values() for code in found} & {
        "required", "null", "blank", "invalid", "min_length", "max_length", "min_value",
        "invalid_choice", "conflicting"}, answer.text


def test_a_text_of_the_longest_length_is_accepted(owner):
    most = fields("POST", "/api/chat/rooms/1/messages/")["properties"]["content"]["maxLength"]
    assert owner.say(owner.room()["room_id"], "é" * most)["content"] == "é" * most
    most = fields("POST", "/api/auth/register/")["properties"]["password"]["maxLength"]
    answer = owner.post("/api/auth/register/", json={"username": fresh_name(),
                                                     "password": "x" * most})
    assert answer.status_code == 201


# ---- the documents say nothing else ----

def complete_json(document):
    """The JSON objects in the code of a document, that are complete."""
    for text in [*markdown.spans(document), *markdown.blocks(document, "json")]:
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def test_every_frame_in_the_documents_is_as_in_the_schema():
    taken = Checker(document(events=True))
    frames_of_clients = {}
    for operation in document(events=True)["operations"].values():
        if operation["action"] == "receive":
            for message in operation["messages"]:
                name = message["$ref"].rpartition("/")[2]
                kind = taken.components[name]["properties"]["type"]
                for word in kind.get("enum", [kind.get("const")]):
                    frames_of_clients[word] = taken.component(name)
    count = 0
    for page in markdown.DOCUMENTS:
        for frame in complete_json(page):
            if "type" not in frame:
                continue
            count += 1
            if frame["type"] in frames_of_clients:
                assert frames_of_clients[frame["type"]](frame) is None, (page, frame)
            else:
                check_frame("notifications", frame)
    assert count > 5


def test_every_path_in_the_documents_exists():
    known = {path for _, path in operations()}
    # The folders that they are in, too.
    known |= {path.rpartition("/")[0] for path in known}
    count = 0
    for page in markdown.DOCUMENTS:
        for span in markdown.spans(page):
            found = re.fullmatch(r"(?:([A-Z]+) )?(/(?:chat/)?api/[\w/{}]+)(\?.*)?", span)
            if found:
                count += 1
                path = shape(found[2])
                assert path in known, (page, span)
                assert not found[1] or (found[1], path) in operations(), (page, span)
    assert count > 20


# ---- the checker itself ----

def mutations(value):
    """The value with one part of it changed, removed or added, in every place."""
    yield ANYTHING
    yield None
    if isinstance(value, dict):
        yield {**value, "one_more": 1}
        for name in value:
            yield {key: member for key, member in value.items() if key != name}
            for changed in mutations(value[name]):
                yield {**value, name: changed}
    elif isinstance(value, list):
        yield [*value, ANYTHING]
        for changed in mutations(value[0]) if value else ():
            yield [changed, *value[1:]]
    elif isinstance(value, bool):
        yield int(value)
    elif isinstance(value, int):
        yield from (-value - 1, value + 0.5, str(value), 0)
    elif isinstance(value, str):
        yield from ("", value * 9000, 7)


def closed(schema):
    """The schema, with nothing allowed that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: part if key in ("examples", "example") else closed(part)
            for key, part in schema.items()}
    if "properties" in made and isinstance(made.get("type"), str):
        made.setdefault("additionalProperties", False)
    return made


@pytest.mark.slow("compares two validators")
@pytest.mark.parametrize("events", [False, True], ids=["api", "sockets"])
def test_the_checks_of_answers_agree_with_another_validator(events):
    components = document(events)["components"]["schemas"]
    whole = {"components": {"schemas": {name: closed(schema)
                                        for name, schema in components.items()}}}
    count = 0
    for name, schema in components.items():
        reference = jsonschema.Draft202012Validator(
            {**whole, "$ref": f"#/components/schemas/{name}"})
        own = checker(events).component(name)
        for example in schema.get("examples", []):
            assert own(example) is None, name
            for changed in mutations(example):
                # Formats are checked by this one only.
                valid = reference.is_valid(changed)
                wrong = own(changed)
                assert (wrong is None) == valid or " is no date-time" in str(wrong) \
                    or " is no uri" in str(wrong), (name, changed, wrong)
                count += 1
    assert count > 1000


def test_a_checker_refuses_a_keyword_that_it_does_not_know():
    with pytest.raises(AssertionError, match="does not know"):
        Checker({"components": {"schemas": {}}}).compile({"pattern": "x"})
