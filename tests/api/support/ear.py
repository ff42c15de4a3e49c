"""Everything that one change makes fcgi-api publish on Redis, and nothing else."""

from support.client import Client


class Ear:
    """Listens to an instance that has one process only, so that what is published comes in
    the order of the requests. A change's part of it lies between two messages in a room of
    the ear's own, the marks; what was published after the answer of an earlier request is
    before the first of them."""

    def __init__(self, instance):
        self.instance = instance
        self._marker = Client(instance).register()
        self._room = self._marker.room()["room_id"]

    def hear(self, change):
        """What change() publishes, in order."""
        with self.instance.subscribe("*") as heard:
            first = self._mark(heard)
            change()
            last = self._mark(heard)
            events = heard.events
            return events[events.index(first) + 1:events.index(last)]

    def _mark(self, heard):
        mark = self._marker.say(self._room, "mark")["message_id"]
        return heard.wait_for(
            lambda event: (event.name, event.subject_id) == ("new_message", mark), seconds=30)


def room_channel(room):
    return f"confab:room:{room['room_id']}"


def user_channel(client):
    return f"confab:user:{client.id}"


def header(event):
    """The first line of what was published."""
    return event.version, event.seq, event.name, event.actor_id, event.subject_id
