"""The file of `--web.config.file`, in the format of Prometheus' exporter-toolkit: who may come in, and how.

Source of the format: docs/web-configuration.md and web/tls_config.go of github.com/prometheus/exporter-toolkit.
"""
