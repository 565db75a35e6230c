{{- define "operator.name" -}}
modelbundle-operator
{{- end }}

{{- define "operator.labels" -}}
{{ include "operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "operator.selector" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* A digest, where given, wins over the tag: it names exact bytes. There is no default: who owns a registry's account
decides what runs with the operator's rights. */}}
{{- define "operator.image" -}}
{{- if not .image.repository -}}
{{- fail (printf "operator.%s.repository is not set, and this chart trusts no registry by default. `make images REGISTRY=registry.example.com/model-bundles > images.yaml` builds and pushes both images and prints the values for `-f images.yaml` (docs/how-to/install.md)" .name) -}}
{{- end -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Pod Security `restricted`, for the operator and for the short-lived pods that run its image. */}}
{{- define "operator.podSecurity" -}}
runAsNonRoot: true
{{- if ne .Values.settings.podIds "platform" }}
runAsUser: 65532
runAsGroup: 65532
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "operator.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* A container that runs one module of the operator's image and ends. */}}
{{- define "operator.once" -}}
name: {{ .name }}
image: {{ include "operator.image" (dict "image" .root.Values.image "name" "image" "root" .root) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [python, -m, {{ .module }}]
securityContext:
  {{- include "operator.containerSecurity" .root | nindent 2 }}
resources:
  requests: {cpu: 20m, memory: 64Mi}
  limits: {memory: 256Mi}
{{- end }}

{{/* Where the short-lived pods run: on the operator's nodes, whatever runs there. */}}
{{- define "operator.placement" -}}
{{- include "operator.nodes" . }}
{{- with get (.Values.affinity | default dict) "nodeAffinity" }}
affinity:
  nodeAffinity:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{/* The operator's own affinity: each kind that the values name, and pods of it on different nodes unless they name that
kind. It is preferred and not required, as a cluster of one node has all of them. */}}
{{- define "operator.affinity" -}}
{{- $apart := dict "podAffinityTerm" (dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (include "operator.selector" . | fromYaml))) "weight" 100 -}}
{{- $ours := dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list $apart)) -}}
{{- range $kind, $terms := .Values.affinity }}
{{- $ours = ternary (set $ours $kind $terms) (omit $ours $kind) (not (empty $terms)) }}
{{- end }}
{{- with $ours }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The nodes of the operator and of the short-lived pods. From one that is lost a pod goes after 30 s and not 300. */}}
{{- define "operator.nodes" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
tolerations:
  {{- with .Values.tolerations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
  - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
{{- end }}
