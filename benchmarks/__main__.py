"""`make bench`: speed, how right the readings are, whether claims of change are honest, each in default size.

The other benchmarks need data, another program or an hour; their first lines say how to run them.
"""

from __future__ import annotations

from benchmarks import chain, changes, engine, ground, vader


def main() -> None:
    """Run them one after the other; what is about changes last, for it takes longest."""
    vader.main()
    engine.main()
    ground.main()
    chain.main()
    changes.main([])


if __name__ == "__main__":
    main()
