"""The combining step: a small network that reads sums off a text and says what the text is.

One hidden layer beside a direct, linear path. Sums of weights alone cannot say that blame at the end of a
text weighs more than at its beginning, or tells less in a text full of questions; the hidden layer can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

LIMIT: Final = 5.0  # standard deviations beyond which an input counts for no more
MOST_PRODUCTS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Network:
    """outputs = z `direct` + max(z `inward` + `inward_bias`, 0) `outward` + `bias`, where z are the inputs
    less `mean` over `scale`, within LIMIT. Shapes: (inputs, outputs), (inputs, hidden), (hidden,),
    (hidden, outputs), (outputs,), (inputs,), (inputs,)."""

    direct: Singles
    inward: Singles
    inward_bias: Singles
    outward: Singles
    bias: Singles
    mean: Singles
    scale: Singles

    def apply(self, rows: Floats) -> Floats:
        """Outputs of `rows` of shape (n, inputs): log-odds; of an either-or the highest is right."""
        z = standardise(rows, self.mean, self.scale)
        width = self.direct.shape[1]
        both = product(z, np.concatenate((self.direct, self.inward), axis=1))
        hidden = np.maximum(both[:, width:] + self.inward_bias, 0)
        return (both[:, :width] + product(hidden, self.outward) + self.bias).astype(float)

    def fits(self, inputs: int, outputs: int) -> bool:
        """Whether the arrays belong together and to so many inputs and outputs."""
        hidden = len(self.inward_bias)
        found = tuple(getattr(self, name).shape for name in self.__slots__)
        layers = (inputs, outputs), (inputs, hidden), (hidden,), (hidden, outputs), (outputs,)
        return found == (*layers, (inputs,), (inputs,))


def standardise(rows: Floats, mean: Singles, scale: Singles) -> Singles:
    """Inputs as the network sees them."""
    z = rows.astype(np.float32)
    z -= mean
    z /= scale
    return np.clip(z, -LIMIT, LIMIT, out=z)


def product(rows: Singles, matrix: Singles) -> Singles:
    """rows @ matrix in parts too small for threads, which would cost more time than they save."""
    size = max(1, MOST_PRODUCTS // max(1, matrix.size))
    parts = [rows[at : at + size] @ matrix for at in range(0, len(rows), size)]
    return np.concatenate(parts) if parts else rows @ matrix
