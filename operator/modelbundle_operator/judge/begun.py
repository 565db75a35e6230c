"""A bundle whose pods have only just been asked for: its first status waits for a state that lasts.

In the first moments each state of a start is over before anybody has read of it, and the pod of a small model may be
Ready by then. Pure. What is wrong, or waits for somebody, is said at once; so is what a later look could not find
again.
"""

from datetime import datetime

from modelbundle_operator.api.names import ConditionType, Reason
from modelbundle_operator.api.times import seconds_between
from modelbundle_operator.judge.judgement import Judgement
from modelbundle_operator.judge.observation import Observation

BEGUN_SECONDS = 2.0

_WHOLE = (ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED)


def first_status_due(seen: Observation, judgement: Judgement, begun: datetime | None) -> float | None:
    """Seconds for which the first status may still wait; None when it is to be written now. `begun`: when the pods were
    asked for, None where that is not known, as after a restart."""
    age = seconds_between(begun, seen.now)
    if age is None or not 0 <= age < BEGUN_SECONDS:
        return None
    told = seen.previous.conditions or seen.checked or seen.built or seen.retry
    if told or seen.precheck is not None or not _only_progresses(judgement):
        return None
    return BEGUN_SECONDS - age


def _only_progresses(judgement: Judgement) -> bool:
    """Whether it is only on its way: a failure, a pod that answers, or one that no node takes, is another reason."""
    return {each.reason for each in judgement.conditions if each.type in _WHOLE} == {Reason.PROGRESSING}
