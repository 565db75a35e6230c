"""What a reader of docs/explanation/twenty-failures.md would have done, case by case, and what was changed for it.

The reader had the page alone: not the code, not the page of known failures. The texts were those of before the change
that the last column names, so the page's cases are kept as they were read, by the row that speaks of each today.
"""

from __future__ import annotations

import textwrap
from typing import NamedTuple

SUFFICED, PARTLY, MISLED = "sufficed", "partly", "misled"


class Answer(NamedTuple):
    """Of one case: the row that speaks of it, what the reader would do, how the text served, what was changed, and
    whether it was right to do so."""

    code: str
    would: str
    text: str
    changed: str = ""
    right: str = "yes"


ANSWERS = (
    Answer("numpy-1-pickle", "pickle anew with NumPy 2.2.6", SUFFICED, "names the image's field"),
    Answer(
        "pickled-code-raises", "look for the traceback, fix what divides", PARTLY,
        "shows the class and the line, which are behind the pickle; code that the pickle itself holds has a row of its "
        "own, without versions",
    ),
    Answer("pickle-protocol", "pickle the object itself with the client", SUFFICED),
    Answer(
        "runtime-of-another-version", "not what it says: take the client of the operator's version", MISLED,
        "it blamed a package of the image; the name is of `bundle_runtime`, which has a row of its own",
    ),
    Answer("package-by-another-name", "add opencv-python-headless to requirements", SUFFICED),
    Answer(
        "memory-error", "not what it says: correct the size, which no node has", MISLED,
        "it advised memory and another GPU; the size is looked at first",
    ),
    Answer(
        "pandas-version", "pickle anew with pandas 2.2.3", SUFFICED, "claims less of pandas; offers another image too"
    ),
    Answer(
        "array-beyond-any-machine", "not what it says: correct the shape", MISLED,
        "it advised more memory for 8 PiB; a size that no machine has is a row of its own",
    ),
    Answer("other-python", "pickle anew with Python 3.12", SUFFICED, "says where the other Python can be asked for"),
    Answer(
        "user-without-name", "not what it says: take `$HOME` instead of asking `pwd`", MISLED,
        "it advised `USER`, which `pwd.getpwuid` does not read; says which remedy is for which call",
    ),
    Answer(
        "library-of-32-bits", "build the library for 64 bits", PARTLY,
        "it spoke of another processor; files of 32 bits are a row of their own",
    ),
    Answer(
        "missing-variable", "edit `spec.bundle.env` in place", PARTLY, "says that it takes a new bundle",
        "the variable yes; but `spec.bundle` is immutable",
    ),
    Answer("missing-import", "add `no_such.py` or the package", SUFFICED, "the markers in words that need one reading"),
    Answer(
        "text-encoding", "not what it says: UTF-8", MISLED,
        "its example was latin-1, which never fails and garbles; says when it is UTF-8, and when another",
    ),
    Answer("main-of-a-file", "move the class to a module, write the file again, pack both", SUFFICED),
    Answer(
        "cannot-be-sent-to-a-process", "move the function to the top of the module", SUFFICED,
        "no longer says that there is another process",
    ),
    Answer(
        "union-of-newer-python", "an image with Python 3.10, or `Optional[int]`", PARTLY,
        "names 3.10, `Optional` and `from __future__ import annotations`",
    ),
    Answer("no-cloud-credentials", "a Secret in `spec.serving.envFrom`", SUFFICED),
    Answer(
        "not-fitted", "load the fitted model in the place of a new one", PARTLY,
        "says that the code may make a new one",
    ),
    Answer(
        "variable-of-capitals", "not what it says: put the key into the dict", MISLED,
        "it advised `spec.bundle.env`; asks first which dict it is",
    ),
)  # fmt: skip


class Round(NamedTuple):
    """A later reader, of the texts as they were by then: for which rows they sufficed in part or misled, for all others
    they sufficed; and what was said and changed. A `{code}` in it is the case of that row."""

    reader: str
    partly: tuple[str, ...]
    misled: tuple[str, ...]
    said: str


ROUNDS = (
    Round(
        "A second reader had the texts as they were mended",
        ("pickled-code-raises", "runtime-of-another-version"),
        (),
        "What the reader would do is right in all 20. Of three they were not sure: {pickled-code-raises}, as "
        "`<dynamic-code>` did not say whose class it is, {runtime-of-another-version}, as the way to the operator's "
        "version was not given, and {variable-of-capitals}, where only their own code tells. These two have new words "
        "since, and where that reader stumbled ({numpy-1-pickle}, {other-python}, {library-of-32-bits}, "
        "{missing-variable}, {text-encoding}, {no-cloud-credentials}) a few words more.",
    ),
    Round(
        "A third reader, who was asked to be strict, had the texts after that",
        ("memory-error", "library-of-32-bits", "missing-import"),
        (),
        "What lacked: in {memory-error} how much memory the pod has, and that its limit is edited in place; in "
        "{library-of-32-bits} which processor the node has; in {missing-import} that a package may be named otherwise "
        "than its module, what the sentence about markers means, and where in the zip a module has to be. All three "
        "say it since. What the reader found too, in several texts, was mended in all [known "
        "failures](../how-to/troubleshooting.md#known-failures): each says in the same words whether it takes a new "
        "bundle, a clone or an edit in place, and names the image by its field; {other-python} says which part of "
        "Python's version counts, and {package-by-another-name} has a plainer sentence.",
    ),
    Round(
        "A fourth reader, who counted whatever had to be guessed, had the texts after that",
        ("pickle-protocol", "package-by-another-name", "memory-error", "missing-variable", "missing-import",
         "variable-of-capitals"),
        ("text-encoding",),
        "{text-encoding} guessed UTF-8, and the one byte that is shown spoke for another encoding to the reader. The "
        "exception carries the bytes: they are tried now, so that an encoding is named only where all of them decode "
        "as that, and what is cut off, no text or of an older encoding has a row of its own. What lacked elsewhere: in "
        "{pickle-protocol} which file it was and how to tell a damaged one; in {package-by-another-name} and "
        "{missing-import} the whole path of `spec.bundle.requirements`, where the version is to be seen, and the "
        "command of a clone; in {memory-error} what to do where there is no limit, and with a size that is right; in "
        "{missing-variable} and {variable-of-capitals} how a path to a file of the bundle is written. All say it "
        "since, and so do the other [known failures](../how-to/troubleshooting.md#known-failures) that had the same "
        "gap: each that speaks of requirements names the field, and that page has the commands of a clone. "
        "{numpy-1-pickle} and {pandas-version} say to make the object anew, and when a requirement helps; "
        "{other-python}, {main-of-a-file}, {cannot-be-sent-to-a-process} and {no-cloud-credentials} have the few words "
        "that the reader missed. To be short, {missing-import} has no sentence about conditions any more.",
    ),
    Round(
        "A fifth reader, strict but not about what only the author of the code can know, had the texts after that",
        (),
        (),
        "What the reader would do is right in all 20. They stumbled in {numpy-1-pickle} and {pandas-version} over when "
        "a requirement helps, in {pickle-protocol} over which half of a comparison is which, and in "
        "{no-cloud-credentials} as the Secret's namespace is not said; these have plainer words since. Left as they "
        "are: {package-by-another-name} asks for two of the packages that have a cv2 and not for all, {other-python} "
        "does not name the Python that wrote the object, as the error does not, and {user-without-name} and "
        "{library-of-32-bits} speak of a clone, which only the other one of their two ways can be.",
    ),
)  # fmt: skip


def rounds() -> str:
    """A paragraph for each later reader."""
    return "\n\n".join(textwrap.fill(_told(one), 120, break_on_hyphens=False) for one in ROUNDS) + "\n"


def _told(one: Round) -> str:
    links = {answer.code: f"[{number}](#{number})" for number, answer in enumerate(ANSWERS, 1)}
    partly, misled = (_listed([links[code] for code in codes]) for codes in (one.partly, one.misled))
    sufficed = len(ANSWERS) - len(one.partly) - len(one.misled)
    said = f"they sufficed for {sufficed}, partly for {partly}, and misled in {misled}"
    return f"{one.reader}: {said}. {one.said.format_map(links)}"


def _listed(links: list[str]) -> str:
    return " and ".join([", ".join(links[:-1]), links[-1]] if len(links) > 1 else links or ["none"])


def table() -> str:
    """All answers, for the end of the page."""
    lines = ["| case | the reader would | right | the text then | changed since |", "|---|---|---|---|---|"]
    for number, one in enumerate(ANSWERS, 1):
        lines.append(f"| [{number}](#{number}) | {one.would} | {one.right} | {one.text} | {one.changed} |")
    return "\n".join(lines) + "\n"
