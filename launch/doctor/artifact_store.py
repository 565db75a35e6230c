"""Checks of the artifact store as this machine uses it. Pure."""

from __future__ import annotations

from launch.doctor.facts import Facts, Finding, Unknown, artifact_secret_name, no, unknown, yes

REACHED, WRITTEN, READ, REMOVED = "reached", "written", "read", "removed"
STEPS = (REACHED, WRITTEN, READ, REMOVED)


def known(facts: Facts) -> Finding:
    """Whether a store is named at all."""
    store = facts.store
    if store.place:
        return yes(store.place)
    if isinstance(store.failed, Unknown):
        return unknown(store.failed)
    return no(store.failed, "client.artifactUri of the chart, or LAUNCH_ARTIFACT_URI")


def usable(facts: Facts) -> Finding:
    """Whether it takes, gives and removes a small object with the credentials that are here."""
    store = facts.store
    if not store.place:
        return unknown("no store is known")
    if isinstance(store.failed, Unknown):
        return unknown(store.failed)
    if store.failed:
        step = STEPS[len(store.done)] if len(store.done) < len(STEPS) else REMOVED
        reached = f"{', '.join(store.done)}; not {step}" if store.done else f"not {step}"
        change = "the store's policy for these credentials, or other ones"
        return no(f"{reached}: {store.failed}", change, optional=step == REMOVED)
    return yes(f"a small object was {', '.join(store.done[1:])}")


def layers(facts: Facts) -> Finding:
    """Whether pods may keep what they install: with keys that only read, each installs for itself."""
    why = facts.layer_keys
    if why is None or isinstance(why, Unknown):
        return unknown(why or Unknown("not asked: --secret-keys"))
    name = artifact_secret_name(facts.settings)
    if why:
        change = "allow its keys s3:PutObject and s3:AbortMultipartUpload below layers/; docs/how-to/layers.md"
        return no(f"each pod installs for itself, with the keys of the Secret {name}: {why}", change, optional=True)
    return yes(f"the keys of the Secret {name} may write below layers/")
