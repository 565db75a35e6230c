"""One request before the first: what a framework compiles, allocates and downloads at its first call is done before
anybody waits for it. It goes through all that a request of a caller does in the worker."""

from __future__ import annotations

import os

from bundle_runtime.contract.report import LOAD_FAILED, RuntimeFailure, fail, valid_unicode
from bundle_runtime.contract.warm_up import FIELD, fields_of
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.explain import LOAD, next_step
from bundle_runtime.worker.failures import Failed
from bundle_runtime.worker.predict.predictor import Predictor
from bundle_runtime.worker.predict.shared_loop import shared_loop
from bundle_runtime.worker.predict.steps import finish


def warm_up(predictor: Predictor, text: str, link: Link) -> None:
    """Predict it, and make JSON of the prediction; LoadFailed where a caller would get an error."""
    try:
        fields = fields_of(text)
    except ValueError as error:  # prepare has looked; the image may have changed the variable
        raise fail(LOAD_FAILED, f"{FIELD} {error}") from None
    own = predictor.for_coroutine()
    own.watch.start()
    try:
        answer = own.call_whole(fields)
        result = shared_loop.wait(answer) if own.asynchronous else finish(answer)
        if link.forked:  # the function has returned in a child too
            os._exit(0)
        own.encoded(result)
    except Failed as failed:
        raise _failure(failed) from failed
    except BaseException as error:  # cancelled by user code, as nobody else can
        raise fail(LOAD_FAILED, f"the warm-up request of {FIELD} was not answered: {error!r}") from error


def _failure(failed: Failed) -> RuntimeFailure:
    raised = failed.__context__
    step = next_step(raised, LOAD) if raised is not None else ""
    what = f"the warm-up request of {FIELD} failed ({failed.code}): {failed}"
    failure = fail(LOAD_FAILED, "\n".join(filter(None, (what, failed.traceback, step))))
    failure.brief, failure.traceback = valid_unicode(f"{what}\n{step}"), valid_unicode(failed.traceback)
    return failure
