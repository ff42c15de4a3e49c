"""The examples of docs/server-api.md, typed in their order."""

import json
import os
import subprocess

import pytest

from support import markdown

pytestmark = pytest.mark.slow("instances of its own")

DOCUMENT = "docs/server-api.md"


class Shell:
    """Types the blocks of the document, in one environment."""

    def __init__(self, instance):
        tools = instance.state / "tmp" / "typed"
        tools.mkdir(exist_ok=True)
        (tools / "confabctl").write_text(
            f'#!/bin/sh\nexec {instance.build}/confabctl -c {instance.config} "$@"\n')
        (tools / "confabctl").chmod(0o755)
        self.env = {**instance.env, "PATH": f"{tools}:{os.environ['PATH']}", "CHAT": instance.url}

    def type(self, mark, variable=None):
        """The answers of a block, as JSON; with a variable, its value after the block."""
        script = markdown.block(DOCUMENT, mark).replace("curl ", "curl -sS -f ")
        if variable:
            script += f'printf %s "${variable}"\n'
        done = subprocess.run(["sh", "-ec", script], env=self.env, capture_output=True, text=True,
                              timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), (mark, done)
        if variable:
            return done.stdout
        decoder, rest, found = json.JSONDecoder(), done.stdout.strip(), []
        while rest:
            value, end = decoder.raw_decode(rest)
            found.append(value)
            rest = rest[end:].strip()
        return found


def test_the_examples_work_as_they_are_written(make_instance):
    shell = Shell(make_instance())
    key = shell.type("key", "KEY")
    assert key.startswith("ck_")
    shell.env["KEY"] = key
    users, = shell.type("users")
    assert [one["status"] for one in users["results"]] == [201, 201]
    ann, news = [one["user"] for one in users["results"]]
    found, = shell.type("one-user")
    assert found["results"] == [ann]
    rooms, = shell.type("rooms")
    shell.env["ROOM"] = str(rooms["results"][0]["room"]["room_id"])
    members, = shell.type("members")
    assert members == {"added": 2, "removed": 0, "updated": 0}
    site, bot = shell.type("message")
    assert (site["message_type"], site["content"]) == ("system", "Room 204 today")
    assert bot["sender_id"] == news["user_id"]
    acting, = shell.type("act")
    assert acting["results"][0]["key"] == "course-17" and acting["results"][0]["is_admin"]
    batch, = shell.type("batch")
    assert [one["status"] for one in batch] == [200, 200]
    assert batch[1]["body"]["count"] == 1


def test_the_list_of_keys_is_shown(make_instance):
    shell = Shell(make_instance())
    shell.type("key", "KEY")
    script = markdown.block(DOCUMENT, "list")
    done = subprocess.run(["sh", "-ec", script], env=shell.env, capture_output=True, text=True,
                          timeout=60)
    assert "shop" in done.stdout and "users,rooms,messages,act" in done.stdout
