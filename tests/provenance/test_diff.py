"""What `make diff` says of two reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from provenance import diff, files, verify
from provenance.document.claims import evaluate_claims, read_facts
from provenance.files import write_json
from provenance.manifest import manifest_of

PDF, EXPECTED, COPY = "report/report.pdf", "config/manifest.json", "config/claims.json"
LOSS, SPEED, CODE, TEXTS = "results/loss.json", "results/speed.json", "fit.py", "claims.yaml"
CLAIMS, FIGURE = "results/claims.json", "results/losses.pdf"
FALLS = r"The loss falls to << loss | decimal(4) >>, from 10\,\%."
FAST = "It takes << seconds >> seconds."


@pytest.fixture
def build(leave):
    """Return a function that makes a report of a loss and a speed, with receipts."""

    def build(loss=0.05491, seconds=3, code="fit", falls=FALLS, most=0.06, ink="blue", epochs=5):
        files.write_text(CODE, code)
        claims = {
            "loss_falls": {
                "sentence": falls,
                "numbers": {"loss": "loss.last"},
                "holds": f"loss < {most}",
            },
            "is_fast": {
                "sentence": FAST,
                "numbers": {"seconds": "speed.s"},
                "holds": "seconds > 0",
            },
        }
        write_json(TEXTS, {name: claim for name, claim in claims.items() if claim["sentence"]})
        write_json(LOSS, {"last": loss})
        write_json(SPEED, {"s": seconds})
        facts = read_facts(loss=LOSS, speed=SPEED)
        write_json(CLAIMS, evaluate_claims(TEXTS, facts))
        files.write_text("draw.py", ink)
        files.write_text(FIGURE, f"{loss} {ink}")
        files.write_text(PDF, f"{loss} {seconds} {ink} {code} {falls}")
        leave("train", [CODE], [LOSS], epochs=epochs)
        leave("time_it", ["clock.py"], [SPEED])
        parts = {"loss": LOSS, "speed": SPEED, "claims": TEXTS}
        leave("evaluate_claims", [*parts.values()], [CLAIMS], input=parts)
        leave("plot_losses", [LOSS, "draw.py"], [FIGURE])
        leave("typeset", [CLAIMS, FIGURE], [PDF])

    return build


@pytest.fixture
def released(build) -> None:
    """Work in a folder with a built report that was released."""
    files.write_text("clock.py", "clock")
    build()
    release()


def release() -> None:
    """Commit to what is built."""
    write_json(EXPECTED, manifest_of([PDF], sums=True)._asdict())
    shutil.copy(CLAIMS, COPY)


@pytest.fixture
def said(released, capsys):
    """Return a function that runs the command and gives its lines, by title."""

    def said(*options: str) -> dict[str, list[str]]:
        assert diff.main([PDF, EXPECTED, "--copy", CLAIMS, COPY, *options]) == 0
        parts: dict[str, list[str]] = {}
        for block in capsys.readouterr().out.strip().split("\n\n")[1:]:
            title, *lines = block.splitlines()
            parts[title] = [line.strip() for line in lines]
        return parts

    return said


def test_of_the_same_report_nothing_is_said(released, capsys) -> None:
    assert diff.main([PDF, EXPECTED, "--copy", CLAIMS, COPY]) == 0
    assert capsys.readouterr().out.endswith("it says the same, and is made of the same files.\n")


def test_a_sentence_has_its_old_and_new_numbers_margin_and_cause(said, build) -> None:
    build(loss=0.0551, code="other")
    assert said()["What it says now"] == [
        "loss falls: 0.0549 → 0.0551 (fit.py); "
        "margin: loss 0.05491, 8.5 % from 0.06 → loss 0.0551, 8.2 % from 0.06"
    ]


def test_a_claim_has_only_the_causes_of_its_own_records(said, build) -> None:
    build(loss=0.0551, seconds=4, code="other")
    loss, speed = said()["What it says now"][::-1]
    assert loss.startswith("loss falls: 0.0549 → 0.0551 (fit.py)")
    assert "3 → 4 (time it made other files of the same inputs)" in speed


def test_a_sentence_in_other_words_is_shown_whole_without_tex(said, build) -> None:
    build(falls=r"It ends at << loss | decimal(4) >>.")
    assert said()["What it says now"] == [
        "loss falls: “The loss falls to 0.0549, from 10\u202f%.” → “It ends at 0.0549.” "
        "(claims.yaml)"
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"), [(1, 0.01, "no longer holds"), (0.01, 1, "holds now")]
)
def test_a_claim_that_began_or_ceased_to_hold_is_told(said, build, before, after, words) -> None:
    build(most=before)
    release()
    build(most=after)
    assert said()["What it says now"][0].startswith(f"loss falls {words}: the same words (claims")


@pytest.mark.parametrize(("before", "after", "words"), [(FALLS, "", "gone"), ("", FALLS, "new")])
def test_claims_that_came_or_went_are_told(said, build, before, after, words) -> None:
    build(falls=before)
    release()
    build(falls=after)
    assert said()["What it says now"][0].startswith(f"loss falls is {words}: “The loss falls")


def test_numbers_that_no_sentence_prints_are_told_in_one_line(said, build) -> None:
    build(loss=0.0549100001)
    told = ["the same words, other numbers behind them: loss falls"]
    assert said()["What it says now"] == told


def test_a_figure_with_other_data_is_told_from_one_drawn_in_another_way(said, build) -> None:
    build(loss=0.0551, code="other")
    assert said()["Figures"] == [
        f"losses: its data changed: {LOSS}, numbers, whose sums differ by 0.003 (fit.py)"
    ]
    build(ink="red")
    assert said()["Figures"] == ["losses: the same data, drawn in another way (draw.py)"]


def test_causes_are_told_as_why_tells_them(said, build) -> None:
    build(loss=0.0551, code="other")
    assert said()["Why"] == [
        "fit.py changed -> train -> evaluate claims -> 1 figure -> report",
    ]
    build(loss=0.0551, epochs=6)
    assert said()["Why"][0].startswith("epochs changed from 5 to 6 -> train -> ")


def test_what_follows_ends_where_files_are_as_they_were(said, build) -> None:
    build(code="a comment")
    assert said()["Why"] == [
        "fit.py changed -> train",
        "typeset made other files of the same inputs -> report",
    ]


def test_other_files_of_the_same_sources_are_no_secret(said, build) -> None:
    build(loss=0.0551)
    assert "train made other files of the same inputs -> train" in said()["Why"][0]


def test_markdown_shows_what_it_would_take_for_its_own(released, build, capsys) -> None:
    build(falls="A * b_c <i> << loss | decimal(4) >>.")
    assert diff.main([PDF, EXPECTED, "--copy", CLAIMS, COPY, "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "### What it says now" in lines
    assert any(r"A \* b\_c \<i\> 0.0549" in line for line in lines if line.startswith("- "))


def test_it_compares_with_a_commit(said, build) -> None:
    if not shutil.which("git"):
        pytest.skip("git is not here")
    verify.git("init", "--quiet")
    verify.git("add", EXPECTED, COPY)
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    verify.git(*who, "commit", "--quiet", "--message", "released")
    build(loss=0.0551, code="other")
    release()
    assert said() == {}
    assert said("--rev", "HEAD")["What it says now"][0].startswith("loss falls: 0.0549 → 0.0551")


@pytest.mark.parametrize(
    ("gone", "cause", "remedy"),
    [
        (PDF, f"There is no {PDF} of this folder's", "make report"),
        (EXPECTED, f"no file {EXPECTED}", "make manifest"),
    ],
)
def test_what_is_not_there_is_named_with_its_remedy(released, capsys, gone, cause, remedy) -> None:
    Path(gone).unlink()
    assert diff.main([PDF, EXPECTED, "--copy", CLAIMS, COPY]) == 1
    told = capsys.readouterr().err
    assert cause in told
    assert remedy in told


def test_a_report_that_is_not_of_the_sources_here_is_refused(released, capsys) -> None:
    files.write_text(CODE, "edited")
    assert diff.main([PDF, EXPECTED, "--copy", CLAIMS, COPY]) == 1
    assert f"not of the files that are here: {CODE}" in capsys.readouterr().err


def test_an_unknown_commit_is_named(released, capsys) -> None:
    assert diff.main([PDF, EXPECTED, "--copy", CLAIMS, COPY, "--rev", "nowhere"]) == 1
    assert f"{EXPECTED} of nowhere cannot be had from git" in capsys.readouterr().err
