"""A program of the site, with an API key."""

from support.client import Client, fresh_name
from support.confabctl import Tool

ALL = "users,rooms,messages,hooks,moderate,act"


class Program(Client):
    """A client with a new API key of these scopes. `acting` (a user id, or "ext:...") is sent as
    X-Confab-User. options are more of `confabctl key add`."""

    def __init__(self, instance, scopes=ALL, acting=None, options=()):
        self.key_name = fresh_name("key")
        self.tool = Tool(instance)
        self.acting = acting
        super().__init__(instance, self.tool("key", "add", self.key_name, "--scopes", scopes,
                                             *options).strip())

    def request(self, method, path, **options):
        headers = dict(options.pop("headers", None) or {})
        if self.acting is not None:
            headers.setdefault("X-Confab-User", str(self.acting))
        return super().request(method, path, headers=headers, **options)

    def as_user(self, user):
        """The same key, acting as this user."""
        other = Client.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.acting = user
        return other

    def put(self, path, json=None, **options):
        return self.request("PUT", path, json=json, **options)

    def put_user(self, external_id, **fields):
        """Makes or changes one user; returns the result."""
        answer = self.put("/api/site/users/", {"users": [{"external_id": external_id, **fields}]})
        assert answer.status_code == 200, answer.text
        result, = answer.json()["results"]
        return result

    def put_room(self, key, name="A room", **fields):
        """Makes or changes one room; returns the result."""
        answer = self.put("/api/site/rooms/", {"rooms": [{"key": key, "name": name, **fields}]})
        assert answer.status_code == 200, answer.text
        result, = answer.json()["results"]
        return result

    def batch(self, *requests, **options):
        return self.post("/api/site/batch/", json={"requests": list(requests)}, **options)

    def revoke(self):
        self.tool("key", "revoke", self.key_name)
