"""The schemas that the program makes (fcgi-api --schema), and the check of every answer and every
frame that a test sees against them.

The schemas are compiled once to functions, since a test run checks a hundred thousand objects; the
tests in test_schema.py compare the result with that of the package jsonschema. Unlike for clients,
for whom fields may be added, a field that is not in the schema is a difference here.
"""

import functools
import json
import re
import subprocess
from urllib.parse import unquote

from support.build import build_folder

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
FORMATS = {"date-time": TIME.fullmatch, "uri": lambda text: "://" in text}
# Keywords that check nothing.
TALK = {"description", "examples", "example"}


@functools.cache
def document(events=False):
    """The OpenAPI document, or that of the WebSockets."""
    option = "--schema-events" if events else "--schema"
    return json.loads(subprocess.run([build_folder() / "fcgi-api", option], check=True,
                                     capture_output=True, timeout=30).stdout)


class Checker:
    """Compiles schemas of one document. A compiled schema is a function of a value that returns
    None, or what is wrong."""

    def __init__(self, document):
        self.document = document
        self.components = document["components"]["schemas"]
        self.made = {}

    def component(self, name):
        """The check of a component, compiled when it is used first: it may contain itself."""
        def check(value):
            if name not in self.made:
                self.made[name] = self.compile(self.components[name])
            return self.made[name](value)
        return check

    def compile(self, schema):
        checks = [self._keyword(schema, key, value) for key, value in schema.items()
                  if key not in TALK and not key.startswith("x-")]
        checks = [check for check in checks if check]
        if len(checks) == 1:
            return checks[0]

        def all_of(value):
            for check in checks:
                wrong = check(value)
                if wrong:
                    return wrong
            return None
        return all_of

    def _keyword(self, schema, key, value):
        """The check of one keyword; None if another one does it."""
        if key in ("required", "additionalProperties"):
            return None
        method = getattr(self, f"_{key.lstrip('$')}", None)
        assert method, f"tests/api/support/schema.py does not know {key}"
        return method(schema, value)

    def _ref(self, schema, ref):
        start, _, name = ref.rpartition("/")
        assert start == "#/components/schemas" and name in self.components, ref
        return self.component(name)

    def _type(self, schema, names):
        names = [names] if isinstance(names, str) else names
        fits = [TYPES[name] for name in names]
        if "object" in names and "properties" not in schema:
            mapped = self._map(schema["additionalProperties"], {})
            return lambda value: None if value is None and "null" in names else mapped(value)
        return lambda value: (None if any(fit(value) for fit in fits)
                              else f"{value!r:.200} is not {names}")

    def _properties(self, schema, properties):
        known = {name: self.compile(one) for name, one in properties.items()}
        if "additionalProperties" in schema:
            return self._map(schema["additionalProperties"], known)
        required = frozenset(schema.get("required", ()))

        def check(value):
            if not isinstance(value, dict):
                return None
            if not required <= value.keys():
                return f"lacks {sorted(required - value.keys())}"
            for name, member in value.items():
                wrong = known[name](member) if name in known else "is not in the schema"
                if wrong:
                    return f"{name}: {wrong}"
            return None
        return check

    def _map(self, others, known):
        other = self.compile(others)

        def check(value):
            if not isinstance(value, dict):
                return f"{value!r:.200} is no object"
            if not known.keys() <= value.keys():
                return f"lacks {sorted(known.keys() - value.keys())}"
            for name, member in value.items():
                wrong = known.get(name, other)(member)
                if wrong:
                    return f"{name}: {wrong}"
            return None
        return check

    def _items(self, schema, items):
        one = self.compile(items)

        def check(value):
            for number, item in enumerate(value if isinstance(value, list) else ()):
                wrong = one(item)
                if wrong:
                    return f"[{number}]: {wrong}"
            return None
        return check

    def _allOf(self, schema, parts):
        [part] = parts
        return self.compile(part)

    def _anyOf(self, schema, parts):
        checks = [self.compile(part) for part in parts]

        def check(value):
            wrong = [one(value) for one in checks]
            return None if None in wrong else " and ".join(wrong)
        return check

    def _oneOf(self, schema, parts):
        by_type = self._by_type(parts)
        if by_type:
            return lambda value: (by_type[value["type"]](value)
                                  if isinstance(value, dict) and value.get("type") in by_type
                                  else f"no such type: {value!r:.200}")
        checks = [self.compile(part) for part in parts]

        def check(value):
            wrong = [one(value) for one in checks]
            return None if wrong.count(None) == 1 else " and ".join(filter(None, wrong)) or "both"
        return check

    def _by_type(self, parts):
        """The checks of alternatives that differ in their type; None if they do not."""
        schemas = [self.components[part["$ref"].rpartition("/")[2]] for part in parts
                   if "$ref" in part]
        types = [one.get("properties", {}).get("type", {}).get("const") for one in schemas]
        if len(types) != len(parts) or None in types or len(set(types)) != len(types):
            return None
        return {kind: self.compile(part) for kind, part in zip(types, parts)}

    def _enum(self, schema, words):
        return lambda value: None if value in words else f"{value!r:.200} is none of {words}"

    def _const(self, schema, word):
        return lambda value: None if value == word else f"{value!r:.200} is not {word!r}"

    def _format(self, schema, name):
        fits = FORMATS[name]
        return lambda value: (None if not isinstance(value, str) or fits(value)
                              else f"{value!r:.200} is no {name}")

    def _bound(self, of, is_right, word):
        return lambda value: (None if type(value) not in of or is_right(value)
                              else f"{value!r:.200} is not {word}")

    def _minimum(self, schema, least):
        return self._bound((int,), lambda value: value >= least, f"at least {least}")

    def _maximum(self, schema, most):
        return self._bound((int,), lambda value: value <= most, f"at most {most}")

    def _minLength(self, schema, least):
        return self._bound((str,), lambda value: len(value) >= least, f"{least} long")

    def _maxLength(self, schema, most):
        return self._bound((str,), lambda value: len(value) <= most, f"at most {most} long")

    def _minItems(self, schema, least):
        return self._bound((list,), lambda value: len(value) >= least, f"{least} long")

    def _maxItems(self, schema, most):
        return self._bound((list,), lambda value: len(value) <= most, f"at most {most} long")


# ---- answers ----

@functools.cache
def checker(events=False):
    return Checker(document(events))


def without_ids(path):
    """A path with {} for each id, without its query and last slash."""
    path = path.decode("latin-1") if isinstance(path, bytes) else path
    path = unquote(path.partition("?")[0])
    path = re.sub(r"/(?:[st]?[0-9]+|[0-9a-f]{40}|\{\w+\})(?=/|$)", "/{}", path.rstrip("/"))
    # The name of a file is any text.
    return re.sub(r"(?<=/chat/files/\{\}/)(?!(?:thumbnail|done|link)$)[^/]+$", "{}", path)


@functools.cache
def known_shapes():
    return {without_ids(path) for path in document()["paths"]}


def shape(path):
    """The same without its prefix, which may have segments of the API itself."""
    path = without_ids(path)
    starts = [found.start() for found in re.finditer(r"/(?:api|healthz)(?=/|$)", path)]
    ends = [path[start:] for start in starts] or [path]
    return next((end for end in ends if end in known_shapes()), ends[0])


@functools.cache
def operations():
    return {(method.upper(), without_ids(path)): operation
            for path, methods in document()["paths"].items()
            for method, operation in methods.items()}


@functools.cache
def answer_check(method, path, status):
    """The check of the body of an answer, by the type of its content; {}: it has none."""
    operation = operations().get((method, path))
    failure = {"$ref": "#/components/responses/Failure"}
    answers = operation["responses"] if operation else {"default": failure}
    found = answers.get(str(status)) or (answers["default"] if status >= 400 else None)
    assert found, f"{method} {path} is not to answer {status}"
    if "$ref" in found:
        found = document()["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return {kind: checker().compile(content["schema"])
            for kind, content in found.get("content", {}).items()}


def check_answer(method, path, status, headers, body):
    """Asserts that an answer of fcgi-api is as the schema says."""
    if method == "OPTIONS":
        return
    checks = answer_check("GET" if method == "HEAD" else method, shape(path), status)
    # Files are of any type.
    if "*/*" in checks:
        return
    kind = headers.get("Content-Type", "").partition(";")[0]
    if method == "HEAD" or not checks:
        assert not body, f"{method} {path}: {status} with {body[:200]}"
        return
    assert kind in checks, f"{method} {path}: {status} of type {kind}"
    wrong = checks[kind](json.loads(body)) if kind == "application/json" else None
    assert not wrong, f"{method} {path}: {status}: {wrong}\n{body[:1000]}"


# ---- frames ----

@functools.cache
def frames(channel):
    """What a server sends on a channel: the checks of each type."""
    found = {}
    for operation in document(events=True)["operations"].values():
        if operation["action"] == "send" and operation["channel"]["$ref"].endswith(channel):
            for message in operation["messages"]:
                name = message["$ref"].rpartition("/")[2]
                kinds = checker(events=True).components[name]["properties"]["type"]
                for kind in kinds.get("enum", [kinds.get("const")]):
                    found.setdefault(kind, []).append(checker(events=True).component(name))
    return found


def check_frame(path, frame):
    """Asserts that a frame of the socket opened at this path is as the schema says."""
    channel = "/notifications" if "notifications" in path else "/room"
    checks = frames(channel).get(frame.get("type"))
    assert checks, f"no frame of {channel}: {frame}"
    wrong = [check(frame) for check in checks]
    assert None in wrong, f"{path}: {' and '.join(wrong)}: {frame}"
