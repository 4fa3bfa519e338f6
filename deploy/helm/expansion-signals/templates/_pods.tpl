{{- /* What every pod of this chart has: no root, no token, no right that it does not need, nothing to write on but /tmp. */}}

{{- define "expansion-signals.pod" -}}
serviceAccountName: {{ .Values.pod.serviceAccountName }}
automountServiceAccountToken: false
# Variables that Kubernetes makes of services would begin as our settings do.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001 # so that files of Secrets can be read
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "expansion-signals.container" -}}
image: {{ include "expansion-signals.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}
