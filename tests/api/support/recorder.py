"""Records what fcgi-api publishes on Redis during one change."""

from support.client import Client


class Recorder:
    """Subscribes to all channels of an instance with a single process, which publishes in the
    order of the requests. A marker message before and after the change delimits its events:
    what an earlier request publishes after its response precedes the first marker."""

    def __init__(self, instance):
        self.instance = instance
        self._marker = Client(instance).register()
        self._room = self._marker.room()["room_id"]

    def record(self, change):
        """The events that change() publishes, in order."""
        with self.instance.subscribe("*") as received:
            first = self._mark(received)
            change()
            last = self._mark(received)
            events = received.events
            return events[events.index(first) + 1:events.index(last)]

    def _mark(self, received):
        mark = self._marker.say(self._room, "mark")["message_id"]
        return received.wait_for(
            lambda event: (event.name, event.subject_id) == ("new_message", mark), seconds=30)


def room_channel(room):
    return f"confab:room:{room['room_id']}"


def user_channel(client):
    return f"confab:user:{client.id}"


def header(event):
    """The fields of the header of an event."""
    return event.version, event.seq, event.name, event.actor_id, event.subject_id
