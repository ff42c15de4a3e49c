"""A mail server on this host, aiosmtpd, that keeps what it gets."""

import queue
import re

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from support.port import free_port


class MailServer(Message):
    """With mail: `with MailServer() as server`. `refusals` is how many mails it refuses first."""

    def __init__(self, refusals=0):
        super().__init__()
        self.mails = queue.Queue()
        self.refusals = refusals

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.refusals > 0:
            self.refusals -= 1
            return "451 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message):
        self.mails.put(message)

    def __enter__(self):
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()

    @property
    def settings(self):
        return {"CONFAB_MAIL_FROM": "Chat <chat@example.org>",
                "CONFAB_MAIL_SERVER": f"smtp://127.0.0.1:{self.port}",
                "CONFAB_PAGE_URL": "https://chat.example.org/"}

    def next(self, seconds=60):
        """The next mail, and the token in it."""
        message = self.mails.get(timeout=seconds)
        text = message.get_payload(decode=True).decode()
        found = re.search(r"https://chat\.example\.org/#(reset|email)=([0-9a-f]{40})\r?\n", text)
        assert found, text
        return message, *found.groups()
