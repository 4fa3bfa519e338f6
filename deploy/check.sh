#!/usr/bin/env bash
# The Dockerfile, docker-compose.yml and the chart, looked at by hadolint, Docker and Helm, and by Kubernetes' own schemas.
# Run by `make check-deploy`, which puts hadolint and kubernetes-validate on PATH. Helm is fetched if it is not there and Go is.
set -euo pipefail
cd "$(dirname "$0")/.."

helm_version=v3.22.0
kubernetes_versions=(1.27 1.30 1.37)
chart=deploy/helm/expansion-signals
tools=$PWD/.cache/deploy/bin
catalog_and_rules=(--set-file "configuration.catalog=src/expansion_signals/local/sample/catalog.yaml"
  --set-file "configuration.rules=src/expansion_signals/local/sample/rules.yaml")

say() { printf '== %s\n' "$*"; }
has() { command -v "$1" >/dev/null; }

if ! has helm; then
  has go || { echo 'no helm on PATH, and no go to fetch it with' >&2; exit 1; }
  say "helm $helm_version, by go install"
  GOBIN=$tools go install "helm.sh/helm/v3/cmd/helm@$helm_version"
fi

say 'hadolint'
hadolint deploy/Dockerfile

say 'docker compose config'
if docker compose version >/dev/null 2>&1; then
  docker compose config --quiet
else
  echo 'left out: no docker compose here'
fi

# Kubernetes itself has no schema of these: they are KEDA's and the Prometheus operator's, and are left out of the last check.
of_others() { awk 'BEGIN { RS = "---\n"; ORS = "---\n" } !/apiVersion: (keda.sh|monitoring.coreos.com)\//' "$1"; }

rendered=$(mktemp -d)
trap 'rm -r "$rendered"' EXIT
for values in deploy/helm/examples/*.yaml; do
  say "helm: $values"
  given=(--values "$values")
  grep -q existingConfigMap "$values" || given+=("${catalog_and_rules[@]}")
  for version in "${kubernetes_versions[@]}"; do
    helm lint --quiet --strict --kube-version "$version" "$chart" "${given[@]}"
    helm template signals "$chart" --kube-version "$version" "${given[@]}" >"$rendered/all.yaml"
    of_others "$rendered/all.yaml" >"$rendered/kubernetes.yaml"
    kubernetes-validate --strict --kubernetes-version "$version" --quiet "$rendered/kubernetes.yaml"
  done
done
say 'all well'
