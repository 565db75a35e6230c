"""`spec.serving.volumes`: what a bundle's author has the worker see as files, and where it may be."""

from typing import ClassVar, Final

from pydantic import Field

from modelbundle_operator.api.base import ApiModel, Rule, rules
from modelbundle_operator.api.object_names import LocalObject, ObjectName

VOLUME_RULES: Final = (
    Rule(
        "self.all(e, self.exists_one(other, other.name == e.name))",
        "volumes has a name twice: give each volume a name of its own",
    ),
    Rule(
        "self.all(e, self.exists_one(other, (other.mountPath + '/').startsWith(e.mountPath + '/')))",
        "volumes has a mountPath twice, or one inside another: give each volume a directory of its own",
    ),
)
_NO_DOTS: Final = "!self.matches('(^|/)[.][.]?(/|$)')"


class Claim(ApiModel):
    """A PersistentVolumeClaim of the bundle's namespace."""

    claim_name: ObjectName = Field(description="Name of the claim.")


class SecretFiles(ApiModel):
    """A Secret of the bundle's namespace, each key a file."""

    secret_name: ObjectName = Field(description="Name of the Secret.")
    optional: bool | None = Field(default=None, description="Start without it when it does not exist.")


class Volume(ApiModel):
    """A volume and where the worker finds it."""

    name: str = Field(
        min_length=1,
        max_length=50,
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        description="Name of the volume; the pod has it as volume-NAME.",
    )
    mount_path: str = Field(
        max_length=255,
        pattern=r"^(/[A-Za-z0-9_.-]+)+$",
        description="Directory in which the worker finds it, such as /models/weights.",
        json_schema_extra=rules(
            Rule(_NO_DOTS, "mountPath has a . or .. between its slashes: write the path itself, such as /models/llama"),
            Rule(
                "!self.matches('^/(modelbundle|tmp|dev|proc|sys|run/secrets|var/run/secrets)(/|$)"
                "|^/(bin|etc|lib|lib64|opt|run|sbin|usr|var)$')",
                "mountPath is a place that the runtime or the image needs: nothing can be put at or below /modelbundle,"
                " /tmp, /dev, /proc, /sys and /run/secrets, nor over /bin, /etc, /lib, /lib64, /opt, /run, /sbin, /usr"
                " and /var as a whole. Choose a directory such as /models/weights",
            ),
        ),
    )
    persistent_volume_claim: Claim | None = None
    config_map: LocalObject | None = None
    secret: SecretFiles | None = None
    sub_path: str | None = Field(
        default=None,
        max_length=255,
        pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
        description="Directory or file inside the volume that is mounted in place of all of it.",
        json_schema_extra=rules(
            Rule(_NO_DOTS, "subPath has a . or .. between its slashes: write the path inside the volume, such as v3")
        ),
    )
    read_only: bool = Field(
        default=True, description="false lets the worker write to a claim; its files then get the pod's fsGroup, 65530."
    )

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.persistentVolumeClaim) ? 1 : 0) + (has(self.configMap) ? 1 : 0)"
            " + (has(self.secret) ? 1 : 0) == 1",
            "each entry of volumes needs exactly one of persistentVolumeClaim, configMap and secret",
        ),
        Rule(
            "!has(self.readOnly) || self.readOnly || has(self.persistentVolumeClaim)",
            "readOnly: false is for a persistentVolumeClaim only: ConfigMaps and Secrets cannot be written to",
        ),
    )
