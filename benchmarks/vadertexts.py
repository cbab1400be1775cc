"""Texts to measure VADER with: its own ground truth where it lies beside the checkout, else demo texts."""

from __future__ import annotations

import gzip
import html
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from benchmarks.corpus import SHARED


def short() -> list[str]:
    """Distinct texts of some 17 words, shuffled."""
    found = list(dict.fromkeys(_real() if (SHARED / "bench-vader").exists() else _synthetic()))
    random.Random(3).shuffle(found)
    return found


def long(texts: Sequence[str], seed: int) -> list[str]:
    """Reviews of 80 to 200 words made of the given texts, each used once."""
    rng, words, made = random.Random(seed), [], []
    wanted = rng.randint(80, 200)
    for text in texts:
        words += text.split()
        if len(words) >= wanted:
            made.append(" ".join(words[:wanted]))
            words, wanted = [], rng.randint(80, 200)
    return made


def of_words(texts: Sequence[str], n: int) -> str:
    """One text of exactly n words."""
    words = " ".join(texts).split()
    return " ".join((words * (n // len(words) + 1))[:n])


def kinds(texts: Sequence[str], n: int) -> dict[str, list[str]]:
    """Unusual classes of input, n texts each: nowhere may upstream be faster."""
    rng = random.Random(5)
    words = " ".join(texts[:2000]).split()

    def mixed(pool: Sequence[str], share: float, length: int) -> list[str]:
        def word() -> str:
            return rng.choice(pool if rng.random() < share else words)

        return [" ".join(word() for _ in range(length)) for _ in range(n)]

    ordinary = mixed(words, 1, 20)
    return {
        "empty": [""] * n,
        "one word": mixed(words, 1, 1),
        "capitals": [text.upper() for text in ordinary],
        "punctuation": mixed(["!!!", "???", "...", ":)", ":(", ";-)", "(", '"', "--------------"], 0.8, 20),
        "emoji": mixed(["\U0001f601", "\U0001f44d", "\u2764\ufe0f", "\U0001f621"], 0.7, 20),
        "accents": mixed(["é", "très", "mañana", "don’t", "—", "naïve\u00a0chef"], 0.6, 20),
        "Chinese": mixed(["你好", "工作很累", "面试"], 1, 20),
        "negations": mixed(["not", "never", "don't", "without", "no"], 0.5, 20),
        "but": mixed(["but", "good", "bad", "nice"], 0.8, 20),
        "idioms": mixed(["the shit", "kind of", "yeah right", "kiss of death", "to die for"], 0.5, 20),
        "unseen words": [" ".join(f"{word}{rng.random()}" for word in text.split()) for text in ordinary],
        "long tokens": ["x" * rng.randint(500, 1500) for _ in range(n)],
    }


def distinct(n: int) -> Iterator[str]:
    """n different texts of six words, two of which occur nowhere else."""
    for i in range(n):
        yield f"not a good team{i} but honest{i}!"


def _real() -> Iterator[str]:
    for path in sorted((SHARED / "bench-vader").glob("*GroundTruth.txt*")):
        lines = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in lines.decode("utf-8", "replace").splitlines():
            fields = line.split("\t")
            if len(fields) == 3 and fields[2].strip():
                yield html.unescape(fields[2])


def _synthetic() -> Iterator[str]:
    from candidly.demo.invent import build_world

    for seed in range(4):
        for _, text in build_world(datetime(2026, 2, 16, 7, tzinfo=UTC), seed=seed).texts():
            yield text
