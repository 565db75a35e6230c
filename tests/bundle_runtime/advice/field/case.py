"""A failure that users of other projects reported, made again here."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bundle_runtime.advice.reading import Failure
from tests.bundle_runtime.advice.stand_ins import StandIn

OWN_CODE = 'only "the code is the bundle\'s own"'
PICKLE_AGAIN = 'wrong: "write the pickle with another version", and there is no pickle'
RIGHT = "right"


@dataclass(frozen=True)
class Case:
    """What happened to them, where it is reported, what was said of it here before, and the failure with the row that
    speaks now: a stand-in where this machine cannot have it."""

    name: str
    source: str
    happened: str
    before: str
    failure: Failure | StandIn
