{{- define "bartizan.name" -}}
{{- if contains .Chart.Name .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{/* Labels by which pods are selected. Call with (dict "root" $ "role" "gateway"). */}}
{{- define "bartizan.selector" -}}
app.kubernetes.io/name: bartizan
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "bartizan.labels" -}}
{{ include "bartizan.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "bartizan.image" -}}
{{- if .Values.image.digest -}}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{/* What every pod has: the restricted Pod Security Standard and a little more. */}}
{{- define "bartizan.podBase" -}}
serviceAccountName: {{ include "bartizan.name" .root }}
automountServiceAccountToken: false
{{- /* Without it a Service called bartizan would set BARTIZAN_PORT. */}}
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "bartizan.selector" . | nindent 8 }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "bartizan.selector" . | nindent 14 }}
{{- with (index .root.Values .role).nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with (index .root.Values .role).tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "bartizan.containerBase" -}}
image: {{ include "bartizan.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  privileged: false
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
resources: {{- toYaml (index .root.Values .role).resources | nindent 2 }}
lifecycle:
  preStop:
    exec:
      # Until every node has taken the pod off its lists.
      command: [node, -e, 'setTimeout(() => {}, 5000)']
{{- end -}}

{{/* Secrets are files, never environment variables. Call with the keys wanted. */}}
{{- define "bartizan.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ required "existingSecret names the Secret that holds the keys" .root.Values.existingSecret }}
    defaultMode: 0440
    items:
      {{- range .keys }}
      - { key: {{ . }}, path: {{ . }} }
      {{- end }}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end -}}

{{- define "bartizan.serverEnv" -}}
- { name: DATABASE_URL_FILE, value: /run/bartizan/database-url }
- { name: BARTIZAN_MASTER_KEY_FILE, value: /run/bartizan/master-key }
- { name: BARTIZAN_INTERNAL_TOKEN_FILE, value: /run/bartizan/internal-token }
- { name: BARTIZAN_LOG_LEVEL, value: {{ .root.Values.logLevel | quote }} }
- { name: BARTIZAN_BACKGROUND, value: {{ .background | quote }} }
{{- with .root.Values.publicUrl }}
- { name: BARTIZAN_PUBLIC_URL, value: {{ . | quote }} }
{{- end }}
{{- with .root.Values.gatewayUrl }}
- { name: BARTIZAN_GATEWAY_URL, value: {{ . | quote }} }
{{- end }}
{{- with .root.Values.trustedProxies }}
- { name: BARTIZAN_TRUSTED_PROXIES, value: {{ join "," . | quote }} }
{{- end }}
{{- end -}}

{{- define "bartizan.probe" -}}
httpGet: { path: {{ .path }}, port: http }
timeoutSeconds: 4
periodSeconds: {{ .period }}
failureThreshold: {{ .failures }}
{{- end -}}

{{- define "bartizan.dns" }}
- to: {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
  ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end }}
{{- define "bartizan.internet" }}
- to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: {{- toYaml .Values.networkPolicy.internet.exceptV4 | nindent 10 }}
    - ipBlock:
        cidr: ::/0
        except: {{- toYaml .Values.networkPolicy.internet.exceptV6 | nindent 10 }}
  ports:
    {{- range .Values.networkPolicy.internet.ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end }}
