"""A client whose events the test writes, and what a real server tells it."""

from __future__ import annotations

from dataclasses import replace

from fakes.connection import RecordingConnection
from foveate_server.operations.registry import operations
from foveate_server.presets import load_presets
from foveate_shared.connection.client import StateChange
from foveate_shared.wire.blobs import Delivery
from foveate_shared.wire.protocol import Limits, ListJobs, ListModels, OperationInfo, Peer, Welcome


class ScriptedClient(RecordingConnection):
    """Writes down what is sent, and hands out what the test put into `events`."""

    def __init__(self):
        super().__init__()
        self.peer = Peer("foveate-krita", "development")
        self.events = []
        self.closed = False
        self.owed = ()  # acks that may not have arrived

    def list_jobs(self):
        self.post(ListJobs(1))
        return 1

    def list_models(self):
        self.post(ListModels(1))
        return 1

    def poll(self):
        events, self.events = self.events, []
        return events

    def close(self):
        self.closed = True
        return self.owed

    def tell(self, *messages):
        """Let messages and changes of the connection be what the next poll returns."""
        self.events += [m if isinstance(m, (StateChange, Delivery)) else Delivery(m) for m in messages]


# What the tests of editors are about: one more operation is no change of theirs.
SHOWN = ("refocus", "faces", "detect", "upscale", "fill", "compare")


def real_welcome(*, change=lambda infos: infos):
    """Return what a server with our operations and presets says; `change` may say something else."""
    presets, infos = load_presets(None), []
    for operation in (operations()[name] for name in SHOWN):
        properties = dict(operation.parameters.schema["properties"])
        if "preset" in properties:
            properties["preset"] = {**properties["preset"], "x-presets": presets.described()}
        infos.append(
            OperationInfo(operation.name, operation.title, {**operation.parameters.schema, "properties": properties})
        )
    return Welcome(1, Peer("foveate", "9.9"), (), Limits(), tuple(change(infos)))


def with_parameter(operation, name, **changed):
    """Return what changes a parameter's schema for :func:`real_welcome`; a value of None takes an entry away."""

    def change(infos):
        for info in infos:
            if info.name == operation:
                properties = dict(info.parameters["properties"])
                merged = {**properties.get(name, {}), **changed}
                properties[name] = {key: value for key, value in merged.items() if value is not None}
                yield replace(info, parameters={**info.parameters, "properties": properties})
            else:
                yield info

    return change


def with_operation(info):
    """Return what adds an operation, as a third party does it, for :func:`real_welcome`."""
    return lambda infos: [*infos, info]
