"""How many households of a commune go which way in a year, so that last year's stock becomes this year's."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from synthetic.targets import Target

GONE = ("moved_out", "merged", "single_died", "other_decrease")
COME = ("moved_in", "split_off", "other_increase")


@dataclass
class Stream:
    """What enters and leaves one class, those who change between the two classes apart."""

    escaped: int = 0
    gone: int = 0
    relapsed: int = 0
    newly: int = 0
    come: int = 0

    @property
    def entering(self) -> int:
        return self.relapsed + self.newly + self.come


@dataclass
class Flows:
    poor: Stream
    near_poor: Stream
    poor_to_near: int
    near_to_poor: int


def _some(rng: Random, households: int, share: float) -> int:
    return sum(rng.random() < share for _ in range(households))


def _settle(stream: Stream, stays_possible: int, closing: int, gone: int) -> int:
    """Households that must leave for the closing to come out; new cases are added where too many would stay."""
    leaving = stays_possible + stream.entering - closing
    if leaving < 0:
        stream.newly -= leaving
        leaving = 0
    stream.gone = min(leaving, gone)
    return leaving - stream.gone


def flows(rng: Random, before: Target, after: Target) -> Flows:
    poor, near = Stream(), Stream()
    turned_poor = _some(rng, before.near_poor, 0.011)
    poor.relapsed = _some(rng, before.poor, 0.012)
    poor.newly = _some(rng, before.poor, 0.035)
    poor.come = _some(rng, before.poor, 0.014)
    if turned_poor + poor.entering > after.poor // 2:
        turned_poor, poor.relapsed, poor.newly, poor.come = 0, 0, 0, 0
    left_poor = _settle(poor, before.poor + turned_poor, after.poor, _some(rng, before.poor, 0.02))
    to_near = _some(rng, left_poor, 0.5)
    poor.escaped = left_poor - to_near

    near.relapsed = _some(rng, before.near_poor, 0.01)
    near.newly = _some(rng, before.near_poor, 0.03)
    near.come = _some(rng, before.near_poor, 0.009)
    near.escaped = _settle(near, before.near_poor - turned_poor + to_near, after.near_poor, _some(rng, before.near_poor, 0.014))
    if near.escaped + near.gone + turned_poor > before.near_poor:
        raise ValueError("more households leave the near-poor than there were")
    return Flows(poor, near, to_near, turned_poor)
