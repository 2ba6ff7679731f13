{{/* Where media keeps files, and what Janus records. */}}
{{- define "parley.storageEnv" -}}
{{- $s3 := .root.Values.storage.s3 -}}
{{- if $s3.endpoint -}}
- { name: S3_ENDPOINT, value: {{ $s3.endpoint | quote }} }
- { name: S3_REGION, value: {{ $s3.region | quote }} }
- { name: S3_BUCKET, value: {{ $s3.bucket | quote }} }
{{- range list "S3_ACCESS_KEY" "S3_SECRET_KEY" }}
{{ include "parley.secretEnv" (merge (dict "variable" .) $) }}
{{- end }}
{{- else -}}
{{- $_ := required "storage.s3.endpoint is required, or storage.claim: media keeps files there" .root.Values.storage.claim -}}
- { name: OBJECTS_DIR, value: /media/objects }
{{- end }}
{{- if and .root.Values.janus.enabled .root.Values.storage.claim }}
- { name: JANUS_RECORDINGS_DIR, value: /media/recordings }
{{- end }}
{{- end }}

{{/* Where the Janus are. Each pod has a name of its own, by which media finds it. */}}
{{- define "parley.janusEnv" -}}
{{- if .root.Values.janus.enabled -}}
{{- $name := include "parley.name" (dict "root" .root "name" "janus") -}}
{{- $servers := list -}}
{{- range $number := until (int .root.Values.janus.replicas) -}}
{{- $host := printf "%s-%d.%s" $name $number $name -}}
{{- $servers = append $servers (printf "janus-%d=ws://%s:8188|http://%s:7088/admin" $number $host $host) -}}
{{- end -}}
- { name: JANUS_SERVERS, value: {{ join "," $servers | quote }} }
{{ include "parley.janusSecrets" . }}
{{- end }}
{{- end }}

{{- define "parley.janusSecrets" -}}
{{- range list "JANUS_ADMIN_SECRET" "JANUS_ADMIN_KEY" "JANUS_TOKEN_SECRET" }}
{{ include "parley.secretEnv" (merge (dict "variable" .) $) }}
{{- end }}
{{- end }}

{{/* What clients are told of TURN: short-lived logins by TURN_SECRET, or one fixed login. */}}
{{- define "parley.turnEnv" -}}
{{- $turn := .root.Values.turn -}}
{{- if $turn.urls -}}
- { name: TURN_URLS, value: {{ join "," $turn.urls | quote }} }
{{- range $turn.fixedLogin | ternary (list "TURN_USERNAME" "TURN_PASSWORD") (list "TURN_SECRET") }}
{{ include "parley.secretEnv" (merge (dict "variable" .) $) }}
{{- end }}
{{- else if $turn.coturn.enabled -}}
{{- fail "turn.urls is required with turn.coturn.enabled: the addresses at which clients reach it" }}
{{- end }}
{{- end }}

{{/* 200 UDP ports of the node, from the first on. */}}
{{- define "parley.mediaPorts" -}}
{{- range $offset := until 200 }}
{{- $port := add (int $.first) $offset }}
- { containerPort: {{ $port }}, hostPort: {{ $port }}, protocol: UDP }
{{- end }}
{{- end }}

{{/* One pod a node, for they share its ports. */}}
{{- define "parley.onePerNode" -}}
podAntiAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    - topologyKey: kubernetes.io/hostname
      labelSelector:
        matchLabels: {{- include "parley.selector" . | nindent 10 }}
{{- end }}

{{/* The address that clients see: that of the node, unless another is named. */}}
{{- define "parley.publicAddress" -}}
- name: {{ .variable }}
{{- if .address }}
  value: {{ .address | quote }}
{{- else }}
  valueFrom: { fieldRef: { fieldPath: status.hostIP } }
{{- end }}
{{- end }}
