"""Reads a run's event files with TensorBoard's own package and compares every scalar with log.jsonl.

    python3 -m venv /tmp/tensorboard && /tmp/tensorboard/bin/pip install tensorboard
    /tmp/tensorboard/bin/python scripts/check-tensorboard.py runs/photos
"""

import json
import math
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

TAGS = {
    "step": {
        "train/loss": lambda entry: entry["loss"],
        "train/top1": lambda entry: entry["top1"],
        "train/learning_rate": lambda entry: entry["learningRate"],
        "speed/images_per_second": lambda entry: entry["imagesPerSecond"],
        "speed/waiting_for_data": lambda entry: entry["waiting"],
    },
    "epoch": {
        "epoch/loss": lambda entry: entry["train"]["loss"],
        "epoch/top1": lambda entry: entry["train"]["top1"],
        "epoch/top5": lambda entry: entry["train"]["top5"],
    },
}

# Folders are drawn on one chart: the run itself is training, `validation` has the same names.
VALIDATION = {f"epoch/{name}": (lambda entry, name=name: entry["validation"][name]) for name in ("loss", "top1", "top5")}


def compare(events, kind, tags):
    expected = [entry for entry in entries if entry["kind"] == kind]
    for tag, value in tags.items():
        found = events.Scalars(tag)
        assert [event.step for event in found] == [entry["step"] for entry in expected], f"{tag}: {[event.step for event in found]}"
        for event, entry in zip(found, expected):
            assert math.isclose(event.value, value(entry), rel_tol=1e-6), f"{tag} at step {event.step}: {event.value} is not {value(entry)}"
    return len(expected) * len(tags)


def opened(path):
    events = EventAccumulator(str(path), size_guidance={"scalars": 0, "histograms": 0, "images": 0, "tensors": 0})
    events.Reload()
    return events


folder = Path(sys.argv[1])
entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
own = opened(folder)
assert set(own.Tags()["scalars"]) == {tag for tags in TAGS.values() for tag in tags}, own.Tags()["scalars"]
count = sum(compare(own, kind, tags) for kind, tags in TAGS.items())
if any(entry["kind"] == "epoch" and entry["validation"] for entry in entries):
    count += compare(opened(folder / "validation"), "epoch", VALIDATION)
steps = [entry["step"] for entry in entries if entry["kind"] == "epoch"]
histograms, images = own.Tags()["histograms"], own.Tags()["images"]
assert histograms and images == ["kernels/first layer"], own.Tags()
for found in [own.Histograms(tag) for tag in histograms] + [own.Images(tag) for tag in images]:
    assert [event.step for event in found] == steps, [event.step for event in found]
for tag in histograms:
    for event in own.Histograms(tag):
        value = event.histogram_value
        assert math.isclose(sum(value.bucket), value.num), f"{tag}: {sum(value.bucket)} of {value.num}"
print(f"{count} scalars are those of log.jsonl; {len(histograms)} histograms and the kernels are there at each of {len(steps)} epochs")
