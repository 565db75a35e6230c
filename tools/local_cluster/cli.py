"""The command line. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the cluster is not up."""

import argparse
import json
import os
import sys

from tools.local_cluster import argocd, cluster, enforcer, images, kwok, processes, slots, variables, versions
from tools.local_cluster.components import SERVICES, SWITCHED
from tools.local_cluster.errors import ClusterError, NotUpError
from tools.local_cluster.place import Place, here
from tools.local_cluster.plan import SERVICE_PREFIX, SERVICE_PREFIXES, Plan, Shape
from tools.local_cluster.progress import say
from tools.local_cluster.status import status, text
from tools.local_cluster.store import locked

ARGOCD = "argocd"
ENFORCER = "enforcer"
KWOK = "kwok"
_EPILOG = """\
Each checkout has its own cluster, and more of them by other names (--cluster), so several run side by side.
GPUs are fake, and images named like other projects' are stand-ins: both are said wherever they are shown.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the cluster is not up.
"""


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(arguments)
    try:
        if options.verb != "env" and os.geteuid() != 0:
            return _again_as_root(arguments)
        return _run(options, here(options.cluster))
    except NotUpError as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: run the same command again, it goes on where it was", file=sys.stderr)
        return 130


def _run(options: argparse.Namespace, place: Place) -> int:
    match options.verb:
        case "up":
            cluster.up(place, _shape(options))
            say('use it: eval "$(python -m tools.local_cluster env)"')
        case "down":
            cluster.down(place)
        case "build":
            _, problems = cluster.build()
            if problems:
                raise ClusterError("\n".join(problems))
        case "env":
            _show(variables.exports(place).removesuffix("\n"))
        case "status":
            report = status(place)
            _show(json.dumps(report, indent=2) if options.output == "json" else text(report))
            return 0 if report["up"] else 3
        case "load":
            with locked(place.lock, "another command works on this cluster"):
                images.load(place, options.image)
            say(f"loaded {options.image}")
        case "start" | "stop":
            if options.verb == "start" and options.service in _ADDED:
                slots.current(place)  # there is a cluster to start it on
                _ADDED[options.service].build()  # minutes when the cache lacks it, so not while other commands wait
            with locked(place.lock, "another command works on this cluster"):
                _switch(place, options.service, options.verb)
    return 0


def _show(lines: str) -> None:
    """Print; a reader that has seen enough, such as `head`, is no error."""
    try:
        print(lines, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end


# what is built when it is first asked for
_ADDED = {ARGOCD: argocd, ENFORCER: enforcer, KWOK: kwok}


def _shape(options: argparse.Namespace) -> Shape | None:
    if options.service_prefix is None and not options.without_node:
        return None
    return Shape(options.service_prefix or SERVICE_PREFIX, not options.without_node)


def _switch(place: Place, service: str, verb: str) -> None:
    plan = slots.current(place)
    if service == ARGOCD:
        return _switch_argocd(place, plan, verb)
    if service == KWOK:
        return _switch_kwok(place, plan, verb)
    if service == ENFORCER:
        return _switch_enforcer(place, plan, verb)
    if not plan.shape.node and service in SERVICES:
        raise ClusterError(f"the cluster of {place.shown} has no node, and so no {service}")
    running = processes.pid_of(place, service) is not None
    if verb == "start" and not running:
        cluster.start_component(place, plan, service)
        cluster.wait_for_switched(place, plan, service)
    elif verb == "stop" and running:
        processes.stop(place, service)
    say(f"{service} is {'running' if verb == 'start' else 'stopped'}")


def _switch_argocd(place: Place, plan: Plan, verb: str) -> None:
    if verb == "stop":
        argocd.stop(place)
        return say("Argo CD is stopped")
    argocd.start(place, plan)
    for name, port in argocd.COMPONENTS.items():
        cluster.wait_for_port(place, plan, name, port)
    return say(f"Argo CD {versions.ARGOCD} is running, its Applications are in the namespace {argocd.NAMESPACE}")


def _switch_kwok(place: Place, plan: Plan, verb: str) -> None:
    if verb == "stop":
        kwok.stop(place, plan)
        return say("KWOK is stopped; its nodes will be NotReady in a minute")
    kwok.start(place, plan)
    cluster.wait_for_port(place, plan, kwok.NAME, kwok.PORT)
    return say(f"KWOK {versions.KWOK} is running: pods on its {kwok.NODES} FAKE nodes are Ready and run nothing")


def _switch_enforcer(place: Place, plan: Plan, verb: str) -> None:
    if not plan.shape.node:
        raise ClusterError(f"the cluster of {place.shown} has no node, and so no pod that a NetworkPolicy is about")
    if verb == "stop":
        enforcer.stop(place, plan)
        return say("NetworkPolicies are no longer enforced")
    enforcer.start(place, plan)
    return say(f"kube-network-policies {versions.NETWORK_POLICIES} is running: NetworkPolicies are enforced")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.local_cluster",
        description="A real Kubernetes on this machine, without a container engine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--cluster",
        metavar="NAME",
        help="another cluster of this checkout than the usual one; LOCAL_CLUSTER unless told",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    start = verbs.add_parser(
        "up", help="build what is missing and start the cluster; run again, it brings it up to date"
    )
    start.add_argument(
        "--service-prefix",
        type=int,
        choices=SERVICE_PREFIXES,
        metavar="BITS",
        help=f"size of the Service range: {SERVICE_PREFIX} unless told, up to {SERVICE_PREFIXES[-1]}, to see it full",
    )
    start.add_argument(
        "--without-node",
        action="store_true",
        help="etcd, API server and controller manager alone: no container runs, and no image is built",
    )
    verbs.add_parser("down", help="take the cluster down; nothing of it stays behind but the cache")
    show = verbs.add_parser("status", help="what runs, where, and how much disk it takes")
    show.add_argument("-o", "--output", choices=("text", "json"), default="text")
    load = verbs.add_parser("load", help="load an image into the cluster")
    load.add_argument(
        "image", metavar="IMAGE", help="an archive (docker or OCI), or the name of an image built by buildah"
    )
    verbs.add_parser("build", help="build programs, images and the package index without starting anything")
    verbs.add_parser("env", help="print `export` lines for a shell")
    for verb in ("start", "stop"):
        switch = verbs.add_parser(
            verb,
            help=f"{verb} the S3 store, the package index or the API server, as an outage to test against;"
            f" {verb} Argo CD; {verb} KWOK, whose nodes and pods are fake;"
            f" {verb} what enforces NetworkPolicies",
        )
        switch.add_argument("service", choices=(*SWITCHED, *_ADDED))
    return parser


def _again_as_root(arguments: list[str]) -> int:
    """Namespaces and mounts need root; the cache stays the user's."""
    kept = ("HOME", "PATH", "XDG_CACHE_HOME", "PYENV_ROOT", "GOPROXY", "GOCACHE", "GOMODCACHE", "DEBIAN_FRONTEND",
            "LOCAL_CLUSTER")  # fmt: skip
    groups = ("PIP_", "SSL_", "UV_")
    variables = [
        f"{name}={value}"
        for name, value in os.environ.items()
        if name in kept or name.startswith(groups) or name.lower().endswith("_proxy")
    ]
    say("this needs root: running it again with sudo")
    command = ["sudo", "env", *variables, sys.executable, "-m", "tools.local_cluster", *arguments]
    try:
        os.execvp("sudo", command)
    except FileNotFoundError:
        raise ClusterError("this needs root, and there is no sudo", "run it as root") from None
