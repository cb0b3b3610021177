"""Lets requests through whose access token the Hub calls good, for Flask. Python 3.9 or later, nothing beside Flask.

    hub = HubVerify("http://127.0.0.1:8000", os.environ["HUB_SERVICE_TOKEN"])

    @app.get("/api/things")
    @hub.required
    def things():
        return {"for": g.user["username"]}     # the user as /api/auth/validate shows them

Answers are remembered for a minute at most, never past the token's end, and only while the feed of revocations is open and has told everything: so what
ended is refused within a second, and when the feed breaks off every request is asked for. When the Hub cannot be asked, nobody is let in (503).
A server that forks its workers makes one HubVerify in each of them, after the fork: threads do not survive it.
"""

import base64
import hashlib
import http.client
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from functools import wraps

from flask import g, jsonify, request

# The longest that an answer is remembered.
LONGEST_SECONDS = 60
# Answers remembered at once; beyond that the oldest goes.
MOST_ANSWERS = 10_000
# The Hub says something every 15 s: after so long without a word the feed is dead, whatever the network says.
SILENCE_SECONDS = 40
# How long the Hub may take to answer.
PATIENCE_SECONDS = 5
# Between two tries to open the feed.
RETRY_SECONDS = 1

log = logging.getLogger(__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is sent to the Hub and to nobody else."""

    def redirect_request(self, *_):
        return None


_open = urllib.request.build_opener(_NoRedirect).open


class HubVerify:
    def __init__(self, hub, service_token):
        self._hub = hub.rstrip("/")
        self._service_token = service_token
        self._lock = threading.Lock()
        self._remembered = {}  # SHA-256 of the token: (user, sid, until)
        self._ready = False  # the feed is open, and all that was missed is told
        self._told = 0  # events so far: an answer that one of them overtook is not remembered
        self._last_id = ""
        threading.Thread(target=self._listen_for_ever, daemon=True, name="hub-feed").start()

    @property
    def is_ready(self):
        """Whether answers are remembered now: for health checks."""
        return self._ready

    def required(self, view):
        """Runs the view only for whoever brings a good access token."""

        @wraps(view)
        def guarded(*args, **kwargs):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            token = token.strip()
            if scheme.lower() != "bearer" or not token or not token.isascii():
                return _refuse(401, "Authorization header required", "authorization_required")
            try:
                user, refusal = self._judge(token)
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
                return _refuse(503, "Service temporarily unavailable", "unavailable")
            if refusal:
                return _refuse(401, refusal.get("error"), refusal.get("code"))
            g.user = user
            return view(*args, **kwargs)

        return guarded

    def _judge(self, token):
        key = hashlib.sha256(token.encode()).digest()
        with self._lock:
            known = self._remembered.get(key) if self._ready else None
            before = self._told
        if known and time.time() < known[2]:
            return known[0], None
        asked = urllib.request.Request(self._hub + "/api/auth/validate", headers={"Authorization": f"Bearer {token}"})
        try:
            with _open(asked, timeout=PATIENCE_SECONDS) as response:
                body = json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 401:
                return None, json.load(error)
            raise
        if body.get("valid") is not True:
            raise ValueError("no answer of the Hub")
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        until = min(time.time() + LONGEST_SECONDS, body["expires_at"])
        with self._lock:
            if self._ready and self._told == before:
                if len(self._remembered) >= MOST_ANSWERS:
                    del self._remembered[next(iter(self._remembered))]
                self._remembered[key] = (body["user"], claims["sid"], until)
        return body["user"], None

    def _listen_for_ever(self):
        while True:
            try:
                self._listen()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                log.warning("no feed, every request is asked for: %s", error)
            finally:
                # From here on something may end unheard.
                with self._lock:
                    self._ready = False
                    self._told += 1
                    self._remembered.clear()
            time.sleep(RETRY_SECONDS)

    def _listen(self):
        headers = {"Authorization": f"Bearer {self._service_token}", "Accept": "text/event-stream"}
        if self._last_id:
            headers["Last-Event-ID"] = self._last_id
        asked = urllib.request.Request(self._hub + "/api/auth/revocations", headers=headers)
        with _open(asked, timeout=SILENCE_SECONDS) as stream:
            fields = {}
            for line in stream:
                line = line.decode().rstrip("\r\n")
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                    continue
                if "data" in fields:
                    self._hear(fields.get("event"), fields.get("id"), json.loads(fields["data"]))
                fields = {}

    def _hear(self, event, last_id, data):
        with self._lock:
            self._told += 1
            self._last_id = last_id or self._last_id
            if event == "session":
                self._forget(lambda user, sid: sid == data["sid"])
            elif event == "user":
                self._forget(lambda user, sid: user["id"] == data["user_id"])
            elif event == "ready":
                self._ready = True
            else:  # reset, or what a later Hub may say
                self._remembered.clear()

    def _forget(self, matches):
        for key in [key for key, (user, sid, _) in self._remembered.items() if matches(user, sid)]:
            del self._remembered[key]


def _refuse(status, error, code):
    response = jsonify(error=error, code=code)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
