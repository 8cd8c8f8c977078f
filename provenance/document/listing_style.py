"""What the document's preamble has to define for the listings that `listings` writes."""

from __future__ import annotations

#: xcolor, iftex and hyperref come with it or before.
LISTING_STYLE = r"""
% ---- Code listings ----
\makeatletter
\font\code@regular=texnansi-lmtt10 at 8pt
\font\code@bold=texnansi-lmtk10 at 8pt
\font\code@italic=texnansi-lmtti10 at 8pt
\font\code@number=texnansi-lmtt10 at 5.5pt
\chardef\0=92 \chardef\1=123 \chardef\2=125 \chardef\3=129 \chardef\4=18
\chardef\5=142 \chardef\6=158
\definecolor{codekeyword}{rgb}{0,0,0.45}
\definecolor{codestring}{rgb}{0,0.3,0.15}
\definecolor{codecomment}{rgb}{0.36,0.36,0.36}
\definecolor{codenumber}{rgb}{0.5,0.5,0.5}
% \color is slow; what it does at the end is kept, once for each colour.
\def\code@keep#1#2{\begingroup\color{#1}\global\let#2\current@color\endgroup}
\AtBeginDocument{\code@keep{codekeyword}\code@ck \code@keep{codestring}\code@cs
  \code@keep{codecomment}\code@cc \code@keep{codenumber}\code@cn}
\def\codek#1{{\let\current@color\code@ck\set@color\code@bold#1}}
\def\coded#1{{\code@bold#1}}
\def\codes#1{{\let\current@color\code@cs\set@color#1}}
\def\codec#1{{\let\current@color\code@cc\set@color\code@italic#1}}
% A letter that this encoding lacks, from the document's own, in one column.
\def\codeother#1{\hbox to 4.2pt{\hss\fontfamily{lmtt}\fontsize{8}{9}\selectfont
  #1\hss}}
% What is in the margin is not part of the text that is copied.
\ifPDFTeX \def\code@literal#1{\pdfliteral direct{#1}}
\else \def\code@literal#1{\special{pdf:code #1}}\fi
\def\code@margin#1{\llap{\code@literal{/Span<</ActualText()>>BDC}%
  {\let\current@color\code@cn\set@color\code@number#1}\code@literal{EMC}\kern7pt}}
\newcount\code@count
\def\codeline#1{\advance\code@count1
  \hbox to\textwidth{\code@margin{\the\code@count}#1\hfil}}
% The rest of a line that is too wide: columns to indent, text.
\def\codewrap#1#2{\nobreak\hbox to\textwidth{\kern#1\dimexpr4.2pt\relax
  \llap{\code@literal{/Span<</ActualText()>>BDC}{\let\current@color\code@cn\set@color
  $\scriptstyle\hookrightarrow$}\code@literal{EMC}\kern1pt}#2\hfil}}
% An empty line: a poor place for a page break inside a definition, a good one between two.
\def\codeskip{\advance\code@count1 \code@break{1}{0}}
\def\codegap{\advance\code@count1 \code@break{4}{-1000}}
\def\code@break#1#2{\vskip0pt plus#1\baselineskip\penalty#2\vskip0pt plus-#1\baselineskip
  \vskip\baselineskip}
\newenvironment{codelines}{\par\begingroup\raggedbottom\topskip8pt \baselineskip9.3pt
  \lineskip0pt\parskip0pt\code@count0 \code@regular\catcode32=12
  \@tfor\code@next:=\#\$\&\_\%\^\~\do{\catcode\expandafter`\code@next=12 }}
  {\par\endgroup}
% Path as it is printed; as a bookmark; label.
\newcommand\codefile[3]{\par\vskip0pt plus8\baselineskip\penalty-2000
  \vskip0pt plus-8\baselineskip\vskip14pt
  {\parindent0pt\parskip0pt\phantomsection
  \addcontentsline{toc}{subsection}{\texorpdfstring{\texttt{#1}}{#2}}%
  \def\@currentlabel{\texttt{#1}}\label{#3}%
  \normalfont\ttfamily\bfseries#1\par}\nobreak\vskip3pt \hrule height.3pt \nobreak\vskip4pt\nobreak}
\makeatother
"""
