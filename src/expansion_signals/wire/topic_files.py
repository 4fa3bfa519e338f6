"""Topics as they are written in `schemas/topics/`: what is in each, and how the broker must keep it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from expansion_signals.model.stages import STAGES
from expansion_signals.wire.schema_files import schema_files


class Version(BaseModel):
    """One event type in one version: the schema of its data below `schemas/`, and how that schema may change.

    `backward`, for what is read: a new schema still reads what was written under the old one. `forward`, for what
    is published: readers of the old schema go on reading, as long as they ignore what they do not know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_path: Annotated[str, Field(alias="schema")]
    compatibility: Literal["backward", "forward"]


class Topic(BaseModel):
    """One topic. `config` holds topic settings by the broker's names; `versions` is keyed by CloudEvents type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    producers: list[str]
    consumers: list[str]
    key: str
    partitions: PositiveInt
    replication: PositiveInt
    config: Mapping[str, str]
    versions: Mapping[str, Version]

    @property
    def is_of_a_worker(self) -> bool:
        """Whether a worker reads or writes it; subscribers keep others among themselves."""
        return not set(STAGES).isdisjoint((*self.producers, *self.consumers))


@cache  # reading them takes 30 ms, and a worker that looks after its topics would count nothing meanwhile
def topics() -> tuple[Topic, ...]:
    """Return every topic of `schemas/topics/`, in the order of their names; a file's name is its topic's."""
    found = [
        Topic(name=file.name.removesuffix(".yaml"), **yaml.safe_load(file.read_text(encoding="utf-8")))
        for file in (schema_files() / "topics").iterdir()
        if file.name.endswith(".yaml")
    ]
    return tuple(sorted(found, key=lambda topic: topic.name))
