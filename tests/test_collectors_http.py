"""The hardened fetch against a server that misbehaves: deadline, caps, addresses, redirects, manners."""

import contextlib
import gzip
import http.client
import itertools
import random
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from datetime import UTC, date, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
import urllib3
from faultserver import Answer, FaultServer, bomb, html, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from candidly.errors import CollectorError
from collectors import httpbody, httpconnect
from collectors.base import Context
from collectors.feed import FeedCollector, FeedSettings
from collectors.http import Http, Refused, Throttle, shown, user_agent
from collectors.robots import Robots

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


class Clock:
    """A clock that only sleeping moves on."""

    def __init__(self):
        self.time = 1000.0
        self.slept = []

    def __call__(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture(scope="module")
def server():
    with serving(FaultServer()) as running:
        yield running


@pytest.fixture(autouse=True)
def _clean(server):
    server.log.clear()
    server.pages.clear()
    server.flaky.clear()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(clock):
    def make(**options):
        throttle = Throttle(clock, clock.sleep)
        return Http(NOW, **{"allow_private": True, "min_interval": 0, "throttle": throttle, **options})

    return make


def test_a_page_with_its_type_charset_and_validators(server, client):
    server.pages["/p?q=1"] = html("<p>ü</p>", ETag='"a"', Last_Modified="Tue, 24 Nov 2026 05:00:00 GMT")
    answer = client().get(server.url("/p?q=1"))
    assert (answer.status, answer.body, answer.url) == (200, "<p>ü</p>".encode(), server.url("/p?q=1"))
    assert (answer.content_type, answer.charset) == ("text/html", "utf-8")
    assert answer.validators == {"etag": '"a"', "last_modified": "Tue, 24 Nov 2026 05:00:00 GMT"}
    assert not answer.not_modified


def test_the_server_is_told_who_asks_and_gets_no_cookie_back(server, client):
    server.pages["/p"] = html("x", Set_Cookie="session=1")
    fetch = client(user_agent=user_agent("mailto:talent@northwind.example"))
    fetch.get(server.url("/p"))
    fetch.get(server.url("/p"))
    assert server.log[1].headers["user-agent"].startswith("candidly/")
    assert "(+mailto:talent@northwind.example)" in server.log[1].headers["user-agent"]
    assert "cookie" not in server.log[1].headers
    assert server.log[1].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("validators", [{"etag": '"v1"'}, {"last_modified": "Tue, 24 Nov 2026 05:00:00 GMT"}])
def test_an_unchanged_page_is_304_and_keeps_its_validators(server, client, validators):
    answer = client().get(server.url("/etag"), validators=validators)
    assert answer.not_modified
    assert (answer.body, answer.validators) == (b"", validators)


def test_a_304_that_was_not_asked_for_is_an_error(server, client):
    with pytest.raises(Refused, match="304"):
        client().get(server.url("/status/304"))


@pytest.mark.parametrize("path", ["/drip", "/drip?length=1", "/drip-headers", "/silent"])
def test_the_deadline_holds_however_slowly_the_server_drips(server, client, path):
    before = time.monotonic()
    with pytest.raises(CollectorError, match=r"within 0\.3 s") as caught:
        client(deadline=0.3).get(server.url(path))
    assert not caught.value.permanent
    assert time.monotonic() - before < 1.3
    assert len(server.log) == 1, "an answer that came too late is not asked for again"


def test_the_deadline_covers_the_handshake_of_tls(client):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        with pytest.raises(CollectorError, match=r"within 0\.3 s"):
            client(deadline=0.3).get(url)


def test_the_deadline_covers_the_resolver(client, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: release.wait(20) and [])
    with pytest.raises(CollectorError, match=r"within 0\.2 s"):
        client(deadline=0.2).get("http://slow.example/")
    release.set()


@pytest.mark.parametrize("packing", ["gzip", "deflate", "raw-deflate"])
def test_packed_bodies_are_unpacked(server, client, packing):
    answer = client().get(server.url(f"/gzip-bomb?mb=1&as={packing}"))
    assert answer.body == bytes(1_000_000)


@pytest.mark.parametrize("packing", ["gzip", "deflate", "raw-deflate"])
def test_a_bomb_is_cut_off_at_the_cap(server, client, packing):
    url = server.url(f"/gzip-bomb?mb=50&as={packing}")
    bomb(50, packing)
    tracemalloc.start()
    try:
        with pytest.raises(CollectorError, match="larger than 5 MB"):
            client().get(url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16_000_000


@pytest.mark.slow
@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_200_megabytes_in_a_bomb_cost_no_memory(packing, server, client):
    bomb(200, packing)
    tracemalloc.start()
    try:
        with pytest.raises(CollectorError, match="larger than 5 MB"):
            client().get(server.url(f"/gzip-bomb?mb=200&as={packing}"))
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_an_endless_body_is_cut_off_at_the_cap(server, client):
    with pytest.raises(CollectorError, match="larger than 1 MB"):
        client(max_bytes=1_000_000).get(server.url("/endless"))


def test_a_beginning_is_enough_where_that_was_asked_for(server, client):
    assert len(client().get(server.url("/gzip-bomb?mb=1"), first_bytes=1000).body) == 1000


def test_gzip_of_several_members_and_with_padding(server, client):
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 20
    server.pages["/two"] = Answer(packed, 200, {"Content-Encoding": "gzip"})
    assert client().get(server.url("/two")).body == b"one two"


def test_packing_without_content_is_cut_off_too(server, client):
    server.pages["/hollow"] = Answer(gzip.compress(b"") * 3000, 200, {"Content-Encoding": "gzip"})
    with pytest.raises(CollectorError, match="larger than"):
        client(max_bytes=10_000).get(server.url("/hollow"))


@pytest.mark.parametrize("size", [65_536, 65_600, 65_793, 131_072, 200_000])
def test_what_zlib_holds_back_at_the_end_is_not_lost(server, client, size):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(size)) + packer.flush()
    server.pages["/zeros"] = Answer(packed, 200, {"Content-Encoding": "deflate"})
    assert client().get(server.url("/zeros")).body == bytes(size)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300), st.integers(1, 400), st.sampled_from(["gzip", "deflate", "raw"]), st.randoms()
)
def test_what_was_packed_is_unpacked_in_pieces_of_any_size(data, repeat, packing, chance):
    whole = data * repeat
    packer = zlib.compressobj(wbits={"gzip": 31, "deflate": 15, "raw": -15}[packing])
    packed = packer.compress(whole) + packer.flush()
    unpacker = httpbody._unpacker("gzip" if packing == "gzip" else "deflate", "x")
    got = b""
    while packed:
        size = chance.randint(1, len(packed)) if packing != "raw" else len(packed)
        got += b"".join(unpacker.unpack(packed[:size]))
        packed = packed[size:]
    assert got == whole
    assert unpacker.finish()


@pytest.mark.parametrize("length", ["\u00b2", "9" * 5000], ids=["no digit", "endless"])
def test_a_length_that_is_no_number_ends_no_run(client, length):
    def answer(listening):
        with contextlib.suppress(OSError):
            while True:
                with listening.accept()[0] as line:
                    line.recv(9999)
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
                    line.sendall(head.encode("latin-1") + b"some")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=answer, args=(listening,))
        server.start()
        try:
            with contextlib.suppress(CollectorError):
                assert client().get(f"http://127.0.0.1:{listening.getsockname()[1]}/").body == b"some"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/truncated", "failed"),
        ("/truncated-gzip", "cut short"),
        ("/bad-gzip", "damaged"),
        ("/br", "not asked for"),
        ("/drop", "failed"),
        ("/reset", "failed"),
    ],
)
def test_a_damaged_answer_is_an_error_to_try_again(server, client, path, message):
    with pytest.raises(CollectorError, match=message) as caught:
        client().get(server.url(path))
    assert not caught.value.permanent


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_refusals_are_permanent_and_say_what_to_do(server, client, status):
    with pytest.raises(Refused) as caught:
        client().get(server.url(f"/status/{status}"))
    assert caught.value.permanent
    assert caught.value.status == status
    assert caught.value.remedy
    assert len(server.log) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_server_is_asked_three_times(server, client, clock, status):
    with pytest.raises(Refused, match=str(status)) as caught:
        client().get(server.url(f"/status/{status}"))
    assert not caught.value.permanent
    assert len(server.log) == 3
    assert 0 < sum(clock.slept) < 5


def test_a_server_that_recovers_is_no_error(server, client):
    assert client().get(server.url("/flaky/2")).status == 200


def test_too_many_requests_is_handed_to_the_caller(server, client, clock):
    with pytest.raises(Refused) as caught:
        client().get(server.url("/status/429?retry-after=120"))
    assert (caught.value.retry_after, caught.value.permanent) == (120, False)
    assert (len(server.log), clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("7200", 7200),
        ("86401", 86400),
        ("9" * 400, 86400),
        (format_datetime(datetime(2026, 11, 24, 6, 2, tzinfo=UTC), usegmt=True), 120),
        (format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True), 0),
        ("Tue, 24 Nov 9999 06:00:00 GMT", 86400),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_and_clamped(server, client, header, seconds):
    server.pages["/busy"] = Answer(b"", 429, {"Retry-After": header})
    with pytest.raises(Refused) as caught:
        client().get(server.url("/busy"))
    assert caught.value.retry_after == seconds


def test_a_short_retry_after_is_waited_for_and_a_long_one_is_not(server, client, clock):
    with pytest.raises(Refused):
        client().get(server.url("/status/503?retry-after=2"))
    assert clock.slept == [2, 2]
    server.log.clear()
    with pytest.raises(Refused) as caught:
        client().get(server.url("/status/503?retry-after=900"))
    assert (caught.value.retry_after, len(server.log)) == (900, 1)


def test_redirects_are_followed_to_their_end(server, client):
    answer = client().get(server.url("/hops/5"))
    assert answer.url == server.url("/hops/0")


@pytest.mark.parametrize("path", ["/hops/6", "/loop"])
def test_more_than_five_redirects_are_an_error(server, client, path):
    with pytest.raises(CollectorError, match="more than 5 redirects"):
        client().get(server.url(path))
    assert len(server.log) == 6


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:1", "//[", "data:,x"]
)
def test_a_redirect_out_of_the_web_is_refused(server, client, target):
    with pytest.raises(CollectorError) as caught:
        client().get(server.url(f"/redirect?to={target}"))
    assert caught.value.permanent


def test_a_redirect_to_an_unencrypted_page_is_refused(client):
    with pytest.raises(CollectorError, match="unencrypted"):
        client()._check("http://reviews.example/", "https://reviews.example/", None)


def test_a_redirect_to_a_private_address_is_refused(server, client, monkeypatch):
    """The first hop is let through as if it were public; the second is the metadata service of a cloud."""
    real = httpconnect.is_public
    monkeypatch.setattr(httpconnect, "is_public", lambda a: a == "127.0.0.1" or real(a))
    for target in ("http://169.254.169.254/latest/", "http://10.0.0.1/", "http://[::1]/", "http://0/"):
        with pytest.raises(CollectorError, match="not on the public internet"):
            client(allow_private=False).get(server.url(f"/redirect?to={target}"))


def test_each_hop_is_shown_to_the_checks(server, client):
    hosts, pages = [], []
    fetch = client(check_host=hosts.append)
    fetch.get(server.url("/hops/1"), allowed=pages.append)
    assert hosts == pages == [server.url("/hops/1"), server.url("/hops/0")]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://127.0.0.1/",
            "http://localhost/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
        ),
        *("http://127.1/", "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://10.1.2.3/"),
        *("http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://192.0.0.8/", "http://224.0.0.1/"),
        *("http://169.254.169.254/", "http://100.64.0.1/", "http://[fe80::1]/", "http://[fd00::1]/"),
    ],
)
def test_addresses_that_are_not_public_are_never_connected_to(client, url, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(CollectorError):
        client(allow_private=False).get(url)


@pytest.mark.parametrize("address", ["169.254.169.254", "224.0.0.1", "0.0.0.0", "fe80::1", "64:ff9b::7f00:1"])
def test_allow_private_does_not_allow_everything(address):
    assert not httpconnect.reachable(address, allow_private=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd00::1", "8.8.8.8"])
def test_allow_private_allows_this_machine_and_the_own_network(address):
    assert httpconnect.reachable(address, allow_private=True)


def test_one_bad_address_of_a_name_is_enough_to_refuse_it(client, monkeypatch):
    where = [(socket.AF_INET, 1, 6, "", ("93.184.216.34", 80)), (socket.AF_INET, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: where)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    with pytest.raises(CollectorError, match="not on the public internet"):
        client(allow_private=False).get("http://two.example/")


def test_the_socket_goes_to_the_address_that_was_checked(server, client, monkeypatch):
    """DNS rebinding: a name that is public when checked and private a moment later."""
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    asked, connected = [], []

    def resolver(host, port, *_):
        asked.append(host)
        return [(socket.AF_INET, 1, 6, "", (ip, port)) for ip in answers[min(len(asked), 3) - 1]]

    def connecting(_self, address):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", connecting)
    with pytest.raises(CollectorError):
        client(allow_private=False, retries=0).get(f"http://rebind.example:{server.server_port}/text")
    assert asked == ["rebind.example"], "the name is resolved once for a connection"
    assert connected == [("93.184.216.34", server.server_port)]


def test_tls_still_asks_for_the_name_and_checks_its_certificate(client, monkeypatch):
    names = []
    wrap = ssl.SSLContext.wrap_socket

    def wrapping(self, sock, *args, **kwargs):
        names.append((kwargs.get("server_hostname"), self.verify_mode, self.check_hostname))
        return wrap(self, sock, *args, **kwargs)

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrapping)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(CollectorError):
        client(deadline=0.2).get(f"https://localhost:{mute.getsockname()[1]}/")
    assert names == [("localhost", ssl.CERT_REQUIRED, True)]


def test_no_connection_is_used_twice(server, client, monkeypatch):
    """One that is kept would escape the deadline, and the server may be hanging up on it already."""
    made = []
    real = httpconnect.connect
    monkeypatch.setattr(httpconnect, "connect", lambda *a, **k: made.append(a) or real(*a, **k))
    fetch = client(retries=0)
    for _ in range(20):
        fetch.get(server.url("/text"))
    assert len(made) == 20


def test_proxies_of_the_environment_are_ignored(server, client, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert client().get(server.url("/text")).status == 200


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "ftp://x.example/",
            "http://",
            "http://u:p@x.example/",
            "http://x.example:0/",
        ),
        *(
            "http://x.example:99999/",
            "",
            "x",
            "http://[::1",
            "http://a b/",
            "http://*.example/",
            "http://\ud800/",
        ),
    ],
)
def test_what_is_no_web_address_is_refused(client, url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("resolved"))
    with pytest.raises(CollectorError) as caught:
        client().get(url)
    assert caught.value.permanent


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_as_address_is_a_collector_error(text):
    class NoNetwork(Http):
        def _once(self, url, *_):
            self._session.prepare_request(requests.Request("GET", url))
            raise CollectorError("stop")

    with pytest.raises((CollectorError, ValueError)):  # ValueError: what `_once` maps, see `_FAULTS`
        NoNetwork(NOW, throttle=Throttle(Clock(), lambda _: None)).get("http://" + text)


def _subclasses(kind):
    return {kind, *(deeper for sub in kind.__subclasses__() for deeper in _subclasses(sub))}


FAULTS = sorted(
    {
        *_subclasses(requests.RequestException),
        *_subclasses(urllib3.exceptions.HTTPError),
        *_subclasses(http.client.HTTPException),
        *(OSError, TimeoutError, ConnectionResetError, socket.gaierror, ssl.SSLError, ssl.CertificateError),
        *(UnicodeError, ValueError),
    },
    key=lambda kind: (kind.__module__, kind.__name__),
)


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_of_the_libraries_is_a_collector_error(client, kind, monkeypatch):
    def fail(*_args, **_kwargs):
        raise kind.__new__(kind)

    fetch = client()
    monkeypatch.setattr(fetch._session, "send", fail)
    with pytest.raises(CollectorError) as caught:
        fetch.get("http://reviews.example/p?token=geheim")
    assert "geheim" not in str(caught.value)


def test_a_bad_certificate_is_permanent_and_says_so(client, monkeypatch):
    fetch = client()

    def fail(*_args, **_kwargs):
        raise requests.exceptions.SSLError("certificate verify failed: self-signed certificate")

    monkeypatch.setattr(fetch._session, "send", fail)
    with pytest.raises(CollectorError, match="cannot be trusted") as caught:
        fetch.get("https://reviews.example/")
    assert caught.value.permanent


@pytest.mark.parametrize(
    "path",
    [
        *("/status/404?key=geheim", "/status/503?key=geheim", "/drop?key=geheim", "/truncated?key=geheim"),
        *("/bad-gzip?key=geheim", "/silent?key=geheim", "/br?key=geheim", "/loop?key=geheim"),
    ],
)
def test_messages_hold_no_query(server, client, path):
    with pytest.raises(CollectorError) as caught:
        client(deadline=0.3).get(server.url(path))
    assert "geheim" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_shown_leaves_out_what_may_be_secret():
    assert shown("https://u:p@x.example:8443/a?b=c#d") == "https://x.example:8443/a"


def test_requests_to_a_host_keep_their_distance(server, clock, client):
    at = []
    server.pages["/p"] = lambda _headers: at.append(clock()) or html("x")
    fetch = client(min_interval=1.0)
    for _ in range(3):
        fetch.get(server.url("/p"))
        clock.time += 0.3
    assert [round(b - a, 6) for a, b in itertools.pairwise(at)] == [1.0, 1.0]


def test_retries_and_redirects_keep_the_distance_too(server, clock, client):
    fetch = client(min_interval=10.0)
    with pytest.raises(CollectorError):
        fetch.get(server.url("/status/503"))
    fetch.get(server.url("/hops/1"))
    assert clock.time - 1000.0 == pytest.approx(40.0)


def test_two_clients_that_share_a_throttle_share_the_distance(server, clock):
    throttle = Throttle(clock, clock.sleep)
    for _ in range(2):
        Http(NOW, allow_private=True, min_interval=5.0, throttle=throttle).get(server.url("/text"))
    assert clock.slept == [5.0]


@pytest.mark.parametrize("first", [2.0, 5.0])
def test_the_longer_of_two_distances_holds(server, clock, first):
    throttle = Throttle(clock, clock.sleep)
    for interval in (first, 7.0 - first):
        Http(NOW, allow_private=True, min_interval=interval, throttle=throttle).get(server.url("/text"))
    assert clock.slept == [5.0]


def test_sources_of_one_process_ask_a_host_at_the_distance_that_was_set(server):
    """Two collectors with settings of their own, by the server's own clock."""
    server.pages["/feed"] = Answer(
        b'<rss version="2.0"><channel><title>News</title></channel></rss>',
        headers={"Content-Type": "application/rss+xml", "ETag": '"v1"'},
    )
    context = Context(NOW, Path(), str)
    urls = tuple(server.url(f"/feed?{n}") for n in range(3))
    server.pages |= {f"/feed?{n}": server.pages["/feed"] for n in range(3)}
    for name, interval in (("one", 0.06), ("two", 0.03)):
        settings = FeedSettings(
            name=name, type="feed", urls=urls, min_interval=interval, allow_private=True,
            terms_read=date(2026, 11, 1),
        )  # fmt: skip
        list(FeedCollector(settings, context).fetch(None))
    times = [seen.at for seen in server.log]
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert len(gaps) == 5
    assert min(gaps[:3]) >= 0.06
    assert min(gaps[3:]) >= 0.03


def test_back_off_is_jittered(server, client, clock):
    random.seed(1)
    for _ in range(3):
        with pytest.raises(CollectorError):
            client().get(server.url("/status/500"))
    assert len(set(clock.slept)) == 6


# robots.txt


def robots(server, client, text, status=200, **options):
    server.pages["/robots.txt"] = Answer(text.encode(), status, {"Content-Type": "text/plain"})
    return Robots(client(**options))


def test_the_longest_match_and_wildcards_decide(server, client):
    rules = robots(
        server, client, "\ufeffUser-agent: *\nDisallow: /company/*/pay\nAllow: /company/\nDisallow: /*?sort="
    )
    rules.check(server.url("/company/acme"))
    for path in ("/company/acme/pay", "/company/acme?sort=new"):
        with pytest.raises(CollectorError, match="disallows") as caught:
            rules.check(server.url(path))
        assert caught.value.permanent
    assert server.asked("/robots.txt") == 1


def test_a_group_of_our_own_goes_before_the_one_for_all(server, client):
    rules = robots(server, client, "User-agent: candidly\nAllow: /\n\nUser-agent: *\nDisallow: /")
    rules.check(server.url("/reviews"))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_no_robots_means_allowed(server, client, status):
    robots(server, client, "", status).check(server.url("/reviews"))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_unreachable_robots_mean_disallowed_for_now(server, client, status):
    rules = robots(server, client, "", status)
    for _ in range(2):
        with pytest.raises(CollectorError, match="counts as a no") as caught:
            rules.check(server.url("/reviews"))
        assert not caught.value.permanent
    assert server.asked("/robots.txt") <= 3, "asked once, with its retries"


def test_a_dead_host_means_disallowed_for_now(client):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CollectorError, match="counts as a no"):
        Robots(client()).check(f"http://127.0.0.1:{port}/reviews")


def test_garbage_and_a_huge_file_are_read_as_far_as_they_go(server, client):
    rules = robots(
        server, client, "User-agent: *\nDisallow: /no\n" + "# filler\n" * 200_000 + "Disallow: /reviews\n"
    )
    rules.check(server.url("/reviews"))
    with pytest.raises(CollectorError):
        rules.check(server.url("/no"))
    robots(server, client, "\x00\xff<html>not robots").check(server.url("/reviews"))


def test_the_crawl_delay_is_kept_up_to_a_minute(server, client, clock):
    for asked, kept in (("3", 3.0), ("3600", 60.0)):
        rules = robots(server, client, f"User-agent: *\nCrawl-delay: {asked}\n")
        rules.check(server.url("/text"))
        before = clock.time
        rules._http.get(server.url("/text"))
        rules._http.get(server.url("/text"))
        assert clock.time - before == pytest.approx(2 * kept if asked == "3" else kept, abs=kept)
        assert clock.slept[-1] == pytest.approx(kept)
