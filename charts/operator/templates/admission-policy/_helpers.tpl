{{- /*
Least power: whoever has the operator's token can write what the operator itself writes, and nothing else, whatever its
role grants. RBAC knows kinds and verbs; these policies know what stands in the object (docs/how-to/install.md).

  writes    which kinds and operations there are at all; what events and the lease may be
  children  where a ConfigMap, Service, Deployment, PodDisruptionBudget or Job may be, and whose it must be
  services  ClusterIP, for the pods of a bundle
  pods      no token, nothing of the node, no privilege
  budgets   for the pods of a bundle, stopping no drain; and none but these are deleted

A policy sees the whole object, and the operator's apply carries along what somebody else has added, until its PUT takes that
away. So what was there before passes as it was: a container, a volume or a label only without any change.
*/}}

{{- /* "yes", or nothing where the policies are not made. */}}
{{- define "operator.confined" -}}
{{- $enabled := toString .Values.admissionPolicy.enabled -}}
{{- $auto := and (empty .Values.watchNamespaces) (include "operator.policiesServed" .) -}}
{{- if or (eq $enabled "true") (and (eq $enabled "auto") $auto) -}}
yes
{{- end -}}
{{- end }}

{{- /* Without a cluster to ask, as in `helm template`, no kind at all is known; each Kubernetes that we support has this. */}}
{{- define "operator.policiesServed" -}}
{{- $asked := .Capabilities.APIVersions.Has "v1/ConfigMap" -}}
{{- if or (not $asked) (.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy") -}}
yes
{{- end -}}
{{- end }}

{{- /* They are of the whole cluster: those of an operator of some namespaces are named after its own. */}}
{{- define "operator.policyName" -}}
{{- $scope := ternary (printf "-%s" .root.Release.Namespace) "" (not (empty .root.Values.watchNamespaces)) -}}
{{ include "operator.name" .root }}{{ $scope }}-{{ .about }}
{{- end }}

{{- /* What all of them begin with. The condition is asked at every matching write of anybody, so it is one comparison. */}}
{{- define "operator.policy" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ include "operator.policyName" . }}
  labels:
    {{- include "operator.labels" .root | nindent 4 }}
spec:
  failurePolicy: Fail  # an expression that cannot be evaluated refuses; nobody but the operator meets one
  matchConditions:
    - name: the-operator-writes
      expression: >-
        has(request.userInfo.username) && request.userInfo.username
        == 'system:serviceaccount:{{ .root.Release.Namespace }}:{{ .root.Values.serviceAccount.name }}'
{{- end }}
