"""Answers a Reddit client with recorded responses (betamax cassettes), on loopback.

`python tests/replayserver.py FOLDER [FOLDER ...]` serves until interrupted and prints its address; `--port N`
fixes the port. Any key is accepted. What a recording lacks is made from what it holds:

- `/r/SUB/new` and `/r/SUB/search` answer with the recorded listing of that path (query and order of the
  parameters ignored); without one, with the subreddit's submissions from all recordings (those that hold
  the text searched for).
- `/comments/ID` of a submission that was only listed answers with its own recorded data and no comments.
- `morechildren` and "continue this thread" answer by the ids asked for, so a second run gets them again.
- `/r/replay_STATUS/...` answers with the recorded failure of that status (400, 401, 403, 404, 429, 500, 503).
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

KEPT = ("content-type", "retry-after", "www-authenticate", "location")
"""Recorded headers that are served; lengths, encodings, cookies and a quota of years ago are not."""
TOKEN = {"access_token": "replayed", "token_type": "bearer", "expires_in": 3600, "scope": "*"}


def load(path):
    """The interactions of one cassette."""
    packed = path.read_bytes()
    cassette = json.loads(gzip.decompress(packed) if path.suffix == ".gz" else packed)
    return cassette.get("interactions") or cassette.get("http_interactions") or []


def text_of(body):
    if isinstance(body, str) or body is None:
        return body or ""
    if "string" in body:
        return body["string"] or ""
    packed = base64.b64decode(body.get("base64_string", ""))
    return (gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed).decode("utf-8")


def listing(things):
    return {"kind": "Listing", "data": {"children": things, "after": None, "before": None}}


class Recordings:
    """Everything that the cassettes of some folders hold, found by what a client asks for."""

    def __init__(self, folders):
        self.pages = {}  # path -> body of a recorded listing (first page)
        self.threads = {}  # submission id -> body of its recorded thread
        self.continued = {}  # comment id -> body of "continue this thread"
        self.children = {}  # comment id -> the things that morechildren gave for the request with that id
        self.submissions = {}  # id -> recorded t3
        self.comments = {}  # id -> recorded t1
        self.failures = {}  # status -> (body, headers)
        for folder in folders:
            for path in sorted(Path(folder).iterdir()):
                if path.name.endswith((".json", ".json.gz")):
                    for interaction in load(path):
                        self.add(interaction["request"], interaction["response"])

    def add(self, request, response):
        path = unquote(urlsplit(request["uri"]).path)
        query = parse_qs(urlsplit(request["uri"]).query)
        body, status = text_of(response["body"]), response["status"]["code"]
        if path.endswith("/access_token"):
            return
        if status >= 400:
            headers = {name: values[0] for name, values in response["headers"].items()}
            self.failures.setdefault(status, (body, headers))
            return
        try:
            data = json.loads(body)
        except ValueError:
            return
        parts = [part for part in path.split("/") if part]
        if parts == ["api", "morechildren"] and request["method"] == "POST":
            asked = parse_qs(text_of(request["body"])).get("children", [""])[0]
            self.children[asked] = data["json"]["data"]["things"]
        elif parts[:1] == ["comments"] and len(parts) == 4:
            self.continued[parts[3]] = data
        elif parts[:1] == ["comments"]:
            self.threads[parts[1]] = data
        elif (
            isinstance(data, dict) and data.get("kind") == "Listing" and not {"after", "before"} & set(query)
        ):
            self.pages.setdefault("/" + "/".join(parts).lower(), data)
        self.gather(data)

    def gather(self, data):
        """Note every submission and comment anywhere inside."""
        waiting = [data]
        while waiting:
            item = waiting.pop()
            if isinstance(item, list):
                waiting += item
            elif isinstance(item, dict):
                known = {"t3": self.submissions, "t1": self.comments}.get(item.get("kind"))
                if known is not None:
                    known.setdefault(item["data"]["id"], item)
                waiting += item.values()

    def answer(self, path, form):
        """Status, body and headers for one request."""
        parts = [part for part in path.split("/") if part]
        if parts[-1:] == ["access_token"]:
            return 200, TOKEN, {}
        if parts[:1] == ["r"] and len(parts) > 1 and parts[1].startswith("replay_"):
            body, headers = self.failures.get(int(parts[1][len("replay_") :]), ("no such recording", {}))
            return int(parts[1][len("replay_") :]), body, headers
        if parts == ["api", "morechildren"]:
            things = self.more(form.get("children", [""])[0])
            return 200, {"json": {"errors": [], "data": {"things": things}}}, {}
        if parts[:1] == ["comments"] and len(parts) >= 2:
            found = self.continue_thread(parts[1], parts[3]) if len(parts) == 4 else self.thread(parts[1])
        else:
            found = self.page(parts, form.get("q", [""])[0])
        return (200, found, {}) if found else (404, {"message": "Not Found", "error": 404}, {})

    def page(self, parts, words):
        recorded = self.pages.get("/" + "/".join(parts).lower())
        if recorded:
            return {**recorded, "data": {**recorded["data"], "after": None}}
        if len(parts) != 3 or parts[0] != "r" or parts[2] not in ("new", "search"):
            return None
        mine = [t for t in self.submissions.values() if t["data"]["subreddit"].lower() == parts[1].lower()]
        if not mine:
            return None
        found = [t for t in mine if words.lower() in f"{t['data']['title']} {t['data']['selftext']}".lower()]
        return listing(sorted(found, key=lambda thing: -thing["data"]["created_utc"]))

    def thread(self, id_):
        if id_ in self.threads:
            return self.threads[id_]
        submission = self.submissions.get(id_)
        return [listing([submission]), listing([])] if submission else None

    def continue_thread(self, submission, id_):
        if id_ in self.continued:
            return self.continued[id_]
        comment = self.comments.get(id_)
        if comment is None:
            return None
        alone = {**comment, "data": {**comment["data"], "replies": ""}}
        return [listing([self.submissions[submission]]), listing([alone])]

    def more(self, asked):
        if asked in self.children:
            return self.children[asked]
        wanted = set(asked.split(","))
        known = [things for ids, things in self.children.items() if wanted & set(ids.split(","))]
        return known[0] if known else []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 30

    def do_GET(self):
        self.reply(parse_qs(urlsplit(self.path).query))

    def do_POST(self):
        self.reply(parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()))

    def reply(self, form):
        path = unquote(urlsplit(self.path).path)
        status, found, headers = self.server.recordings.answer(path, form)
        self.server.log.append((self.command, self.path))
        body = (found if isinstance(found, str) else json.dumps(found)).encode()
        self.send_response_only(status)
        kept = {name.lower(): value for name, value in headers.items() if name.lower() in KEPT}
        for name, value in ({"content-type": "application/json; charset=UTF-8"} | kept).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):  # noqa: A002 - the base class names it so
        pass


class ReplayServer(ThreadingHTTPServer):
    """A context manager; `.url` is the address, `.log` what was asked, `.recordings` what can be answered."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *folders, port=0):
        self.recordings = Recordings(folders)
        self.log = []
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="+", type=Path)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    server = ReplayServer(*options.folder, port=options.port)
    print(server.url, flush=True)  # noqa: T201 - its output
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
