"""GET /api/chat/users/"""

import pytest

from support.answers import assert_error
from support.client import fresh_name
from support.shapes import a_profile

PATH = "/api/chat/users/"


def found(client, search, **more):
    """The names in the result of a search."""
    answer = client.get(PATH, params={"search": search, "limit": 200, **more})
    assert answer.status_code == 200, answer.text
    return [entry["username"] for entry in answer.json()["results"]]


@pytest.fixture(scope="module")
def me(user):
    return user()


def family(user, *endings):
    """Users whose names share a prefix that no other name has."""
    stem = fresh_name("f").replace("-", "x")
    return stem, [user(stem + ending) for ending in endings]


def test_the_list_shows_the_profile_of_each_user(user, me):
    stem, [one] = family(user, "-One")
    answer = me.get(PATH, params={"search": stem})
    assert answer.status_code == 200
    assert answer.json() == {"count": 1, "next": None, "previous": None,
                             "results": [a_profile(one)]}


def test_a_search_matches_the_start_of_names(user, me):
    stem, _ = family(user, "al", "alba", "bal")
    assert found(me, stem + "al") == [stem + "al", stem + "alba"]


def test_a_search_does_not_match_inside_words(user, me):
    stem, _ = family(user, "needle")
    assert found(me, "needle") == []
    assert found(me, stem[1:]) == []


def test_a_search_is_case_insensitive(user, me):
    stem, _ = family(user, "MiXed")
    assert found(me, (stem + "mIx").upper()) == [stem + "MiXed"]
    assert found(me, (stem + "mIx").lower()) == [stem + "MiXed"]


def test_without_a_search_all_are_listed(instance, me):
    count = instance.sql("SELECT COUNT(*) FROM user WHERE is_active")[0][0]
    assert me.get(PATH).json()["count"] == count
    assert me.get(PATH, params={"search": ""}).json()["count"] == count


def test_the_caller_is_listed_too(me):
    assert found(me, me.name) == [me.name]


def test_inactive_users_are_left_out(instance, user, me):
    stem, [here, gone] = family(user, "here", "gone")
    instance.sql("UPDATE user SET is_active = FALSE WHERE user_id = ?", gone.id)
    answer = me.get(PATH, params={"search": stem}).json()
    assert answer["count"] == 1
    assert [entry["user_id"] for entry in answer["results"]] == [here.id]


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "\\%", "\\_", "*", "?", "[a-z]", "'", '"',
                                      ";"])
def test_wildcard_characters_are_literal(user, me, wildcard):
    stem, _ = family(user, "abc")
    assert found(me, stem + wildcard) == []
    assert found(me, wildcard + stem) == []
    assert me.name not in found(me, wildcard)


def test_an_underscore_matches_only_an_underscore(user, me):
    stem, _ = family(user, "a_b", "acb")
    assert found(me, stem + "a_") == [stem + "a_b"]


@pytest.mark.parametrize("like, ending", [("\u00e9", "ess"), ("\u00c9S", "ess"),
                                          ("e\u0301s", "ess"), ("\uff45", None),
                                          ("\u0430", None), ("\U0001f600", None)])
def test_accents_do_not_count_but_other_letters_that_look_alike_do(user, me, like, ending):
    stem, _ = family(user, "ess", "kelvin", "aunt")
    assert found(me, stem + like) == ([stem + ending] if ending else [])


def test_spaces_are_significant(user, me):
    stem, _ = family(user, "")
    assert found(me, stem) == [stem]
    assert found(me, stem + " ") == []
    assert found(me, " " + stem) == []


def test_pages_show_every_user_once_ordered_by_name(user, me):
    stem, _ = family(user, *"cabed")
    pages = [found(me, stem, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert pages == [[stem + "a", stem + "b"], [stem + "c", stem + "d"], [stem + "e"], []]


@pytest.mark.parametrize("offset, back", [(3, 1), (4, 2), (10001, 9999),
                                          (2**64, 2**64 - 1 - 2)])
def test_an_offset_beyond_the_end_is_an_empty_page_after_another(instance, user, me, offset, back):
    stem, _ = family(user, *"abc")
    answer = me.get(PATH, params={"search": stem, "limit": 2, "offset": offset})
    assert (answer.status_code, answer.json()) == (200, {
        "count": 3, "next": None, "results": [],
        "previous": f"{instance.url}{PATH}?limit=2&offset={back}&search={stem}"})


def test_an_empty_list_has_no_other_pages(me):
    assert me.get(PATH, params={"search": "nobody-at-all"}).json() == {
        "count": 0, "next": None, "previous": None, "results": []}


def test_links_to_other_pages_keep_the_search(instance, user, me):
    stem, [_, _, last] = family(user, *"abc")
    answer = me.get(PATH, params={"search": stem, "limit": 1, "offset": 1}).json()
    assert answer["next"] == f"{instance.url}{PATH}?limit=1&after={stem}b&search={stem}"
    assert answer["previous"] == f"{instance.url}{PATH}?limit=1&before={stem}b&search={stem}"
    assert me.get(answer["next"].removeprefix(instance.url)).json()["results"] == [
        a_profile(last)]


def test_the_search_is_escaped_in_links(instance, user, me):
    stem, _ = family(user, "a", "b")
    answer = me.get(f"{PATH}?search={stem}&limit=1&x=%22%3E&offset=0").json()
    assert answer["next"] == f"{instance.url}{PATH}?limit=1&after={stem}a&search={stem}"


@pytest.mark.parametrize("query", ["search=%ff", "search=%C0%AF", "search=%ED%A0%80", "search=%00",
                                   "search=a%00b"])
def test_a_search_that_is_not_valid_utf_8_is_400(instance, me, query):
    """The web server refuses most of these itself; fcgi-api does not rely on that."""
    assert me.get(f"{PATH}?{query}").status_code == 400
    assert_error(instance.fcgi(f"{PATH}?{query}", token=me.token), 400, ["search"])


@pytest.mark.parametrize("query", ["search=%zz", "search=%", "search=%4"])
def test_an_invalid_percent_escape_is_400(instance, me, query):
    assert_error(instance.fcgi(f"{PATH}?{query}", token=me.token), 400, ["search"])


def test_all_invalid_parameters_are_reported_together(instance, me):
    answer = instance.fcgi(f"{PATH}?search=%ff&limit=0&offset=-1", token=me.token)
    assert_error(answer, 400, ["limit", "offset", "search"])


def test_listing_users_requires_credentials(anonymous):
    assert_error(anonymous.get(PATH), 401)
