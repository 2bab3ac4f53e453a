"""Reading what Prometheus reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

#: Name of a sample and its labels, sorted.
Key = tuple[str, tuple[tuple[str, str], ...]]


class Scrape:
    """What was told at one moment.

    :param text: in Prometheus' text format.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {
            f"{family.name}_total" if family.type == "counter" else family.name
            for family in text_string_to_metric_families(text)
        }
        self.samples: dict[Key, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                assert key not in self.samples, "each sample is told once"
                self.samples[key] = sample.value

    def value(self, name: str, **labels: str) -> float | None:
        """Return one sample's value; None where there is no such sample."""
        return self.samples.get((f"aggregator_{name}", tuple(sorted(labels.items()))))

    def of(self, *families: str) -> dict[Key, float]:
        """Return the samples of some families, by the beginning of their names."""
        return {key: value for key, value in self.samples.items() if key[0].startswith(families)}
