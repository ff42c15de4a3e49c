"""The rows of the bench, in the order in which they run: what changes the data comes after what
does not, what restarts the servers comes last."""

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
    "start": start,
    "offsets": offsets,
    "many": many,
    "growth": growth,
    "processes": processes,
    "memory": memory,
    "cgi": cgi,
}
