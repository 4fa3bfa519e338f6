{{- /*
How a pod is told of Kafka and Redis. Passwords and certificates are files of Secrets that are there: they stand in no
values, no environment and no release.
*/}}

{{- /* The worker's login at Kafka, with what is set in .Values.operator in its place. */}}
{{- define "expansion-signals.operator" -}}
{{- $login := deepCopy .Values.kafka }}
{{- range $name, $value := .Values.operator }}{{ if $value }}{{ $_ := set $login $name $value }}{{ end }}{{ end }}
{{- toYaml $login }}
{{- end }}

{{- /* Takes (dict "root" $ "kafka" <a login>). */}}
{{- define "expansion-signals.environment" -}}
{{- $kafka := .kafka }}
{{- with .root.Values }}
- {name: EXPANSION_SIGNALS_KAFKA, value: {{ required "kafka.servers is missing: the brokers, as host:port,host:port" $kafka.servers | quote }}}
- {name: EXPANSION_SIGNALS_KAFKA_SECURITY, value: {{ $kafka.security | quote }}}
{{- with $kafka.mechanism }}
- {name: EXPANSION_SIGNALS_KAFKA_MECHANISM, value: {{ . | quote }}}
{{- end }}
{{- with $kafka.user }}
- {name: EXPANSION_SIGNALS_KAFKA_USER, value: {{ . | quote }}}
{{- end }}
{{- include "expansion-signals.files" (dict "server" "kafka" "of" $kafka) }}
- {name: EXPANSION_SIGNALS_REDIS, value: {{ required "redis.url is missing: redis://host:6379/0, or redis+cluster://host:6379" .redis.url | quote }}}
{{- with .redis.user }}
- {name: EXPANSION_SIGNALS_REDIS_USER, value: {{ . | quote }}}
{{- end }}
{{- include "expansion-signals.files" (dict "server" "redis" "of" .redis) }}
{{- with .prefix }}
- {name: EXPANSION_SIGNALS_PREFIX, value: {{ . | quote }}}
{{- end }}
{{- range $name, $value := .settings }}
- {name: EXPANSION_SIGNALS_{{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "expansion-signals.files" -}}
{{- $server := .server }}
{{- range $held, $key := .of.files }}
- {name: EXPANSION_SIGNALS_{{ upper $server }}_{{ upper $held }}{{ if eq $held "password" }}_FILE{{ end }}, value: /run/secrets/{{ $server }}/{{ $held }}}
{{- end }}
{{- end }}

{{- define "expansion-signals.secretMounts" -}}
{{- range $server, $of := dict "kafka" .kafka "redis" .root.Values.redis }}
{{- if $of.files }}
- {name: {{ $server }}, mountPath: /run/secrets/{{ $server }}, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "expansion-signals.secretVolumes" -}}
{{- range $server, $of := dict "kafka" .kafka "redis" .root.Values.redis }}
{{- if $of.files }}
- name: {{ $server }}
  secret:
    secretName: {{ required (printf "%s.secret is missing: the name of the Secret that has %s.files" $server $server) $of.secret }}
    defaultMode: 0440
    items:
      {{- range $held, $key := $of.files }}
      - {key: {{ $key | quote }}, path: {{ $held }}}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}
