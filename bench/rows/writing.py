"""Writing: posting messages, spread over rooms and all into one."""

from context import POST_BODY, Row, messages_path
from data import CROWD, HANDFUL, USERS, places, token
from turns import ratio


def post_requests(spots):
    return [f"POST {messages_path(room)} {token(user)} {POST_BODY}" for room, user in spots]


def _contestants(bench, fcgi, spots):
    requests = post_requests(spots)
    return {"F": bench.wrk_list(requests, port=fcgi.port, groups=fcgi.groups()),
            "C": bench.commit(spots, "compound"),
            "C by statements": bench.commit(spots, "statements"),
            "confab": bench.wrk_list(requests)}


def _answer(bench, room, user):
    body = POST_BODY.replace("@", "the size of an answer")
    return bench.ask("POST", messages_path(room), user, body)


def _row(name, title, found):
    f, c, confab = found["F"], found["C"], found["confab"]
    return Row(name, title, list(found.values()), [f, c],
               {"cpu": ratio(confab, f, c), "rate": ratio(confab, c, figure="rate")},
               ["C is one prepared compound statement, as in confab; C by statements sends its four "
                "statements one by one."], confab)


def post(bench):
    spots = places(bench.data.scale)
    with bench.fcgi_like(_answer(bench, *spots[0])) as fcgi:
        found = bench.turns.take(_contestants(bench, fcgi, spots))
    row = _row("post", "POST message, spread over 50 rooms", found)
    row.values["trips"] = len(bench.statements["post"])
    return row


def post_one(bench):
    crowd = [(CROWD, user + 1) for user in range(USERS)]
    handful = [(HANDFUL, user + 1) for user in range(10)]
    with bench.fcgi_like(_answer(bench, *crowd[0])) as fcgi:
        contestants = _contestants(bench, fcgi, crowd)
        contestants["confab, 10 members"] = bench.wrk_list(post_requests(handful))
        found = bench.turns.take(contestants)
    row = _row("post-one", "POST message, all into the room with 100 members", found)
    row.values["members"] = ratio(found["confab"], found["confab, 10 members"])
    return row
