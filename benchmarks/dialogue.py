"""Quizzes and simulated givers over a catalog in; how the guided dialogue does out.

    python -m benchmarks.dialogue [--data generated|online-retail] [--quizzes 500] [--givers 200]

Quizzes in both languages, five rounds of more ideas each: errors, empty sessions, ideas without three products, prices
over budget, titles shown twice, products that the gates should have stopped, milliseconds of a session's init. Givers
with a hidden taste (a kind of product, of a category, at a price): rounds until they accept one, and without steering.
"""

import argparse
import asyncio
import collections
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import mean, median, quantiles
from typing import Final

from benchmarks.search import DATA, learn, prepare
from giftwise.cache.redis import CacheStore
from giftwise.cache.sessions import SessionCache
from giftwise.catalog.store import ModelStore
from giftwise.catalog.watch import ModelWatcher
from giftwise.db import embedded
from giftwise.db.embedded import EmbeddedServers
from giftwise.db.own import OwnDatabase
from giftwise.dialogue.actions import Action
from giftwise.dialogue.brain import RulesBrain
from giftwise.dialogue.dialogue import Dialogue
from giftwise.dialogue.products import ProductFinder
from giftwise.dialogue.quiz import Facts, Quiz
from giftwise.dialogue.session import Gift
from giftwise.dialogue.store import SessionStore
from giftwise.dialogue.taxonomy import LANGUAGES, load_taxonomy
from giftwise.dialogue.tracks import Tracks
from giftwise.log import configure
from giftwise.seeding.world import Scale, seed
from giftwise.settings import Settings
from tests.support.givers import MOST_ROUNDS, open_giver, rounds_until_accepted, want
from tests.support.quizzes import make_quizzes, violations

ROUNDS: Final = 5
# As many public presents as at scale S; private ones only have to be there, so as not to be shown.
GENERATED: Final = Scale("dialogue", public=16_000, private=4_000, likes=200_000, clicks=250_000, users=20_000)
PRICES: Final = {"generated": 1.0, "online-retail": 0.005}  # budgets of the quizzes, times this


@dataclass
class World:
    """A catalog with a dialogue over it."""

    dialogue: Dialogue
    finder: ProductFinder


@dataclass
class Tally:
    """What 500 quizzes came to."""

    sessions: int = 0
    errors: list[str] = field(default_factory=list)
    empty: int = 0
    probes: int = 0
    ideas: int = 0
    thin: int = 0
    over: int = 0
    repeated: int = 0
    closed: list[str] = field(default_factory=list)
    topics: collections.Counter[str] = field(default_factory=collections.Counter)
    milliseconds: list[float] = field(default_factory=list)


async def main() -> int:
    """Measure and print; 1 where something that must be nothing is not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", choices=sorted(PRICES), default="generated")
    parser.add_argument("--quizzes", type=int, default=500)
    parser.add_argument("--givers", type=int, default=200)
    options = parser.parse_args()
    if options.data == "online-retail" and not DATA.is_dir():
        print(f"The data set is not here: {DATA} does not exist. Nothing was measured.", file=sys.stderr)
        return 1
    configure("error")
    async with open_world(options.data) as world:
        tally = await ask(world, options.quizzes, PRICES[options.data])
        if tally.sessions:
            report(tally)
        await court(world, options.givers, options.data)
    return int(bool(tally.errors or tally.empty or tally.thin or tally.over or tally.repeated or tally.closed))


@asynccontextmanager
async def open_world(data: str) -> AsyncIterator[World]:
    """Embedded servers, the catalog learned from, and a dialogue by rules."""
    with (
        tempfile.TemporaryDirectory(prefix="giftwise-dialogue-") as folder,
        await embedded.start(Path(folder)) as servers,
    ):
        settings = await (prepare(servers, Path(folder)) if data != "generated" else _generate(servers, Path(folder)))
        own, cache = OwnDatabase(servers.own_url), CacheStore(servers.redis_url, 500)
        watcher = ModelWatcher(ModelStore(own, settings.data_dir, "presents"), 60)
        await watcher.look()
        finder = ProductFinder(own, watcher, currency="RUB" if data == "generated" else "GBP")
        store = SessionStore(own, SessionCache(cache))
        yield World(Dialogue(own, store, Tracks(RulesBrain(), finder), finder), finder)
        await cache.close()
        await own.close()


async def ask(world: World, count: int, scale: float) -> Tally:
    """Every quiz: its session, then five times more ideas of a topic."""
    tally = Tally()
    for quiz in make_quizzes(count):
        scaled = quiz.model_copy(update={"budget": max(round(quiz.budget * scale), 1) if quiz.budget else None})
        try:
            await _ask(world, scaled, tally)
        except Exception as error:
            tally.sessions += 1
            tally.errors.append(f"{type(error).__name__}: {error} of {scaled.interests}")
    return tally


async def _ask(world: World, quiz: Quiz, tally: Tally) -> None:
    started = time.perf_counter()
    session = await world.dialogue.init(quiz, None)
    tally.milliseconds.append((time.perf_counter() - started) * 1000)
    tally.sessions += 1
    tally.probes += session.current_probe is not None
    tally.topics.update(track.status for track in session.tracks)
    if not session.current_probe and not any(track.hypotheses or track.question for track in session.tracks):
        tally.empty += 1
    if not session.tracks and session.current_probe:
        answer = Action("answer_probe", session.current_probe.options[0])
        session = await world.dialogue.interact(session.session_id, answer)
        tally.empty += not any(track.hypotheses or track.question for track in session.tracks)
    titles: list[str] = []
    known: set[str] = set()
    for number in range(ROUNDS + 1):
        for track in session.tracks:
            for idea in track.hypotheses:
                if idea.id in known:
                    continue
                known.add(idea.id)
                titles.append(idea.title)
                tally.ideas += 1
                tally.thin += len(idea.preview_products) < 3
                _check(quiz, idea.preview_products, 1.1, tally)
        if number < ROUNDS and session.tracks:
            topic = session.tracks[number % len(session.tracks)].topic_id
            session = await world.dialogue.interact(session.session_id, Action("load_more_hypotheses", topic))
    tally.repeated += len(titles) - len(set(titles))
    first = next((idea for track in session.tracks for idea in track.hypotheses), None)
    if first is not None:
        gifts = await world.dialogue.products(first.id)
        _check(quiz, [gift for gift in gifts if not gift.budget_relaxed], 1.0, tally)
        tally.closed += violations(quiz, gifts)


def _check(quiz: Quiz, gifts: Sequence[Gift], factor: float, tally: Tally) -> None:
    if quiz.budget:
        tally.over += sum(gift.price is not None and gift.price > quiz.budget * factor + 0.01 for gift in gifts)
    tally.closed += violations(quiz, gifts)


def report(tally: Tally) -> None:
    """The figures of the quizzes."""
    slow = quantiles(tally.milliseconds, n=20)[-1]
    print(f"{tally.sessions} sessions, {tally.ideas} ideas, tracks {dict(tally.topics)}, {tally.probes} probes")
    print(
        f"errors {len(tally.errors)}, empty {tally.empty}, fewer than 3 products {tally.thin},"
        f" over budget {tally.over}, repeated titles {tally.repeated}, behind a gate {len(tally.closed)}"
    )
    print(f"init: {median(tally.milliseconds):.0f} ms (median), {slow:.0f} ms (p95)")
    for line in (*tally.errors[:10], *tally.closed[:10]):
        print("  ", line)


async def court(world: World, count: int, data: str) -> None:
    """The same givers, in either language, with steering and without."""
    dice = Random(3)
    told: dict[bool, list[int]] = {True: [], False: []}
    topics = [topic for topic in load_taxonomy().topics.values() if not topic.wide]
    languages = LANGUAGES if data == "generated" else ("en",)
    while len(told[True]) < count:
        topic, language = dice.choice(topics), dice.choice(languages)
        facts = Facts(age=30, relationship="partner", language=language)
        wanted = await want(topic, facts, world.finder, dice)
        if wanted is None:
            continue
        number = len(told[True])
        for steer, rounds in told.items():
            giver = open_giver(*wanted)
            rounds.append(await rounds_until_accepted(topic, facts, world.finder, giver, steer=steer, seed=number))
    for steer, rounds in told.items():
        never = sum(number > MOST_ROUNDS for number in rounds)
        name = "with steering" if steer else "without"
        print(f"{name}: median {median(rounds):g} rounds, mean {mean(rounds):.2f}, not within ten: {never} of {count}")


async def _generate(servers: EmbeddedServers, folder: Path) -> Settings:
    await seed(servers.host_owner_url, GENERATED)
    return await learn(servers, folder)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
