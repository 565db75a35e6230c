"""What the author of a bundle adds to its pods, in fields of `spec.serving`."""

from typing import Final

from modelbundle_operator.api.base import Rule
from modelbundle_operator.api.object_names import QUALIFIED_KEY

LABEL_KEYS: Final = f"self.all(key, size(key) <= 317 && key.matches('{QUALIFIED_KEY}'))"

LABEL_RULES: Final = (
    Rule(LABEL_KEYS, "podLabels has a key that is no label key, such as team or example.com/team"),
    Rule(
        "self.all(key, !key.matches('^([^/]*[.])?modelbundle[.]dev/')"
        " && !(key in ['app.kubernetes.io/managed-by', 'pod-template-hash']))",
        "podLabels: modelbundle.dev/*, app.kubernetes.io/managed-by and pod-template-hash are how pods are found, and"
        " are set by the operator and Kubernetes: choose another key",
    ),
)
ANNOTATION_RULES: Final = (
    Rule(LABEL_KEYS, "podAnnotations has a key that is no annotation key, such as note or example.com/note"),
    Rule(
        "self.all(key, !key.matches('^([^/]*[.])?modelbundle[.]dev/|^kubectl[.]kubernetes[.]io/default-container$'))",
        "podAnnotations: modelbundle.dev/* and kubectl.kubernetes.io/default-container are set by the operator: choose"
        " another key",
    ),
    Rule(
        "self.all(key, !key.matches('^([^/]*[.])?(apparmor|seccomp)[.]security[.](alpha|beta)[.]kubernetes[.]io/'))",
        "podAnnotations: annotations of AppArmor and seccomp would take away the confinement that every container of a"
        " bundle has: leave them out",
    ),
)
