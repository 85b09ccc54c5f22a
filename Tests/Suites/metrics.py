"""Reads /metrics as Prometheus does, and checks what Prometheus would not.

Usage: metrics.py URL
"""
import re
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

UNITS = ("_seconds", "_bytes")


def check(family):
    """Everything that the conventions ask of a family."""
    name, kind = family.name, family.type
    assert family.documentation.strip(), f"{name} does not say what it is"
    assert family.samples, f"{name} has no samples"
    assert re.fullmatch(r"(proxyd|process)_[a-z0-9_]+", name), name
    assert not re.search(r"_(ms|milliseconds|us|kb|mb)(_|$)", name), f"{name} has no base unit"
    if kind == "counter":
        assert all(sample.name == f"{name}_total" for sample in family.samples), name
    elif kind == "gauge":
        assert not name.endswith("_total"), name
    elif kind == "histogram":
        check_histogram(family)
    else:
        raise AssertionError(f"{name} is {kind}")
    keys = [(s.name, tuple(sorted(s.labels.items()))) for s in family.samples]
    assert len(keys) == len(set(keys)), f"{name} has a sample twice"
    assert len({tuple(sorted(k for k, _ in labels if k != "le")) for _, labels in keys}) == 1, name


def check_histogram(family):
    """Buckets in order, each including the one before, the last being the count."""
    assert family.name.endswith("_seconds"), family.name
    series = {}
    for sample in family.samples:
        labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
        parts = series.setdefault(labels, {"buckets": []})
        if sample.name.endswith("_bucket"):
            parts["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            parts[sample.name.rsplit("_", 1)[1]] = sample.value
    for labels, parts in series.items():
        bounds = [bound for bound, _ in parts["buckets"]]
        values = [value for _, value in parts["buckets"]]
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf"), labels
        assert values == sorted(values) and values[-1] == parts["count"], labels
        assert parts["sum"] >= 0 and (parts["sum"] > 0) == (parts["count"] > 0), labels


def main():
    with urllib.request.urlopen(sys.argv[1], timeout=60) as response:
        kind = response.headers["Content-Type"]
        assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
        text = response.read().decode()
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "a family comes twice"
    for family in families:
        check(family)
    for name in (
        "proxyd_request_duration_seconds", "proxyd_redis_duration_seconds", "proxyd_cache_hits",
        "proxyd_redis_links", "proxyd_permits_in_use", "process_cpu_seconds", "proxyd_build_info",
    ):
        assert name in names, f"{name} is missing"
    assert text.count("# HELP ") == text.count("# TYPE ") == len(names)
    print(f"{len(names)} families, all as it should be")


main()
