{{- /*
What tenants may put into ModelBundles (docs/how-to/tenants.md). The policies are made of the tables below; the operator
asks the same once more (operator/modelbundle_operator/bundle/limits.py), and one set of rows tries both.

  bundle    what stands in spec.bundle, at its creation: it never changes
  serving   what stands in spec.serving, at a creation and where an update changes it
  scale     replicas, as `kubectl scale` and autoscalers set them

A row: the name of the limit, the field, in CEL the list of values that stand there, and when an entry allows one. The
second row of a limit in one policy has `once`, for a variable of its own.
SERVING stands for spec.serving, once of the new object and once of the old one: what was there before passes, or a
stricter limit would keep a bundle from being scaled down. An expression stands in one line of YAML once it is put together:
no line of it may be indented further than the first.
*/}}

{{- define "tenants.bundleRows" -}}
- limit: packagings
  field: spec.bundle.artifact.packaging
  values: "has(object.spec.bundle.artifact) ? [object.spec.bundle.artifact.packaging] : []"
  allows: oneOf
- limit: artifactPrefixes
  field: spec.bundle.artifact.uri
  values: "has(object.spec.bundle.artifact) ? [object.spec.bundle.artifact.uri] : []"
  allows: beneath
- limit: frameworkTypes
  field: spec.bundle.envParams.frameworkType
  values: "has(object.spec.bundle.envParams) ? [object.spec.bundle.envParams.frameworkType] : []"
  allows: oneOf
- limit: imageRepositories
  field: spec.bundle.envParams.customBaseImage.repository
  values: >-
    has(object.spec.bundle.envParams) && has(object.spec.bundle.envParams.customBaseImage)
    ? [object.spec.bundle.envParams.customBaseImage.repository] : []
  allows: beneath
- limit: imageDigestRequired
  field: spec.bundle.envParams
  # the images that are named without a digest
  values: >-
    !has(object.spec.bundle.envParams) ? []
    : has(object.spec.bundle.envParams.customBaseImage)
    ? [object.spec.bundle.envParams.customBaseImage].filter(i, !has(i.digest)).map(i, i.repository + (has(i.tag) ? ':' + i.tag : ''))
    : has(object.spec.bundle.envParams.pytorchImageTag)
    ? [object.spec.bundle.envParams.pytorchImageTag].filter(t, !t.contains('@sha256:'))
    : has(object.spec.bundle.envParams.tensorflowVersion)
    ? [object.spec.bundle.envParams.tensorflowVersion].filter(t, !t.contains('@sha256:'))
    : []
  allows: onlyByDigest
- limit: requirementUrls
  field: spec.bundle.requirements
  values: >-
    !has(object.spec.bundle.requirements) ? [] : object.spec.bundle.requirements.filter(r,
    r.matches('^[A-Za-z0-9][A-Za-z0-9._-]*\\s*(\\[[^\\]]*\\])?\\s*@'))
  allows: fromBeneath
- limit: refusedEnv
  field: spec.bundle.env
  values: "has(object.spec.bundle.env) ? object.spec.bundle.env.map(x, x.name) : []"
  allows: notNamed
{{- end }}

{{- define "tenants.servingRows" -}}
- limit: artifactSecrets
  field: spec.serving.artifactSecretName
  values: "has(SERVING.artifactSecretName) ? [SERVING.artifactSecretName] : []"
  allows: oneOf
- limit: serviceAccounts
  field: spec.serving.serviceAccountName
  values: "has(SERVING.serviceAccountName) ? [SERVING.serviceAccountName] : []"
  allows: oneOf
- limit: priorityClasses
  field: spec.serving.priorityClassName
  values: "has(SERVING.priorityClassName) ? [SERVING.priorityClassName] : []"
  allows: oneOf
- limit: runtimeClasses
  field: spec.serving.runtimeClassName
  values: "has(SERVING.runtimeClassName) ? [SERVING.runtimeClassName] : []"
  allows: oneOf
- limit: schedulers
  field: spec.serving.schedulerName
  values: "has(SERVING.schedulerName) ? [SERVING.schedulerName] : []"
  allows: oneOf
- limit: gpuResources
  field: spec.serving.gpu.resourceName
  values: "has(SERVING.gpu) && SERVING.gpu.count > 0 ? [SERVING.gpu.resourceName] : []"
  allows: oneOf
- limit: tolerationKeys
  field: spec.serving.tolerations
  values: "has(SERVING.tolerations) ? SERVING.tolerations.map(t, has(t.key) && t.key != '' ? t.key : '*') : []"
  allows: oneOf
- limit: volumes
  field: spec.serving.volumes
  values: >-
    !has(SERVING.volumes) ? [] : SERVING.volumes.map(x,
    has(x.persistentVolumeClaim) ? 'persistentVolumeClaim/' + x.persistentVolumeClaim.claimName
    : has(x.configMap) ? 'configMap/' + x.configMap.name
    : has(x.secret) ? 'secret/' + x.secret.secretName : '')
  allows: named
- limit: podLabelKeys
  field: spec.serving.podLabels
  values: "has(SERVING.podLabels) ? SERVING.podLabels.map(x, x) : []"
  allows: named
- limit: podAnnotationKeys
  field: spec.serving.podAnnotations
  values: "has(SERVING.podAnnotations) ? SERVING.podAnnotations.map(x, x) : []"
  allows: named
- limit: refusedEnv
  field: spec.serving.env
  values: "has(SERVING.env) ? SERVING.env.map(x, x.name) : []"
  allows: notNamed
- limit: refusedEnv
  field: spec.serving.envFrom
  # the names are those of keys, which nobody sees here: what is known of them is the prefix
  once: FromSources
  values: >-
    !has(SERVING.envFrom) ? [] : SERVING.envFrom.map(x,
    (has(x.secretRef) ? 'secret/' + x.secretRef.name : has(x.configMapRef) ? 'configMap/' + x.configMapRef.name : '')
    + ' as ' + (has(x.prefix) ? x.prefix : '') + '*')
  allows: neverNamed
{{- end }}

{{- /* Numbers, as CEL of an object. */}}
{{- define "tenants.replicas" -}}
(has(SERVING.replicas) ? int(SERVING.replicas) : 1)
{{- end }}

{{- define "tenants.gpus" -}}
(has(SERVING.gpu) && has(SERVING.gpu.count) ? int(SERVING.gpu.count) : 1)
{{- end }}

{{- /* When the entries of a limit allow the value v. */}}
{{- define "tenants.allows" -}}
{{- $value := ternary "v.split('@', 2)[1].trim()" "v" (eq .allows "fromBeneath") -}}
{{- if eq .allows "oneOf" -}}
v in entries
{{- else if or (eq .allows "named") (eq .allows "notNamed") -}}
{{ ternary "!" "" (eq .allows "notNamed") }}entries.exists(e, v == e || (e.endsWith('*') && v.startsWith(e.substring(0, e.size() - 1))))
{{- else if eq .allows "neverNamed" -}}
{{- $prefix := "v.substring(v.indexOf(' as ') + 4, v.size() - 1)" -}}
!entries.exists(e, e.startsWith({{ $prefix }}) || (e.endsWith('*') && {{ $prefix }}.startsWith(e.substring(0, e.size() - 1))))
{{- else if eq .allows "onlyByDigest" -}}
entries != ['true']
{{- else -}}
!{{ $value }}.matches('(?i)\\\\|[$][{]|%2e|%2f|%5c|/[.][.]?(/|[?#]|$)') && entries.exists(e, {{ $value }} == e || {{ $value }}.startsWith(e.endsWith('/') ? e : e + '/'))
{{- end -}}
{{- end }}

{{- /* The entries of a limit in the object's namespace: a list of one list, or an empty one where it is not set. */}}
{{- define "tenants.entries" -}}
{{- $lines := "].split('\\n').map(e, e.trim()).filter(e, e != '')]" -}}
- name: {{ . }}
  expression: >-
    request.namespace + '.{{ . }}' in variables.data
    ? [variables.data[request.namespace + '.{{ . }}'{{ $lines }}
    : '{{ . }}' in variables.data ? [variables.data['{{ . }}'{{ $lines }} : []
{{- end }}

{{- /* Variables and validation of a row: what the limit refuses of what stands there, and words for it. */}}
{{- define "tenants.variables" -}}
{{- if not .once }}
{{- include "tenants.entries" .limit }}
{{ end -}}
- name: {{ .limit }}{{ .once | default "" }}Refused
  expression: >-
    variables.{{ .limit }}.size() == 0 ? [] : ({{ .now }}).filter(v,
    !variables.{{ .limit }}.all(entries, {{ include "tenants.allows" . }}){{ with .before }}
    && !(oldObject != null && has(oldObject.spec.serving) && v in ({{ . }})){{ end }})
{{- end }}

{{- define "tenants.validation" -}}
{{- $allowed := printf "(variables.%s[0].size() == 0 ? 'none' : variables.%s[0].size() > 10 ? string(variables.%s[0].size()) + ' others' : variables.%s[0].join(', '))" .limit .limit .limit .limit -}}
{{- if eq .allows "onlyByDigest" }}{{ $allowed = "'images by digest only'" }}{{ end -}}
{{- if has .allows (list "notNamed" "neverNamed") }}{{ $allowed = printf "'all but ' + (variables.%s[0].size() > 10 ? string(variables.%s[0].size()) + ' names' : variables.%s[0].join(', '))" .limit .limit .limit }}{{ end -}}
- expression: variables.{{ .limit }}{{ .once | default "" }}Refused.size() == 0
  messageExpression: >-
    '{{ .field }}: ' + string(variables.{{ .limit }}{{ .once | default "" }}Refused[0]) + ' is not allowed in namespace ' + request.namespace
    + ': the limit {{ .limit }} allows ' + {{ $allowed }} + '. ' + variables.ask
  message: >-
    {{ .field }} has what is not allowed in this namespace: the limit {{ .limit }}. Ask the platform engineer, or choose what is allowed.
  reason: Forbidden
{{- end }}

{{- /* A number in place of a list: `now` is the present one, `before` the former one or 0. */}}
{{- define "tenants.numberValidation" -}}
- expression: >-
    variables.{{ .limit }}.all(entries, {{ .now }} <= int(entries[0]) || {{ .now }} <= {{ .before }})
  messageExpression: >-
    '{{ .field }}: ' + string({{ .now }}) + ' is not allowed in namespace ' + request.namespace
    + ': the limit {{ .limit }} allows ' + variables.{{ .limit }}[0].join(', ') + '. ' + variables.ask
  message: >-
    {{ .field }} is more than is allowed in this namespace: the limit {{ .limit }}. Ask the platform engineer, or choose what is allowed.
  reason: Forbidden
{{- end }}

{{- /* They are of the whole cluster: those of an operator of some namespaces are named after its own. */}}
{{- define "tenants.policyName" -}}
{{- $scope := ternary (printf "-%s" .root.Release.Namespace) "" (not (empty .root.Values.watchNamespaces)) -}}
modelbundle-tenants{{ $scope }}-{{ .about }}
{{- end }}

{{- define "tenants.configMapName" -}}
modelbundle-tenants
{{- end }}

{{- define "tenants.policy" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ include "tenants.policyName" . }}
  labels:
    {{- include "operator.labels" .root | nindent 4 }}
spec:
  failurePolicy: Fail  # a limit that cannot be read refuses
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
      - apiGroups: [modelbundle.dev]
        apiVersions: [v1alpha1]
        resources: [{{ .resource }}]
        operations: [{{ .operations }}]
        scope: Namespaced
  variables:
    - name: data
      expression: "has(params.data) ? params.data : {}"
    - name: ask
      expression: >-
        'Ask ' + ('contact' in variables.data && variables.data['contact'].trim() != '' ? variables.data['contact'].trim()
        : 'the platform engineer') + ', or choose what is allowed.'
{{- end }}

{{- /* A limit as a text: entries a line each, or a number. */}}
{{- define "tenants.text" -}}
{{- if kindIs "slice" . -}}
{{ join "\n" . | quote }}
{{- else if kindIs "float64" . -}}
{{ printf "%.0f" . | quote }}
{{- else -}}
{{ toString . | quote }}
{{- end -}}
{{- end }}
