"""Each path for each role: docs/access.md. CONFAB_WRITE=1 writes it."""

import os

import pytest
from support import access
from support.lists import assert_complete

COLUMNS = {}


@pytest.fixture(scope="module")
def world(instance):
    return access.World(instance)


@pytest.mark.slow("each path for each role")
@pytest.mark.parametrize("role", access.ROLES)
def test_each_path_answers_the_role_as_the_table_says(world, role):
    column = COLUMNS[role] = world.column(role)
    if os.environ.get("CONFAB_WRITE"):
        if len(COLUMNS) == len(access.ROLES):
            access.DOCUMENT.write_text(access.write(COLUMNS))
        return
    expected = access.read()[role]
    assert {row: column[row] for row in expected if row in column} == {
        row: cell for row, cell in expected.items() if row in column}


@pytest.mark.slow("a route may land before its row")
def test_the_table_has_all_routes():
    for column in access.read().values():
        assert_complete(column, access.rows(), "docs/access.md, by `make docs/access.md`")


DELETE = "DELETE /api/chat/rooms/#/messages/#"


def cells(role, prefix):
    return {row: cell for row, cell in access.read()[role].items()
            if f" {prefix}" in row and not row.startswith("GET /healthz")}


def test_the_table_refuses_what_each_role_may_not_do():
    public = {"POST /api/hooks/in/*", "GET /api/chat/links/*", "GET /api/chat/open-rooms"}
    for role in ("stranger", "disabled"):
        for row, cell in cells(role, "/api/chat/").items() | cells(role, "/api/site/").items():
            assert row in public or cell.startswith("401 "), (role, row)
    seen = {"GET /api/chat/rooms/#", "DELETE /api/chat/rooms/#/messages/#",
            "POST /api/chat/rooms/#/remove_member", "DELETE /api/chat/rooms/#/held/#"}
    for row, cell in cells("banned", "/api/chat/rooms/#").items():
        assert row in seen or cell == "403 banned", row
    for role in ("reader", "member", "silenced", "moderator"):
        assert cells(role, "/api/chat/rooms/#")["DELETE /api/chat/rooms/#"] == \
            "403 permission_denied"
    for role in ("outsider", "site moderator"):
        written = cells(role, "/api/chat/rooms/#/messages") | cells(role, "/api/chat/rooms/#/pins")
        for row, cell in written.items():
            is_moderation = role == "site moderator" and row == DELETE
            assert row.startswith("GET ") or is_moderation or cell[0] == "4", (role, row)
    for row in ("POST /api/chat/rooms", "POST /api/chat/rooms/direct",
                "POST /api/chat/rooms/#/files"):
        assert cells("guest", "/api/chat/rooms")[row] == "403 not_for_guests"
    for role in access.USERS:
        for row, cell in cells(role, "/api/site/").items():
            is_moderators = role == "site moderator" and ("/bans" in row or "/audit" in row)
            assert is_moderators or cell[:3] in ("401", "403"), (role, row)
    for scope in access.KEYS:
        for row, cell in cells(f"key {scope}", "/api/site/").items():
            assert cell[:3] != "401", (scope, row)
