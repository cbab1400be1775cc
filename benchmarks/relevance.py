"""How right the decision is whether a text is about an employer (`analysis.companies`).

`python -m benchmarks.relevance` reads `relevance.jsonl`, 165 short texts written for it with the company each
is about as an employer (or none): one half to tune by, the other held out. It prints precision (of the texts
taken, how many are of that company) and recall (of a company's texts, how many were taken), with 95 %
intervals (Wilson 1927), for names alone and with each further means. `--data FOLDER` counts decisions on
recorded Reddit posts, too; `--sample N` writes N of them, with their texts, to a file for reading by hand.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path
from typing import Any, Final

from analysis.companies import CompanyFinder, Decision
from candidly.config import Company
from candidly.records import Mention, Reject
from collectors.base import Context
from collectors.file import FileCollector, FileSettings

NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
TEXTS: Final = Path(__file__).with_name("relevance.jsonl")
NAMED: Final = (
    {"name": "Apple", "exclude": ("apple pie",)},
    {"name": "Target"},
    {"name": "Beacon Coffee", "aliases": ("Beacon",)},
    {"name": "Orbit"},
    {"name": "Northwind Robotics", "aliases": ("Northwind",)},
    {"name": "Halden & Price", "aliases": ("Halden", "H&P")},
)
AMBIGUOUS: Final = ("Apple", "Target", "Beacon", "Orbit")
WAYS: Final = ("names alone", "exact", "ambiguous", "ambiguous and only work")
ON_REDDIT: Final = (
    *("Apple", "Target", "Amazon", "Google", "Meta", "Oracle", "Walmart", "Starbucks", "Microsoft", "Uber"),
    *("Indeed", "Best Buy", "Chase", "Discover", "Gap", "Shell"),
)
ON_REDDIT_AMBIGUOUS: Final = frozenset(
    ("Apple", "Target", "Meta", "Indeed", "Chase", "Discover", "Gap", "Shell")
)


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled text."""

    half: str
    kind: str
    company: str | None
    mention: Mention


@dataclass(frozen=True, slots=True)
class Scores:
    """Of `taken` texts `right` are of the company that took them; `wanted` texts are of some company."""

    taken: int
    right: int
    wanted: int

    @property
    def precision(self) -> float:
        return self.right / self.taken if self.taken else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0


def cases(path: Path = TEXTS) -> list[Case]:
    """The labelled texts."""
    found = []
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        said: dict[str, Any] = json.loads(line)
        half, kind, company = said.pop("half"), said.pop("case"), said.pop("company")
        mention = Mention(source="bench", id=str(n), collected=NOW, **{"kind": "post", **said})
        found.append(Case(half, kind, company, mention))
    return found


def finder(way: str) -> CompanyFinder:
    """The companies of the benchmark, configured in one of `WAYS`."""
    companies = []
    for one in NAMED:
        names = [one["name"], *one.get("aliases", ())]
        telling: dict[str, Any] = {}
        doubtful = tuple(name for name in names if name in AMBIGUOUS)
        if way == "exact":
            telling = {"exact": doubtful}
        elif way != "names alone":
            telling = {"ambiguous": doubtful}
        companies.append(Company(**one, **telling, only="work" if "only work" in way else "all"))
    return CompanyFinder(companies)


def scores(chosen: Iterable[tuple[Case, Decision]]) -> Scores:
    """How right these decisions are."""
    listed = list(chosen)
    taken = [case for case, decision in listed if decision.company is not None]
    right = [
        case for case, decision in listed if case.company is not None and decision.company == case.company
    ]
    return Scores(len(taken), len(right), sum(case.company is not None for case, _ in listed))


def interval(k: int, n: int) -> tuple[float, float]:
    """95 % for a share of k of n (Wilson, Probable inference, 1927)."""
    if not n:
        return 0.0, 1.0
    z, p = 1.96, k / n
    middle, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)


def share(k: int, n: int) -> str:
    low, high = interval(k, n)
    return f"{k}/{n} = {k / n if n else 1:.2f} ({low:.2f} to {high:.2f})"


def table(texts: Sequence[Case]) -> None:
    """Precision and recall of each way, on each half."""
    print("| texts | decided by | precision | recall |\n| --- | --- | --- | --- |")
    for half in ("tune", "held out"):
        mine = [case for case in texts if case.half == half]
        for way in WAYS:
            judge = finder(way)
            found = scores((case, judge.decide(case.mention)) for case in mine)
            print(
                f"| {half} ({len(mine)}) | {way} | {share(found.right, found.taken)} "
                f"| {share(found.right, found.wanted)} |"
            )


def wrong(texts: Sequence[Case], way: str = WAYS[-1]) -> Iterator[str]:
    """Each text that is decided wrongly, with the reason of the decision."""
    judge = finder(way)
    for case in texts:
        decision = judge.decide(case.mention)
        if decision.company != case.company:
            said = " / ".join(filter(None, (case.mention.about, case.mention.text)))
            why = f"{decision.company} for {case.company} ({decision.reason})"
            yield f"{case.half}, {case.kind}: {why}: {said}"


def posts(folder: Path) -> Iterator[Mention]:
    """The recorded Reddit posts below a folder."""
    for path in sorted(folder.glob("reddit-*/*.csv*")):
        settings = FileSettings(name="bench", type="file", path=path.name)
        collector = FileCollector(settings, Context(NOW, path.parent, str))
        for raw in collector.fetch(None):
            yield from (one for one in collector.parse(raw) if not isinstance(one, Reject))


def on_reddit(folder: Path, sample: int, out: Path | None) -> None:
    """Counts of decisions on posts of real forums, and a sample of those that a name alone would take."""
    names = CompanyFinder([Company(name=name) for name in ON_REDDIT])
    judge = CompanyFinder([
        Company(name=name, ambiguous=(name,) if name in ON_REDDIT_AMBIGUOUS else (), only="work")
        for name in ON_REDDIT
    ])  # fmt: skip
    counts: Counter[tuple[str, str]] = Counter()
    read, every = 0, []
    for mention in posts(folder):
        read += 1
        if (plain := names.decide(mention)).company is None:
            continue
        decision = judge.decide(mention)
        why = (
            "taken" if decision.company else "no work" if "nothing about" in decision.reason else "no context"
        )
        counts[str(decision.company or plain.company), why] += 1
        every.append((mention, plain, decision))
    print(f"\n{read} posts, {len(every)} with a name.\n\n| company | taken | no context | no work |")
    print("| --- | --- | --- | --- |")
    for name in ON_REDDIT:
        print(
            f"| {name} | {counts[name, 'taken']} | {counts[name, 'no context']} | {counts[name, 'no work']} |"
        )
    if out is not None:
        chosen = random.Random(8).sample(every, min(sample, len(every)))
        lines = (
            {"named": p.company, "company": d.company, "reason": d.reason, "text": m.text}
            for m, p, d in chosen
        )
        out.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="Show each text that is decided wrongly.")
    parser.add_argument("--data", type=Path, help="A folder with recordings whose names begin with reddit-.")
    parser.add_argument("--sample", type=int, default=60, help="How many decisions to write to --out.")
    parser.add_argument("--out", type=Path, help="Where to write them, for reading by hand.")
    chosen = parser.parse_args()
    texts = cases()
    table(texts)
    for line in wrong(texts) if chosen.wrong else ():
        print(line)
    if chosen.data is not None:
        on_reddit(chosen.data, chosen.sample, chosen.out)


if __name__ == "__main__":
    main()
