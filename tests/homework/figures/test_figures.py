"""Figures: the report's style only, the same bytes each time, and what the curves show."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg

from homework.figures.curves import draw_accuracy, draw_loss, mark_epochs
from homework.figures.finite_differences import draw_steps
from homework.figures.memorization import draw_shares
from homework.figures.samples import draw_samples
from homework.figures.state import draw_state
from homework.figures.sweep import draw_accuracies, draw_failures
from provenance.document.figures import new_figure, save

STYLE = Path(__file__).resolve().parents[3] / "report" / "report.mplstyle"


@pytest.fixture(autouse=True)
def own_settings():
    """Give Matplotlib's settings back after each test."""
    with mpl.rc_context():
        yield


def series(n: int = 12) -> dict[str, np.ndarray]:
    """Make a run of three epochs."""
    rising = np.linspace(0.1, 0.9, n)
    names = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    state = ["dead_on_training", "dead_hidden_units", "saturated_outputs", "output_spread"]
    return {
        "timestep": np.arange(1, n + 1),
        "epoch": 1 + np.arange(n) * 3 // n,
        **{name: rising + 0.001 * k for k, name in enumerate([*names, *state])},
    }


def curves(quantity: str = "loss"):
    """Draw a figure of two curves."""
    figure = new_figure(STYLE)
    draw = {"loss": draw_loss, "accuracy": draw_accuracy}[quantity]
    draw(figure.subplots(), series())
    return figure


@pytest.mark.row(90, "The fonts are taken from Matplotlib itself, or a missing one is named.")
def test_a_font_that_is_not_in_matplotlibs_list_is_found_all_the_same(
    tmp_path, monkeypatch
) -> None:
    listed = font_manager.fontManager.ttflist
    monkeypatch.setattr(
        font_manager.fontManager, "ttflist", [f for f in listed if f.name[:2] != "cm"]
    )
    save(curves(), tmp_path / "damaged.pdf")
    assert b"Cmr10" in (tmp_path / "damaged.pdf").read_bytes()
    monkeypatch.setattr(mpl, "get_data_path", lambda: str(tmp_path))
    with pytest.raises(FileNotFoundError, match="cmr10"):
        new_figure(STYLE)


def test_a_figure_has_the_asked_size_and_the_files_style_whatever_a_persons_own_settings() -> None:
    mpl.rcParams["lines.marker"] = "o"
    mpl.rcParams["font.size"] = 30
    figure = new_figure(STYLE, 4.0, 3.0)
    assert figure.get_size_inches().tolist() == [4.0, 3.0]
    assert mpl.rcParams["lines.marker"] == "None"
    assert mpl.rcParams["font.size"] == 9
    assert mpl.rcParams["pdf.fonttype"] == 42


def test_a_figure_has_the_same_bytes_each_time_and_says_no_date(tmp_path, monkeypatch) -> None:
    save(curves(), tmp_path / "once.pdf")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    save(curves(), tmp_path / "again.pdf")
    content = (tmp_path / "once.pdf").read_bytes()
    assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
    assert content == (tmp_path / "again.pdf").read_bytes()
    assert b"CreationDate" not in content and b"Matplotlib" not in content


def test_a_figure_that_cannot_be_drawn_leaves_no_file(tmp_path) -> None:
    figure = curves()
    figure.text(0.5, 0.5, "$\\nosuchcommand$")
    with pytest.raises(ValueError, match="nosuchcommand"):
        save(figure, tmp_path / "broken.pdf")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "size"),
    [("timestep", 7.9), ("x > 3", 9), ("a_b", 9), ("18\N{DEGREE SIGN}", 9), ("f(x) | y", 9)],
)
def test_lettering_that_a_reader_could_not_read_is_refused(tmp_path, text, size) -> None:
    figure = curves()
    figure.text(0.5, 0.5, text, fontsize=size)
    with pytest.raises(ValueError, match="at least 8 points"):
        save(figure, tmp_path / "small.pdf")
    assert os.listdir(tmp_path) == []


def test_signs_that_the_font_lacks_are_printed_as_formulas(tmp_path) -> None:
    figure = curves()
    figure.text(0.5, 0.5, r"x $>$ $-3^\circ$, 10 %", fontsize=8)
    save(figure, tmp_path / "formulas.pdf")


@pytest.mark.parametrize("quantity", ["loss", "accuracy"])
def test_both_curves_are_drawn_from_their_columns_with_names(quantity) -> None:
    (ax,) = curves(quantity).axes
    columns = series()
    drawn = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    np.testing.assert_array_equal(drawn["training (mini-batch)"], columns[f"train_{quantity}"])
    np.testing.assert_array_equal(drawn["test (whole set)"], columns[f"test_{quantity}"])
    assert len(ax.get_legend().get_texts()) == 2
    assert "timestep" in ax.get_xlabel()
    assert quantity in ax.get_ylabel()
    assert ax.get_yscale() == {"loss": "log", "accuracy": "linear"}[quantity]
    assert ax.get_xlim() == (0, 12)


def test_the_two_curves_can_be_told_apart_in_grey() -> None:
    (ax,) = curves().axes
    train, test = (line for line in ax.get_lines() if not line.get_label().startswith("_"))
    assert train.get_linewidth() < test.get_linewidth()
    red, green, blue = mpl.colors.to_rgb(test.get_color())
    brightness = 0.3 * red + 0.59 * green + 0.11 * blue
    assert mpl.colors.to_rgb(train.get_color())[0] - brightness > 0.2


def test_each_end_of_an_epoch_is_marked_once() -> None:
    ax = new_figure(STYLE).subplots()
    mark_epochs(ax, series())
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [4, 8]


def test_an_axis_that_leaves_accuracies_out_says_how_many() -> None:
    ax, columns = new_figure(STYLE).subplots(), series()
    columns["test_accuracy"] = np.linspace(0.9, 0.99, 12)  # 5 below 0.9388, the axis' end
    draw_accuracy(ax, columns)
    assert ax.get_title(loc="left") == "below the axis: 12 points of training, 5 of test"
    assert ax.get_ylim()[0] == pytest.approx(0.9388)
    (whole,) = curves("accuracy").axes
    assert not whole.get_title(loc="left") and whole.get_ylim()[0] < 0.1


def test_the_state_shows_one_quantity_on_each_of_its_axes() -> None:
    axes = new_figure(STYLE, height=4.4).subplots(4, 1, sharex=True)
    columns = series()
    draw_state(axes, columns)
    drawn = [[line.get_ydata().tolist() for line in ax.get_lines()] for ax in axes]
    shown = [["test_loss"], ["dead_on_training", "dead_hidden_units"]]
    shown += [["saturated_outputs"], ["output_spread"]]
    assert drawn == [[columns[name].tolist() for name in names] for names in shown]
    assert {ax.get_xscale() for ax in axes} == {"log"}
    assert [text.get_text() for text in axes[1].get_legend().get_texts()] == [
        "zero for all training images",
        "zero for all test images",
    ]
    assert len({line.get_linestyle() for line in axes[1].get_lines()}) == 2


def test_the_chosen_step_is_marked_among_all_that_were_tried() -> None:
    tried = [{"epsilon": 10.0**k, "absolute": 1e-9 * 10.0 ** abs(k + 5)} for k in range(-9, 0)]
    names = {"chosen": tried[4], "hundredth": tried[2], "hundredfold": tried[6]}
    ax = new_figure(STYLE).subplots()
    draw_steps(ax, {"tried": tried, **names}, kink=0.02)
    drawn = {line.get_label(): line.get_xydata().tolist() for line in ax.get_lines()}
    assert drawn["measured"] == [[step["epsilon"], step["absolute"]] for step in tried]
    assert drawn["chosen"] == [[1e-5, 1e-9]]
    assert drawn["kink of ReLU"][0][0] == 0.02
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_an_image_keeps_its_own_pixels(tmp_path) -> None:
    figure = new_figure(STYLE, height=1.3)
    draw_samples(figure.subplots(2, 2), [np.zeros((2, 784)), np.ones((2, 784))], "39")
    save(figure, tmp_path / "samples.pdf")
    content = (tmp_path / "samples.pdf").read_bytes()
    assert content.count(b"/Width 28") == content.count(b"/Height 28") == 4


def test_each_row_of_samples_says_which_digit_it_is() -> None:
    figure = new_figure(STYLE)
    blank = [np.zeros((2, 784))] * 2
    draw_samples(figure.subplots(2, 2), blank, "39")
    width, height = figure.get_size_inches() * figure.dpi
    shown = [text for ax in figure.axes for text in ax.texts if text.get_visible()]
    assert [text.get_text() for text in shown] == ["3", "9"]
    FigureCanvasAgg(figure).draw()
    for text in shown:
        box = text.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height


def test_a_sweep_has_a_line_for_each_width_through_the_cells_that_have_runs() -> None:
    names = (
        "median_accuracy",
        "least_accuracy",
        "most_accuracy",
        "share",
        "share_low",
        "share_high",
    )
    cells = [
        {"width": width, "step_size": step_size, **dict(zip(names, values, strict=True))}
        for width, step_size, values in [
            (8, 1.0, [0.5, 0.4, 0.6, 0.2, 0.1, 0.3]),
            (8, 0.1, [0.7, 0.6, 0.8, 0.0, 0.0, 0.1]),
            (16, 0.1, [None] * 6),
            (16, 1.0, [0.9, 0.8, 1.0, 1.0, 0.5, 1.0]),
        ]
    ]
    for draw, columns in ((draw_accuracies, names[:3]), (draw_failures, names[3:])):
        axes = new_figure(STYLE).subplots()
        draw(axes, cells)
        lines = [line.get_ydata().tolist() for line in axes.lines]
        assert lines == [[cells[1][columns[0]], cells[0][columns[0]]], [cells[3][columns[0]]]]
        bars = [
            segment[:, 1].tolist() for bar in axes.collections for segment in bar.get_segments()
        ]
        assert bars == [[cells[k][name] for name in columns[1:]] for k in (1, 0, 3)]
        assert [text.get_text() for text in axes.get_legend().texts] == ["width 8", "width 16"]


def shares(step_sizes: list[float], widths: list[int]) -> dict[str, object]:
    """Make a study of one variant; every attempt succeeded with the last width, else none."""
    counts = [[20 * (width == widths[-1]) for _ in step_sizes] for width in widths]
    studied = {"label": "sine units", "counts": counts}
    studied |= {"low": (np.array(counts) / 25).tolist(), "high": (np.array(counts) / 20).tolist()}
    facts = {"attempts": 20, "widths": widths, "step_sizes": step_sizes}
    return facts | {"variants": {"sine": studied}}


def test_the_shares_are_a_line_for_each_width_against_the_step_size() -> None:
    ax = new_figure(STYLE).subplots()
    draw_shares(ax, shares([0.1, 1.0], [100, 400, 900]), "sine")
    widest, *others = (line for line, _, _ in ax.containers)
    assert widest.get_ydata().tolist() == [1, 1]
    assert [line.get_ydata().tolist() for line in others] == [[0, 0], [0, 0]]
    assert widest.get_xdata().tolist() == [0.1, 1.0]
    assert len({(line.get_marker(), line.get_color()) for line in (widest, *others)}) == 3


def test_shares_of_many_step_sizes_are_drawn_and_legible(tmp_path) -> None:
    figure = new_figure(STYLE)
    ax = figure.subplots()
    draw_shares(ax, shares(np.geomspace(1e-3, 1e6, 55).tolist(), [1, 2, 3, 4, 5, 6]), "sine")
    save(figure, tmp_path / "shares.pdf")
    assert len(ax.containers) == 6
