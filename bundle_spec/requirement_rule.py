"""The rule of an entry of spec.bundle.requirements that holds whatever package it names: no options, no paths.

The client asks it before packing, the operator before a pod starts, and the install step in the user's image once
more: this file is copied there, so it is standard library only and runs on Python 3.8. How a requirement is spelled
(PEP 508) is `requirements.py`'s to check, with the library that defines it. Pure.
"""

from __future__ import annotations

import codecs
import re
from typing import List, Optional, Tuple

LONGEST_ENTRY = 512  # in characters, a hash of its file included
EXAMPLE = "An entry is one PEP 508 requirement, for example scikit-learn==1.5.2"

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)", re.DOTALL)
_REFERENCE = re.compile(r"(?:\[[^\]]*\])?\s*@\s*(\S*)")
_OPTION = re.compile(r"(^|\s)-")
_DASH = re.compile(r"([-\u2013\u2014]\s+)+(?P<rest>.*)")
# as text programs and pages of chats write them; what stands behind an @ is an address, and may have them
_CURLY, _LONG_DASH, _SIGN, _BLANK = (rf"[^@]*[{characters}]" for characters in (
    r"\u2018-\u201f\u00ab\u00bb", r"\u2010-\u2015\u2212", r"\u2260\u2264\u2265", r"\u00a0\u2007\u200b\u202f\ufeff",
))  # fmt: skip
_IN_A_LIST = "it begins with a dash, as in a list of YAML: leave the dash out"
# lines as pip, conda and lists of others have them, each with its fix; the first that matches is what is said
_ODD = tuple((re.compile(pattern, re.IGNORECASE), said) for pattern, said in (
    (r"(-r|--requirement)", "options of pip are not allowed: write the entries of that file here"),
    (r"(-c|--constraint)", "options of pip are not allowed: write the versions of that file into the entries"),
    (r"(-e|--editable)", "options of pip are not allowed: pack that code with the bundle, or put a wheel of it at "
     "the index and write name==version"),
    (r"(.*\s)?(-i|-f|--(extra-)?index-url|--find-links|--no-index|--trusted-host)\b", "options of pip are not allowed; "
     "the package index is the operator's setting (packageIndex, extraPackageIndexes): leave it out"),
    (r"--pre\b", "options of pip are not allowed: name the pre-release in the entry, such as name>=2.0rc1"),
    (r".*\s--hash\b", "a hash is written last, as --hash=sha256: and its 64 digits; others are not taken: "
     "leave --hash out and keep name==version"),
    (r"[!%]?\s*(python3? -m )?pip3?\s+install\b", "it is a command: write what it installs, each as an entry"),
    (r"['\"`\u2018-\u201f\u00ab]", "it has quotes of its own: leave them out"),
    (_CURLY, "it has curly quotes, as a text program writes them: leave them out, and write ' in a condition behind ;"),
    (_LONG_DASH, "it has a dash that a text program made longer: write -"),
    (_SIGN, "it has one sign for a comparison of two: write >=, <= or !="),
    (_BLANK, "it has a blank that is not an ordinary one, as a page has it: write a space, or leave it out"),
    (r"<", "it is a line of a page in HTML: take the file itself, not the page that shows it"),
    (r"[\w.-]+::", "a channel of conda (channel::name) is not an index of pip: write the name alone, as at the index"),
    (r"[\w.-]+:(\s|$)", "it is a key of YAML, as in conda's environment.yml: leave it out, and write the packages "
     "below it, each as an entry"),
    (r"[\w.-]+\s*=(?![=>])\s*[\w.*]+", "one = is how conda writes it: write name==version, without a build, and leave "
     "out what is no package of Python, such as python and cudatoolkit"),
    (r"[\w.-]+\s*=>", "write >= for that version or newer"),
    (r"[\w.-]+\s*(>>|<<)", "one comparison is written twice: write >= or > once, <= or < once"),
    (r"[\w.-]+\s+v?\d[\w.]*(\s+[\w.:/-]+)*$",
     "columns are how `pip list` and `conda list` print it: write name==version"),
    (r".*@\s*file:", "a direct reference must be http:// or https://, and a file is on one machine only: write "
     "name==version"),
    (r"(.*@\s*)?(git|hg|svn|bzr)\+", "a direct reference must be http:// or https://: write the address of a wheel or "
     "of an archive (name @ https://...), or put a wheel at the index and write name==version"),
    (r".*\$\{", "variables are not replaced: write what they stand for, but no password, as everybody reads a bundle"),
))  # fmt: skip
_HASHES = re.compile(r"(?P<entry>.*?)(?P<hashes>(\s+--hash[= ]sha256:[0-9a-fA-F]{64})+)\s*", re.DOTALL)
_ONE_FILE = re.compile(r"[^;@]*[^;@=!<>~]===?\s*(?!=)[^;@,*]+(;.*)?|[^;@]*@.*", re.DOTALL)
_COMMENT = re.compile(r"(^|\s+)#.*")  # as in a requirements file: an URL may have a # within

_LOGIN = re.compile(r"(://)[^/\s@`'\"]+@")


def without_comment(entry: str) -> str:
    """The entry as a line of a requirements file is read; empty when nothing but a comment stands there."""
    return _COMMENT.sub("", entry, count=1).strip()


def without_login(entry: str) -> str:
    """The entry as a message may quote it, which more people read than may read the bundle."""
    return _LOGIN.sub(r"\1", entry)


def split_hashes(entry: str) -> Tuple[str, List[str]]:
    """The requirement without a comment, and the sha256 in hex of each file that may be taken; none for any file."""
    entry = without_comment(entry)
    match = _HASHES.fullmatch(entry)
    if match is None:
        return entry, []
    found = [part[-64:].lower() for part in re.findall(r"sha256:[0-9a-fA-F]{64}", match["hashes"])]
    return match["entry"].strip(), found


def text_of_file(content: bytes) -> str:
    """What a requirements file says, in whatever Unicode: PowerShell's `pip freeze > FILE` writes UTF-16, and other
    programs put a mark before UTF-8. UnicodeDecodeError for other encodings."""
    return content.decode("utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def entries_of_file(text: str) -> List[str]:
    """The entries of a requirements file, continued lines joined and comments left out; none of them is checked."""
    lines = [without_comment(line) for line in re.sub(r"\s*\\\r?\n\s*", " ", text).splitlines()]
    return [line for line in lines if line]


def package_name(entry: str) -> Optional[str]:
    """The name that an entry starts with, as it is written there; None when it starts with none."""
    match = _NAME.match(entry)
    return match.group(1) if match else None


def problem(text: str) -> Optional[str]:
    """Why this is refused, whatever package it names; None when it is not. The spelling is not looked at.

    Options (-r, --index-url, -e) would let a bundle bring its own index or read files of the image, and the digest
    would no longer say what is asked for. A direct reference must be http(s): a path or a git repository is not what
    another cluster would find.
    """
    if "\n" in text or "\r" in text:
        return "it has more than one line"
    text, hashes = split_hashes(text)
    if hashes and not _ONE_FILE.fullmatch(text):
        return "a hash goes with one version: write name==version before --hash"
    dash = _DASH.match(text)
    if dash:
        behind = problem(dash["rest"])
        return _IN_A_LIST + (f"; behind it, {behind}" if behind else "")
    odd = next((said for pattern, said in _ODD if pattern.match(text)), None)
    if odd:
        return odd
    if _OPTION.search(text):
        return "options of pip are not allowed: leave it out"
    match = _NAME.match(text)
    if match is None or "://" in text.split("@")[0] or match.group(2).startswith(("/", "\\", ":")):
        return "a path or a URL needs a name before it (name @ https://...)"
    reference = _REFERENCE.match(match.group(2))
    if reference and not reference.group(1).lower().startswith(("https://", "http://")):
        return "a direct reference must be http:// or https://"
    return None
