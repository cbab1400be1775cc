"""A file of alerts holds no word of a mention that is gone, and is otherwise as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from alert_world import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from incident_world import SAID, world

from alerting.channels import FileChannel
from alerting.grouping import compose
from alerting.messages import deliveries
from alerting.unquote import unquote
from candidly import delivering, keeping, pipeline, purging
from candidly.records import Incident
from storage import keeping as stored
from storage import queries


def written(words, link, n, channel="log"):
    """A message that quotes, as the outbox has it."""
    quote = {"text": words, "url": f"https://forum.example/{n}" if link else "", "site": "forum"}
    detail = {"summary": f"{n} mentions", "facts": [["Most", "offer"]], "quotes": [quote]}
    incident = Incident(id=f"spike-{n}", rule="spike", company="Acme", opened=NOW, title="t", detail=detail)
    return deliveries(incident, [channel], NOW)[0]


def quoting(*ids):
    """The outbox in which these messages quote as they did."""
    links = {f"https://forum.example/{n}" for n in range(10)}
    return lambda asked: {id_: links for id_ in asked if id_ in ids}


def no_words(line):
    assert (line["quotes"], line["links"]) == ([], [])
    assert "\u201c" not in line["text"]


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
foreign = st.sampled_from(
    [b"not json", b"", b'{"id": "other-1", "quotes": [["theirs", ""]]}', b"\xff\xfe", b"[1]"]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(words, st.booleans(), st.booleans()), max_size=6),
    st.lists(foreign, max_size=6),
)
def test_only_the_lines_whose_message_has_no_words_change_and_none_moves(tmp_path_factory, told, others):
    path = tmp_path_factory.mktemp("alerts") / "alerts.jsonl"
    channel, kept = FileChannel(path), set()
    path.write_bytes(b"")
    for n, (said, link, keep) in enumerate(told):
        message = written(said, link, n)
        channel.send(message)
        kept |= {message.id} if keep else set()
        with path.open("ab") as file:
            file.write((others[n] if n < len(others) else b"") + b"\n")
    before = path.read_bytes()
    still = quoting(*kept)
    unquote(path, still, NOW.date())
    after = path.read_bytes()
    assert len(after) == len(before)
    for n, (old, new) in enumerate(zip(before.split(b"\n"), after.split(b"\n"), strict=True)):
        if n % 2 or n // 2 >= len(told) or told[n // 2][2]:
            assert new == old
        else:
            line, was = json.loads(new), json.loads(old)
            no_words(line)
            assert {k: line[k] for k in ("id", "title", "incident", "facts")} == {
                k: was[k] for k in ("id", "title", "incident", "facts")
            }
    assert unquote(path, still, NOW.date()) == 0, "once"


def test_a_group_and_a_line_cut_by_a_crash_lose_their_words_too(tmp_path):
    path = tmp_path / "alerts.jsonl"
    whole = compose("log", [written("canary one", True, 1), written("canary two", True, 2)], NOW)
    channel = FileChannel(path)
    channel.send(whole)
    line = path.read_bytes()
    path.write_bytes(line[: line.rindex(b"canary two") + 10])  # cut within the words
    channel.send(whole)
    assert unquote(path, quoting(), NOW.date()) == 2
    assert b"canary" not in path.read_bytes()
    cut, again = (json.loads(line) for line in path.read_text().splitlines())
    assert (cut, again["id"], again["unquoted"]) == ({}, whole.id, NOW.date().isoformat())
    assert [part["quotes"] for part in again["parts"]] == [[], []]


def test_a_line_loses_only_the_links_that_its_message_has_lost(tmp_path):
    path = tmp_path / "alerts.jsonl"
    whole = compose("log", [written("", True, 1), written("", True, 2), written("canary", True, 3)], NOW)
    FileChannel(path).send(whole)
    size, left = path.stat().st_size, {"https://forum.example/1", "https://forum.example/3"}
    assert unquote(path, lambda _: {whole.id: left}, NOW.date()) == 1
    (line,) = lines(path)
    assert {link for part in line["parts"] for link in part["links"]} == left
    assert "canary" in line["text"]
    assert path.stat().st_size == size
    assert unquote(path, lambda _: {whole.id: left}, NOW.date()) == 0, "once"


def long(n):
    """A group whose line takes several pages of a disk."""
    members = [written(f"canary {k} {'and so on ' * 20}", True, k) for k in range(n)]
    return as_stored(compose("log", members, NOW))


def as_stored(message):
    """With its names in the order in which the database gives them back."""
    return replace(message, message=json.loads(json.dumps(message.message, sort_keys=True)))


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9, 1])
def test_a_last_line_that_was_cut_loses_its_words_once_its_message_has_none(tmp_path, cut):
    path, whole = tmp_path / "alerts.jsonl", long(5)
    FileChannel(path).send(whole)
    line = path.read_bytes()[:-1]
    path.write_bytes(line[: int(len(line) * cut)])
    before = path.read_bytes()
    assert b"canary" in before
    assert (
        unquote(path, lambda _: {whole.id: {f"https://forum.example/{n}" for n in range(9)}}, NOW.date()) == 0
    )
    assert path.read_bytes() == before, "it may be on its way"
    assert unquote(path, quoting(), NOW.date()) == 1
    after = path.read_bytes()
    assert (len(after), b"canary" in after, json.loads(after)["id"]) == (len(before), False, whole.id)
    FileChannel(path).send(written("", False, 7))
    assert [line["id"] for line in lines(path)] == [whole.id, written("", False, 7).id]
    assert unquote(path, quoting(written("", False, 7).id), NOW.date()) == 0


def test_what_was_still_to_come_of_a_blanked_line_goes_the_next_time(tmp_path):
    path, whole = tmp_path / "alerts.jsonl", long(5)
    FileChannel(path).send(whole)
    line = path.read_bytes()
    half = len(line) // 2
    path.write_bytes(line[:half])
    unquote(path, quoting(), NOW.date())
    path.write_bytes(path.read_bytes() + line[half:])
    assert unquote(path, quoting(), NOW.date()) == 1
    assert (lines(path), len(path.read_bytes())) == ([{}], len(line))


@given(st.floats(0, 1), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_line_half_written_over_loses_the_rest_of_its_words(tmp_path_factory, cut, group):
    path = tmp_path_factory.mktemp("alerts") / "alerts.jsonl"
    FileChannel(path).send(long(12) if group else as_stored(written("canary", True, 1)))
    old = path.read_bytes()
    unquote(path, quoting(), NOW.date())
    new, at = path.read_bytes(), int(len(old) * cut)
    path.write_bytes(new[:at] + old[at:])
    unquote(path, quoting(), NOW.date())
    assert b"canary" not in path.read_bytes()
    lines(path)


def rotated(path):
    path.rename(path.with_suffix(".1"))
    path.write_bytes(b"")


def emptied(path):
    path.with_suffix(".1").write_bytes(path.read_bytes())
    path.write_bytes(b"")


@pytest.mark.parametrize(("rotate", "cleared"), [(rotated, True), (emptied, False)])
@pytest.mark.parametrize("fresh", [0, 3])
def test_a_file_that_is_rotated_meanwhile_keeps_its_new_lines(tmp_path, rotate, cleared, fresh):
    path = tmp_path / "alerts.jsonl"
    channel = FileChannel(path)
    for n in (1, 2):
        channel.send(written("canary", True, n))

    def kept(_ids):
        rotate(path)
        for n in range(3, 3 + fresh):
            channel.send(written("a new message " * 9, True, n))
        return {}

    assert unquote(path, kept, NOW.date()) == (2 if cleared else 0)
    assert [line["id"] for line in lines(path)] == [written("", True, n).id for n in range(3, 3 + fresh)]
    assert (b"canary" in path.with_suffix(".1").read_bytes()) != cleared


def test_a_file_that_may_not_be_written_is_trouble_only_where_something_is_to_go(tmp_path, monkeypatch):
    path = tmp_path / "alerts.jsonl"
    FileChannel(path).send(written("canary", True, 1))
    opened = type(path).open

    def refuse(self, mode="r", *args, **more):
        if "+" in mode:
            raise PermissionError(13, "Permission denied")
        return opened(self, mode, *args, **more)

    monkeypatch.setattr(type(path), "open", refuse)
    assert unquote(path, quoting(written("", True, 1).id), NOW.date()) == 0
    with pytest.raises(PermissionError):
        unquote(path, quoting(), NOW.date())


@pytest.fixture
def alerted(tmp_path):
    """A world in which a week of ghosting was told, into alerts.jsonl."""
    with world(tmp_path) as made:
        made.ghosting(20)
        pipeline.watch(made.session, ())
        delivering.deliver(made.session)
        yield made, tmp_path / "alerts.jsonl"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def quoted(path):
    return any(said in path.read_text(encoding="utf-8") for said in SAID)


def test_purge_and_erase_clear_the_file_and_say_so(alerted):
    made, path = alerted
    assert quoted(path)
    before = [line["id"] for line in lines(path)]
    assert purging.purge(made.session, "reviews", forget=False)["alert_files_unquoted"]
    ids = stored.ids(made.session.store, "forum", 10_000)
    certificate, _ = purging.erase(made.session, "forum", ids)
    assert certificate["alert_files_unquoted"] is True
    assert not quoted(path)
    assert "forum.example/" not in path.read_text(encoding="utf-8")
    assert [line["id"] for line in lines(path)] == before


def test_keep_leaves_what_is_still_stored_and_follows_what_the_outbox_drops(alerted):
    made, path = alerted
    before = path.read_bytes()
    keeping.keep(made.session, ())
    assert path.read_bytes() == before
    for one in queries.incidents(made.session.store):
        made.session.store.resolve_incident(one.id, made.session.now())
    made.today += keeping.MESSAGES + timedelta(days=1)
    assert keeping.keep(made.session, ()).messages
    assert not quoted(path)


def test_a_file_that_cannot_be_written_is_said_and_tried_again(alerted, monkeypatch, caplog):
    made, path = alerted
    ids = stored.ids(made.session.store, "forum", 10_000)
    with monkeypatch.context() as patched:
        patched.setattr(
            "alerting.unquote.unquote", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only"))
        )
        certificate, _ = purging.erase(made.session, "forum", ids)
    assert certificate["alert_files_unquoted"] is False
    assert "the file of channel log may hold quotes that are to go: Read-only" in caplog.text
    keeping.keep(made.session, ())
    assert not quoted(path)


@pytest.mark.parametrize("sent", [False, True])
def test_the_link_to_an_allegation_stays_until_its_own_mention_goes(tmp_path, sent):
    with world(tmp_path) as made:
        said = "My manager groped me at the office party, this is sexual harassment."
        made.collect("forum", made.mention(text=said, theme=None), made.mention(text="The coffee is nice."))
        alleging, other = f"m{made.made - 1}", f"m{made.made}"
        pipeline.watch(made.session, ())
        if sent:
            delivering.deliver(made.session)
        purging.erase(made.session, "forum", [other])
        delivering.deliver(made.session)
        link, path = f"https://forum.example/{made.made - 1}", tmp_path / "alerts.jsonl"
        assert [line["links"] for line in lines(path)] == [[link]]
        assert [one.detail["quotes"][0]["url"] for one in queries.incidents(made.session.store)] == [link]
        purging.erase(made.session, "forum", [alleging])
        assert link not in path.read_text(encoding="utf-8")
        assert [one.detail["quotes"] for one in queries.incidents(made.session.store)] == [[]]
