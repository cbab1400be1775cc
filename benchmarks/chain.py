"""The whole chain against upstream vaderSentiment scoring the same texts alone.

    python -m benchmarks.chain [N ...]        (default: 100000)

One process each, CPU time (user and system) of the whole process, start-up included: file -> parse -> score
-> tag -> store, then the weekly figures; the reference reads the same file and calls `polarity_scores` on
each text. Printed: the ratio, and peak memory.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks import corpus
from benchmarks.measure import measure

CONFIG = """\
companies: [{name: Northwind Robotics}]
sources:
  - name: bench
    type: file
    path: mentions.jsonl
    company: Northwind Robotics
    columns: {id: id, published: published, title: title, pros: pros, cons: cons, body: body}
"""


def upstream(path: Path) -> None:
    """The reference: vaderSentiment on every text."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            text = "\n".join(part for key in ("title", "pros", "cons", "body") if (part := row[key]))
            analyzer.polarity_scores(text)


def chain(n: int) -> None:
    """Measure `n` mentions and print a line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus.write(folder / "mentions.jsonl", n)
        (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
        candidly = [sys.executable, "-m", "candidly", "-q", "-c", str(folder / "config.yaml")]
        reference = measure(
            [sys.executable, "-m", "benchmarks.chain", "upstream", str(folder / "mentions.jsonl")]
        )
        collect = measure([*candidly, "collect"])
        report = measure([*candidly, "report", "--week", "2025-W40"])
    total = collect.cpu + report.cpu
    print(
        f"{n:,} mentions: chain {total:.1f} CPU s (collect {collect.cpu:.1f}, report {report.cpu:.1f}), "
        f"vaderSentiment alone {reference.cpu:.1f} CPU s, ratio {total / reference.cpu:.2f}; "
        f"peak memory {max(collect.peak, report.peak):.0f} MB"
    )


def main() -> None:
    if sys.argv[1:2] == ["upstream"]:
        upstream(Path(sys.argv[2]))
        return
    for n in map(int, sys.argv[1:] or ["100000"]):
        chain(n)


if __name__ == "__main__":
    main()
