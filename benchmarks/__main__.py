"""`make bench`: every benchmark with its default size."""

from __future__ import annotations

from benchmarks import chain, engine, ground, vader

if __name__ == "__main__":
    vader.main()
    engine.main()
    ground.main()
    chain.main()
