"""Grafana boards as code: `python -m dashboards.generate` writes aws-ses-overview.json and aws-ses-exporter.json.

queries    PromQL that all panels are made of: selectors, worst of replicas, counters
scales     thresholds and what a number means in words
panels     a number, lines and bars, with everything that a panel must have
tables     one row per account and region, or per target
variables  datasource, job, instance, account, region, target
board      the frame: rows, links, annotations, ids that never vary
overview   are we safe? (safety, reputation, mail, quota, accounts, sets, dimensions, gauges)
exporter   is the exporter well? (polls, calls, process)
"""
