"""The web page's LaTeX: what it becomes, and that nothing is dropped without a word."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest

from provenance.document import web
from provenance.document.latex import escape
from provenance.errors import Failure


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\emph{one} \texttt{a\_b}", "<p><em>one</em> <code>a_b</code></p>"),
        (r"98\,\% of 12{,}080~images", "<p>98\u202f% of 12,080\u00a0images</p>"),
        ("``so'' -- it's", "<p>\u201cso\u201d \u2013 it\u2019s</p>"),
        (r"\ensuremath{-}0.5", "<p>\u22120.5</p>"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>"),
        (r"\paragraph{(i)} One.", '<h3 class="runin">(i)</h3>\n<p>One.</p>'),
        (r"\begin{itemize}\item a \item b\end{itemize}", "<ul><li>a</li><li>b</li></ul>"),
        (r"\begin{description}\item[A:] b\end{description}", "<dl><dt>A:</dt><dd>b</dd></dl>"),
        (r"\clearpage a\label{tab:x}", '<p>a<span id="tab-x"></span></p>'),
        (r"a\textless{}b", "<p>a&lt;b</p>"),
    ],
)
def test_latex_becomes_html(latex: str, expected: str) -> None:
    assert web.html(latex) == expected


@pytest.mark.parametrize("text", ["a_b & <c> #%$ {d} \\ ~^", "Zoë Łuő", "'`\"", "1--2  3"])
def test_escaped_text_comes_back(text: str) -> None:

    assert unescape(web.inline(escape(text))) == text


@pytest.mark.parametrize(
    ("latex", "named"),
    [
        (r"\unknown{a}", r"\unknown"),
        (r"\begin{unknown}\end{unknown}", r"\begin{unknown}"),
        (r"$\unknown$", r"\unknown"),
        ("a & b", "&"),
        ("a }", "}"),
        (r"a \\ b", r"\\"),
        (r"\begin{itemize} a \item b\end{itemize}", "'a'"),
    ],
)
def test_what_is_not_known_is_an_error_that_names_it(latex: str, named: str) -> None:
    with pytest.raises(Failure) as caught:
        web.html(latex)
    assert f"does not know {named}" in caught.value.cause


@pytest.mark.parametrize("latex", [r"\emph", r"\emph{a", r"\begin{quote} a", "{a"])
def test_what_is_not_closed_is_an_error(latex: str) -> None:
    with pytest.raises(Failure):
        web.html(latex)


def test_formulas_become_mathml() -> None:
    assert web.html("$x<1$").startswith('<p><math display="inline">')
    assert 'display="block" tabindex="0"' in web.html(r"\[\frac{1}{2}\]")


def test_finished_html_is_left_alone_and_a_block_ends_the_paragraph() -> None:
    latex = "before " + web.raw(r"<b>&amp;\x</b>") + "\n" + web.raw("<pre>{</pre>") + "after"
    assert web.html(latex) == "<p>before <b>&amp;\\x</b></p>\n<pre>{</pre>\n<p>after</p>"


def test_what_is_cited_gets_its_number_in_the_order_of_the_page() -> None:
    cited = web.html(r"\ref{fig:b}, \ref{tab:a}")
    page = web.page(cited + '<i id="fig-a"></i><i id="tab-a"></i><i id="fig-b"></i>')
    assert page.startswith('<p><a href="#fig-b">2</a>, <a href="#tab-a">1</a></p>')


@pytest.mark.parametrize(
    ("page", "named"),
    [
        ('<a href="#lost">a</a>', "lost"),
        ('<button popovertarget="lost">a</button>', "lost"),
        ('<i id="twice"></i><i id="twice"></i>', "twice"),
    ],
)
def test_a_link_to_nowhere_and_a_place_with_two_names_are_errors(page: str, named: str) -> None:
    with pytest.raises(Failure, match=named):
        web.page(page)


def test_drawings_have_ids_of_their_own_and_words_that_are_read_out(tmp_path: Path) -> None:
    path = tmp_path / "plot.svg"
    path.write_text(
        '<?xml version="1.0"?><svg xmlns:xlink="http://x"><metadata>d</metadata>'
        '<path id="p"/><use xlink:href="#p" clip-path="url(#p)"/></svg>'
    )
    assert web.drawing(str(path), "title", "a < b") == (
        '<svg role="img" aria-labelledby="plot-t plot-d"><title id="plot-t">title</title>'
        '<desc id="plot-d">a &lt; b</desc><path id="plot-p"/>'
        '<use href="#plot-p" clip-path="url(#plot-p)"/></svg>'
    )


def test_each_line_of_code_and_each_definition_can_be_linked() -> None:
    listed = web.listing("a/b.py", '"""One\n\n<two>."""\n\n\ndef f():\n    pass\n')
    label = web.anchor("code:a/b.py")
    lines = listed.partition('class="code">')[2].split("\n")
    assert len(lines) == 7
    assert all(f'<span id="{label}-{n}">' in line for n, line in enumerate(lines, 1))
    assert lines[5].startswith(f'<i id="{label}-f"></i>')
    assert "&lt;two&gt;" in lines[2]


def test_the_macros_of_the_page_take_the_place_of_those_of_the_pdf(tmp_path: Path) -> None:
    (tmp_path / "macros.tex.j2").write_text("((* macro m() *))\\tex((* endmacro *))")
    (tmp_path / "macros.html.j2").write_text("((* macro m() *))html((* endmacro *))")
    (tmp_path / "main.j2").write_text('((* from "macros.tex.j2" import m *))<< m() >>')
    assert web.environment(tmp_path).get_template("main.j2").render() == "html"
