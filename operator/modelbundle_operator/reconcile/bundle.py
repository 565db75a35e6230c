"""One look at one bundle: read, decide purely, write what differs, report once.

Level-triggered: nothing here knows why it was called. Reads come from the cache; a bundle at rest costs no call.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from bundle_spec.startup import WHOLE
from modelbundle_operator.api.base import Body
from modelbundle_operator.api.names import KIND, ModelBundle, Reason, parse
from modelbundle_operator.api.status import Layer
from modelbundle_operator.api.status_fields import StatusFields
from modelbundle_operator.api.times import parse_time, seconds_between, soonest, timestamp
from modelbundle_operator.bundle.limits import Limits, refuse
from modelbundle_operator.bundle.resolve import Resolution, resolve
from modelbundle_operator.errors import BaseUnavailable, Conflict, Terminal, Transient
from modelbundle_operator.judge.begun import BEGUN_SECONDS, first_status_due
from modelbundle_operator.judge.capacity import takes_pods_down_first
from modelbundle_operator.judge.conditions import judge, judge_blocked, judge_terminal, judge_without_base
from modelbundle_operator.judge.decision import Decision, decide
from modelbundle_operator.judge.giving_back import holds
from modelbundle_operator.judge.jobs import Precheck
from modelbundle_operator.judge.judgement import Judgement
from modelbundle_operator.judge.layers import newest
from modelbundle_operator.judge.observation import Observation, RunningPods
from modelbundle_operator.judge.precheck import Step
from modelbundle_operator.judge.status import identity, kept_identity, summarise
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.cluster import Cluster
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.kept import controller_of
from modelbundle_operator.kube.kinds import CHILD_KINDS
from modelbundle_operator.loop.aside import by_weight
from modelbundle_operator.loop.controller import DONE, Outcome
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.budget import Budgets, Lack
from modelbundle_operator.reconcile.children import converge, find_pods, own, read, refuse_foreign
from modelbundle_operator.reconcile.clock import utc_now
from modelbundle_operator.reconcile.disputes import Disputes
from modelbundle_operator.reconcile.hindrance import hindrance
from modelbundle_operator.reconcile.looking import known_layer, observe, running_pods
from modelbundle_operator.reconcile.overwritten import Overwritten
from modelbundle_operator.reconcile.owner import refuse_deleted
from modelbundle_operator.reconcile.precheck import (
    begin_precheck,
    find_ends,
    find_job,
    find_precheck,
    remove_prechecks,
    waits_on,
)
from modelbundle_operator.reconcile.refusals import refuse_env, refuse_replicas, refuse_serving
from modelbundle_operator.reconcile.status_writer import StatusWriter
from modelbundle_operator.render import desired
from modelbundle_operator.render.budget import budget
from modelbundle_operator.render.deployment import asked_image
from modelbundle_operator.render.precheck import precheck_job
from modelbundle_operator.settings import Settings

# what is applied together comes in any order: a base that is missing for so short a time is not worth a word
TOGETHER_SECONDS = 2.0


@dataclass(frozen=True)
class Reconciler:
    """What a reconcile needs of the world."""

    cluster: Cluster
    cache: ObjectCache
    settings: Settings
    now: Callable[[], datetime] = utc_now
    on_status_written: Callable[[Key], None] = lambda _: None
    failures: Callable[[Key], int] = lambda _: 0  # how often in a row a look at it has failed
    disputes: Disputes = field(default_factory=Disputes)
    overwritten: Overwritten = field(default_factory=Overwritten)
    limits: Callable[[], Limits] = dict  # of what tenants may ask for
    lacking_budgets: dict[Key, Lack] = field(default_factory=dict)
    begun: dict[Key, datetime] = field(default_factory=dict)  # when pods were asked for, until the first status
    on_started: Callable[[Mapping[str, float]], None] = lambda _: None  # hears the seconds of each start's parts
    on_layer: Callable[[bool], None] = lambda _: None  # hears of each Job whether it has made the layer it was to make

    async def __call__(self, key: Key) -> Outcome:
        """Bring one bundle a step closer to what was asked for."""
        body = self.cache.get(KIND, key)
        if body is None or body["metadata"].get("deletionTimestamp"):
            self.disputes.forget(*key.place)
            self.overwritten.forget(key)
            self._budgets.forget(key)
            self.begun.pop(key, None)
            return DONE  # children go by their ownerReferences
        try:
            bundle, resolution = await by_weight(self._weight(key, body), partial(self._resolved, key, body))
        except Terminal as error:
            running = running_pods(self.cache, key)
            await self._report(body, judge_terminal(error, running), running)
            base = (body["spec"].get("bundle") or {}).get("cloneFrom")  # another one may make it whole
            return Outcome(waits_on=frozenset({key.bundle(base["name"])})) if base else DONE
        except BaseUnavailable as error:
            return await self._wait_for_base(key, body, error)
        if resolution.record != bundle.status.resolved and bundle.spec.serving.replicas:
            body = await self._keep(body, self._identity(bundle, resolution))
            bundle = parse(body)
        try:
            made, seen = await self._apply(key, bundle, resolution)
        except (Refused, Transient) as error:
            why = hindrance(key, "the bundle", error, self.failures(key))
            if why.to_be_said:
                running = running_pods(self.cache, key, resolution.digest)
                blocked = judge_blocked(why.reason, why.message, running)
                await self._report(body, blocked, running, self._identity(bundle, resolution))
            raise why.retry from None
        others = waits_on(key, seen.precheck)
        if made and not bundle.status.conditions and not seen.checked and seen.built is None:
            self.begun[key] = self.now()
            return Outcome(BEGUN_SECONDS, others)
        judgement = judge(seen)
        if (left := first_status_due(seen, judgement, self.begun.get(key))) is not None:
            return Outcome(left, others)
        self.begun.pop(key, None)
        await self._report(body, judgement, seen, self._identity(bundle, resolution, seen))
        if seen.built is not None and self.cache.jobs(key):
            self.on_layer(seen.built.uri is not None)
        runs = seen.precheck.name if seen.precheck is not None and not holds(seen.retry, seen.now) else ""
        await remove_prechecks(self.cluster, self.cache, key, keep=runs)
        due = [
            judgement.requeue_after,
            self.disputes.requeue_after(bundle.metadata, self.now()),
            self._budgets.requeue_after(key),
        ]
        return Outcome(soonest(due), others)

    def _resolved(self, key: Key, body: Body) -> tuple[ModelBundle, Resolution]:
        """What was asked for. It may take long, and runs beside the loop then: it only reads the cache."""
        bundle = parse(body)
        refuse_replicas(bundle, self.settings.replicas_max)
        refuse_serving(bundle)
        resolution = resolve(
            bundle,
            lambda name: self.cache.get(KIND, key.bundle(name)),
            lambda name: self.cache.awaits(key.bundle(name)),
        )
        refuse(self.limits(), bundle, resolution)
        refuse_env(bundle, resolution)
        return bundle, resolution

    def _weight(self, key: Key, body: Body) -> int:
        """Bytes that are looked at, those of a base included."""
        base = (body["spec"].get("bundle") or {}).get("cloneFrom")
        return self.cache.size(KIND, key) + (self.cache.size(KIND, key.bundle(base["name"])) if base else 0)

    async def report_internal_error(self, key: Key, text: str) -> None:
        """Say on the bundle that the operator failed at it."""
        body = self.cache.get(KIND, key)
        if body is not None:
            running = running_pods(self.cache, key)
            blocked = judge_blocked(Reason.INTERNAL_ERROR, text, running)
            await self._report(body, blocked, running, kept_identity(body.get("status") or {}))

    async def _wait_for_base(self, key: Key, body: Body, error: BaseUnavailable) -> Outcome:
        """Say what is missing, unless base and clone were only just applied together and the base is on its way."""
        waits_on = frozenset({key.bundle(error.base)})
        created = parse_time(body["metadata"].get("creationTimestamp"))
        age = seconds_between(created, self.now())
        conditions = (body.get("status") or {}).get("conditions")
        if not error.stalled and not conditions and age is not None and age < TOGETHER_SECONDS:
            return Outcome(requeue_after=TOGETHER_SECONDS, waits_on=waits_on)
        running = running_pods(self.cache, key)
        await self._report(body, judge_without_base(error, running), running)
        return Outcome(waits_on=waits_on)

    async def _keep(self, body: Body, about: StatusFields) -> Body:
        """Write down what a clone was resolved to before anything is made of it: from now on its base may go."""
        status: StatusFields = {**(body.get("status") or {}), **about}
        return await self._statuses.write(body, status, self.now())

    async def _apply(self, key: Key, bundle: ModelBundle, resolution: Resolution) -> tuple[bool, Observation]:
        """Whether the pods are still to be made, and what is seen then. Of a new bundle nobody asks what is there: what
        has a child's name refuses its creation."""
        try:
            return await self._converge(key, bundle, resolution, self._asked(key, bundle))
        except Conflict:
            if bundle.status.conditions:
                raise
            return await self._converge(key, bundle, resolution, CHILD_KINDS)

    async def _converge(
        self,
        key: Key,
        bundle: ModelBundle,
        resolution: Resolution,
        asked: Collection[str],
        refused: Layer | None = None,
    ) -> tuple[bool, Observation]:
        """The same with these kinds of children asked for where the cache lacks them. A bundle that is stored only
        needs no child; those that it has are kept for when it serves again (docs/adr/0017). `refused`: that no Job can
        be made for its layer."""
        known, serves = self.cache.knows("Deployment", key), bundle.spec.serving.replicas > 0
        children = await read(self.cluster, self.cache, key, asked)
        if serves:
            refuse_foreign(KIND, bundle.metadata, children)
        else:
            children = own(KIND, bundle.metadata, children)
        live = children.get("Deployment")
        if live is not None and (not known or controller_of(live) is None):
            await find_pods(self.cluster, self.cache, key)  # they have outlived a bundle of this name
        layer = known_layer(self.cache, key, bundle, resolution, self.settings, self.now())
        precheck, checked = None, ""
        if refused is None:
            if serves and live is not None:
                await find_job(self.cluster, self.cache, key, bundle, resolution, self.settings)
            about = (key, bundle, resolution, self.settings, live, layer, self.now())
            precheck, checked = find_precheck(self.cache, *about)
            await find_ends(self.cluster, self.cache, key, precheck, self.now())
        layer = newest(layer, refused)
        decided, image = Decision(layer=layer), ""
        if serves or children:
            seen = self._observe(key, bundle, resolution, live, precheck, checked=checked, layer=layer)
            decided = decide(seen, live is not None, resolution.uri)
            made = [kind for kind in children if kind != "Deployment" or decided.step is Step.START]
            lacks = decided.step is Step.BEGIN or any(children[kind] is None for kind in made)
            if serves and bundle.status.conditions and lacks:  # it may have had them
                await refuse_deleted(self.cluster, self.cache, key, bundle.metadata.uid)
            down_first, hold = takes_pods_down_first(seen), holds(decided.retry, seen.now)
            for wanted in desired(bundle, resolution, self.settings, live, down_first, hold, decided.layer):
                if (kind := wanted["kind"]) == "Deployment":
                    image = asked_image(wanted)
                if kind in made:
                    found = children.get(kind)
                    children[kind] = await converge(self.cluster, self.cache, found, wanted, self.disputes, self.now())
        precheck = decided.precheck
        if decided.step is Step.BEGIN and precheck is not None:
            makes = precheck.layer if precheck.makes_layer else ""
            wanted = precheck_job(bundle, resolution, self.settings, precheck.name, makes)
            job = await begin_precheck(self.cluster, self.cache, key, wanted, precheck.required, self.failures(key))
            if isinstance(job, str):
                none = Layer(inputs=precheck.layer, message=job, time=timestamp(self.now()))
                return await self._converge(key, bundle, resolution, asked, none)
            precheck = replace(precheck, job=job)
        await self._budgets.keep(key, bundle, budget(bundle, resolution), bool(asked), self.now())
        new = serves and live is None and decided.step in (Step.START, Step.BEGIN)
        after = {name: getattr(decided, name) for name in ("retry", "checked", "check_seconds", "layer")}
        after.update(built=decided.built or refused, image=image)
        return new, self._observe(key, bundle, resolution, children.get("Deployment"), precheck, **after)

    def _asked(self, key: Key, bundle: ModelBundle) -> Collection[str]:
        """Of a bundle that is stored only, what runs pods alone is asked for, and where there may be one: a new one's
        may have outlived a namesake (LIST and watch tell of any that it would take back: it carries our labels), an
        older one's may have lost our label."""
        new = not bundle.status.conditions
        if bundle.spec.serving.replicas:
            return () if new else CHILD_KINDS
        left = new and self.cache.left_behind.may_be(key)
        return ("Deployment",) if left or self.cache.pods(key) else ()

    def _observe(
        self,
        key: Key,
        bundle: ModelBundle,
        resolution: Resolution,
        live: Body | None,
        precheck: Precheck | None,
        **decided: Any,
    ) -> Observation:
        contended = self.disputes.words(bundle.metadata, self.now())
        seen = (key, bundle, resolution, live, self.now(), precheck)
        return observe(self.cache, self.settings, *seen, contended=contended, **decided)

    def _identity(self, bundle: ModelBundle, resolution: Resolution, seen: Observation | None = None) -> StatusFields:
        """With the image that pods have, where they have one: settings that are newer reach them at a roll-out."""
        about = identity(bundle, resolution, self.settings)
        image = seen.image if seen is not None else bundle.status.image
        return {**about, "image": image} if image else about

    async def _report(
        self, body: Body, judgement: Judgement, running: RunningPods, about: StatusFields | None = None
    ) -> None:
        metadata, now = body["metadata"], self.now()
        before: StatusFields = body.get("status") or {}
        status = summarise(before, metadata["generation"], metadata["name"], judgement, now, running, about)
        await self._statuses.report(body, status, now)
        made = status.get("startup", {})
        if WHOLE in made and made != before.get("startup"):
            self.on_started(made)

    @property
    def _budgets(self) -> Budgets:
        return Budgets(self.cluster, self.cache, self.disputes, self.lacking_budgets)

    @property
    def _statuses(self) -> StatusWriter:
        return StatusWriter(self.cluster, self.cache, self.on_status_written, self.overwritten)
