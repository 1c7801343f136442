"""The SDK's descriptions of services, cut down to what we call: a client holds one method instead of a hundred.

Measured with aiobotocore 3.10, see docs/decisions.md. What the chain of credentials may need else stays whole.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

from exporter.aside import in_a_thread
from exporter.aws.flight import SingleFlight

USED = {
    "cloudwatch": frozenset({"GetMetricData", "GetMetricStatistics", "ListMetrics"}),
    "sesv2": frozenset({"GetAccount"}),
    "sts": frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetCallerIdentity"}),
}


class ModelLoader(Loader):
    """The SDK's loader of data files, shared by all sessions, over reloads too, so that each file is read once."""

    _warm = False

    def __init__(self, *, extra_search_paths: list[str]) -> None:
        """Look in *extra_search_paths* besides, and read nothing yet."""
        super().__init__(extra_search_paths=extra_search_paths)
        self._reading = SingleFlight(lambda: in_a_thread(self._read))

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return the data of *service_name*; of its description (`service-2`) only the operations that we use."""
        model = super().load_service_model(service_name, type_name, api_version)
        if type_name == "service-2" and service_name in USED:
            _cut_down(model, USED[service_name])
        return model

    async def warm_up(self) -> None:
        """Have read what clients need: in a thread, as it takes a tenth of a second in which the loop would stand."""
        if not self._warm:
            await self._reading()

    def _read(self) -> None:
        for name in ("endpoints", "partitions", "sdk-default-configuration"):
            self.load_data(name)
        for service in USED:
            self.load_service_model(service, "service-2")
            self.load_service_model(service, "endpoint-rule-set-1")
        self._warm = True


def model_loader(search_path: str | None) -> ModelLoader:
    """Return a loader that also looks where *search_path* (AWS_DATA_PATH) says."""
    places = search_path.split(os.pathsep) if search_path else []
    return ModelLoader(extra_search_paths=[str(Path(os.path.expandvars(place)).expanduser()) for place in places])


def _cut_down(model: dict[str, Any], used: frozenset[str]) -> None:
    """Remove operations not in *used* and the shapes that only they need; in place, as the SDK keeps the object."""
    if model["operations"].keys() <= used:
        return
    model["operations"] = {name: value for name, value in model["operations"].items() if name in used}
    shapes, reached = model["shapes"], set[str]()
    waiting: list[Any] = list(model["operations"].values())
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            name = node.get("shape")
            if isinstance(name, str) and name not in reached:
                reached.add(name)
                waiting.append(shapes[name])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    model["shapes"] = {name: shape for name, shape in shapes.items() if name in reached}
