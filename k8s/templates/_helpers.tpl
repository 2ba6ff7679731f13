{{- define "parley.name" -}}
{{ printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "parley.selector" -}}
app.kubernetes.io/name: parley
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "parley.labels" -}}
{{ include "parley.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "parley.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "parley.name" (dict "root" . "name" "parley")) }}
{{- end }}

{{/* An image, by its digest where one is given: (dict "root" $ "repository" … "digest" …). */}}
{{- define "parley.image" -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* The services of this release: all, or none where everything runs in one pod. */}}
{{- define "parley.services" -}}
{{ .Values.embedded.enabled | ternary (dict) .Values.services | toYaml }}
{{- end }}

{{/* How long a pod has to end: the balancer stops sending (preStop), the drain of this service, and 10 s for what is around it. */}}
{{- define "parley.graceSeconds" -}}
{{- $drain := dig "DRAIN_MS" (dig "DRAIN_MS" 25000 .root.Values.config) (.config | default dict) | int64 -}}
{{ add (int .root.Values.preStopSeconds) (div (add $drain 999) 1000) 10 }}
{{- end }}

{{/* An environment variable from a Secret: of the service, of the release, or a key of existingSecret. */}}
{{- define "parley.secretEnv" -}}
{{- $name := .as | default .variable -}}
{{- $ref := dig $name (dig $name (dict) .root.Values.secretRefs) ((.service).secretRefs | default dict) -}}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $ref.name | default .root.Values.existingSecret | required (printf "existingSecret is required, or secretRefs.%s" $name) }}
      key: {{ $ref.key | default .variable }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end }}

{{/* What each part takes from Secrets if it is there, besides what it needs. */}}
{{- define "parley.optionalSecrets" -}}
everywhere: [NATS_TOKEN, NATS_CREDENTIALS, NATS_NKEY, NATS_CA, REDIS_USER, REDIS_PASSWORD, REDIS_CA]
gateway: [METRICS_TOKEN, ADMIN_TOKEN]
auth: [SIGNING_SECRET_PREVIOUS, SMTP_URL, OIDC_CLIENT_SECRET]
meetings: [SMTP_URL, WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS]
chat: []
signaling: []
media: []
embedded: [METRICS_TOKEN, ADMIN_TOKEN, SIGNING_SECRET, SIGNING_SECRET_PREVIOUS, WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS, SMTP_URL, OIDC_CLIENT_SECRET, DATABASE_URL, NATS_URL, REDIS_URL]
{{- end }}

{{/* Names of the Secrets that a release reads, so that a change of one rolls the pods. Without a cluster at hand it is empty. */}}
{{- define "parley.secretSum" -}}
{{- $names := list .root.Values.existingSecret -}}
{{- range $_, $ref := merge (dict) ((.service).secretRefs | default dict) .root.Values.secretRefs -}}
{{- $names = append $names $ref.name -}}
{{- end -}}
{{- $found := list .root.Values.secretVersion -}}
{{- range compact $names | uniq | sortAlpha -}}
{{- $found = append $found (dig "data" dict (lookup "v1" "Secret" $.root.Release.Namespace . | default dict)) -}}
{{- end -}}
{{ $found | toJson | sha256sum }}
{{- end }}

{{/* What all pods have in common above their containers. */}}
{{- define "parley.podSpec" -}}
{{- $pod := mergeOverwrite (deepCopy .root.Values.pod) ((.service).pod | default dict) -}}
serviceAccountName: {{ include "parley.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  {{- if .fsGroup }}
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* The probes of a part of ours. Migrations run before it listens, and may wait for another replica's for 10 minutes. */}}
{{- define "parley.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 2
  failureThreshold: 330
livenessProbe:
  httpGet: { path: /livez, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /readyz, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
