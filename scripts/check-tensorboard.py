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
        "epoch/train_loss": lambda entry: entry["train"]["loss"],
        "epoch/train_top1": lambda entry: entry["train"]["top1"],
        "epoch/val_loss": lambda entry: entry["validation"]["loss"],
        "epoch/val_top1": lambda entry: entry["validation"]["top1"],
        "epoch/val_top5": lambda entry: entry["validation"]["top5"],
    },
}

folder = Path(sys.argv[1])
entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
events.Reload()
assert set(events.Tags()["scalars"]) == {tag for tags in TAGS.values() for tag in tags}, events.Tags()["scalars"]
count = 0
for kind, tags in TAGS.items():
    expected = [entry for entry in entries if entry["kind"] == kind]
    for tag, value in tags.items():
        found = events.Scalars(tag)
        assert [event.step for event in found] == [entry["step"] for entry in expected], f"{tag}: {[event.step for event in found]}"
        for event, entry in zip(found, expected):
            assert math.isclose(event.value, value(entry), rel_tol=1e-6), f"{tag} at step {event.step}: {event.value} is not {value(entry)}"
            count += 1
print(f"{count} scalars in {len(list(folder.glob('events.out.tfevents.*')))} files are those of log.jsonl")
