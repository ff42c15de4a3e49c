"""Runs a PHP page once, as a web server does by CGI."""

import os
import subprocess


class Page:
    """What a page answered; cookie: the session that it started, for the next page."""

    def __init__(self, output):
        head, _, self.body = output.partition("\n\n")
        headers = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        self.status = int(headers.get("Status", "200").split()[0])
        self.cookie = headers.get("Set-Cookie", "").split(";")[0]


def page(script, cookie="", query="", **env):
    done = subprocess.run(
        ["php-cgi", "-d", f"session.save_path={script.parent}", "-d", "cgi.force_redirect=0"],
        text=True, capture_output=True, timeout=60,
        env={"PATH": os.environ["PATH"], "SCRIPT_FILENAME": str(script), "REQUEST_METHOD": "GET",
             "QUERY_STRING": query, "HTTP_COOKIE": cookie, "GATEWAY_INTERFACE": "CGI/1.1", **env})
    assert done.returncode == 0, done.stdout + done.stderr
    return Page(done.stdout)


def php(code, **env):
    """What a piece of PHP prints."""
    done = subprocess.run(["php-cgi", "-q"], input=f"<?php {code}", text=True, capture_output=True,
                          timeout=60, env={"PATH": os.environ["PATH"], **env})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
