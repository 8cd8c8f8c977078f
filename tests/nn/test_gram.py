"""The products of images: exact where they can be, right everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from nn.gram import are_pixels, gram_matrix, grey_levels


def pixels(rng: np.random.Generator, n: int, brightest: int, d: int = 784):
    """Draw images of grey levels up to `brightest`, as the loader returns them."""
    return rng.integers(0, brightest, size=(n, d), endpoint=True) / 255


def exact_products(X_train, X):
    """Multiply images in whole numbers, which cannot round; in 255ths squared."""
    levels = [np.rint(array * 255).astype(np.int64) for array in (X_train, X)]
    return levels[0] @ levels[1].T


@pytest.mark.parametrize("n_train", [1, 700])
def test_the_products_of_dim_pixels_are_exact_in_half_the_memory(n_train) -> None:
    rng = np.random.default_rng(0)
    X_train, X = pixels(rng, n_train, 180), pixels(rng, 40, 180)
    products, scale = gram_matrix(X_train, X)
    assert products.dtype == np.float32
    assert scale == 255**2
    np.testing.assert_array_equal(products, exact_products(X_train, X))


def test_the_products_that_float32_cannot_hold_are_exact_in_float64() -> None:
    rng = np.random.default_rng(0)
    X_train = np.vstack([pixels(rng, 50, 100), np.ones((1, 784))])
    X = np.vstack([pixels(rng, 4, 255), np.ones((1, 784))])
    assert exact_products(X_train, X).max() > 2**24
    products, scale = gram_matrix(X_train, X)
    assert products.dtype == np.float64
    assert scale == 255**2
    np.testing.assert_array_equal(products, exact_products(X_train, X))


@pytest.mark.parametrize("odd", [0.5, -1 / 255, np.nextafter(1.0, 0.0)])
@pytest.mark.parametrize("where", ["training", "test"])
def test_inputs_that_are_no_pixels_are_multiplied_as_they_are(odd, where) -> None:
    rng = np.random.default_rng(0)
    X_train, X = pixels(rng, 50, 100, d=5), pixels(rng, 4, 100, d=5)
    (X_train if where == "training" else X)[-1, 2] = odd
    products, scale = gram_matrix(X_train, X)
    assert scale == 1
    np.testing.assert_allclose(products, X_train @ X.T, rtol=1e-13, atol=1e-16)


def test_every_pixel_gives_back_its_grey_level() -> None:
    levels = np.arange(256)
    np.testing.assert_array_equal(grey_levels(levels / 255), levels)
    assert are_pixels(levels[np.newaxis] / 255)
