"""The rows of the bench, in running order: rows that change the data come after those that do not,
rows that restart the servers come last."""

from rows.flood import flood
from rows.growth import growth
from rows.logins import login
from rows.processes import cgi, memory, processes, start
from rows.reading import many, messages, offsets, room, rooms, unchanged
from rows.writing import post, post_one

ROWS = {
    "messages": messages,
    "unchanged": unchanged,
    "room": room,
    "rooms": rooms,
    "post": post,
    "post-one": post_one,
    "login": login,
    "flood": flood,
    "start": start,
    "offsets": offsets,
    "many": many,
    "growth": growth,
    "processes": processes,
    "memory": memory,
    "cgi": cgi,
}
