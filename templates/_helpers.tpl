{{/* The spec.bundle of an entry as JSON; a cloneFrom.name that is another entry's stands for that entry's bundle. */}}
{{- define "bundles.content" -}}
{{- $bundle := deepCopy (get .root.Values.bundles .key).bundle -}}
{{- with $bundle.cloneFrom -}}
{{- if hasKey $.root.Values.bundles .name -}}
{{- $_ := set . "name" (include "bundles.name" (dict "root" $.root "key" .name "seen" $.seen)) -}}
{{- end -}}
{{- end -}}
{{- toJson $bundle -}}
{{- end }}

{{/* The ModelBundle's name: as given, else the entry's with a hash of the content, so that an edit is a new object. */}}
{{- define "bundles.name" -}}
{{- if has .key .seen -}}
{{- fail (printf "bundles: %s -> %s: a bundle cannot be cloned from itself" (join " -> " .seen) .key) -}}
{{- end -}}
{{- $given := (get .root.Values.bundles .key).name -}}
{{- if $given -}}
{{- $given -}}
{{- else -}}
{{- $content := include "bundles.content" (dict "root" .root "key" .key "seen" (append .seen .key)) -}}
{{- printf "%s-%s" .key (sha256sum $content | trunc 10) -}}
{{- end -}}
{{- end }}

{{- define "bundles.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  modelbundle.dev/bundle-name: {{ .key }}
{{- if .root.Values.keepBundles }}
annotations:
  helm.sh/resource-policy: keep
{{- end }}
{{- end }}
