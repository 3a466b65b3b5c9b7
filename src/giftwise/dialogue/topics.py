"""Interests as people write them in; topics of gifts, from the taxonomy or by the words themselves, out."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from giftwise.dialogue.stems import stem, stems
from giftwise.dialogue.taxonomy import LANGUAGES, OWN, Taxonomy, Topic, ideas_of, load_taxonomy
from giftwise.recommend.reasons import Language

LONGEST: Final = 60  # characters of such a topic's name

_BREAKS: Final = re.compile(r"[,;/\n\r•|.!?()«»\"]+|\s[&+–—-]\s")
_JOINTS: Final = frozenset({"и", "а", "но", "или", "еще", "также", "плюс", "and", "or", "but", "also", "plus"})
_TURNS: Final = frozenset({"но", "а", "but", "зато"})  # end what a "not" is about
_NOT: Final = frozenset(
    stem(word)
    for word in (
        "не", "нет", "без", "кроме", "никаких", "никакого", "ненавидит", "аллергия", "избегает", "бросил", "бросила",
        "no", "not", "without", "except", "hate", "hates", "dislikes", "avoid", "avoids", "allergic", "allergy",
        "doesn", "don", "ничего", "nothing", "never", "quit",
    )
)  # fmt: skip
# "Cannot live without" is a love, whatever its words say.
_LOVES: Final = re.compile(
    r"(жить )?не (может|могут|могу|мыслит)( своей)?( жизни| жить)? без|жить не \w+ без|без ума от|не только|"
    r"can(no|'|’)?t live without|cannot live without|not only",
    re.IGNORECASE,
)
_FILLERS: Final = frozenset(
    stem(word)
    for word in (
        "любит", "люблю", "обожает", "увлекается", "интересуется", "занимается", "нравится", "нравятся", "ценит",
        "очень", "все", "всё", "про", "связанное", "что", "это", "с", "со", "в", "во", "на", "о", "об", "к", "для",
        "она", "он", "они", "его", "ее", "её", "их", "фанат", "фанатка", "поклонник", "иногда", "часто", "свое", "свой",
        "likes", "like", "loves", "love", "enjoys", "enjoy", "adores", "is", "are", "into", "he", "she", "they", "his",
        "her", "their", "really", "very", "all", "about", "things", "thing", "stuff", "fan", "of", "the", "an", "to",
        "big", "huge", "with", "for", "in", "on", "interested", "keen", "everything", "related", "хобби", "hobby",
        "не", "нет", "без", "кроме", "никаких", "никакого", "ненавидит", "терпеть", "может", "аллергия", "избегает",
        "no", "not", "without", "except", "hate", "dislikes", "avoids", "allergic", "allergy", "doesn", "don", "t",
        "any", "please", "пожалуйста", "только", "бросил", "бросила", "пить", "never", "quit", "стоит", "надо", "нужно",
        "дарить", "дарите", "ничего", "nothing", "give", "from", "от",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that was said: which topics it names, its words, and whether it is what is not wanted."""

    topics: tuple[str, ...]
    text: str
    unwanted: bool


def find_topics(interests: Sequence[str], description: str | None, language: Language) -> list[Topic]:
    """The topics that are named, in the order in which they are, each once.

    What no topic's words are in becomes a topic of its own if it stands among the interests; in a description it is
    passed over. What is not wanted ("without alcohol") is no interest. A wide topic gives way to its own branch.
    """
    taxonomy = load_taxonomy()
    found: dict[str, Topic] = {}
    for text in interests:
        for piece in read_pieces(text):
            if not piece.unwanted:
                for name in piece.topics:
                    found.setdefault(name, taxonomy.topics[name])
                if not piece.topics and piece.text:
                    own = own_topic(piece.text)
                    found.setdefault(own.id, own)
    for piece in read_pieces(description or ""):
        if not piece.unwanted:
            for name in piece.topics:
                found.setdefault(name, taxonomy.topics[name])
    return [topic for topic in found.values() if not any(branch in found for branch in topic.branches)]


def topic_by_id(topic_id: str, language: Language) -> Topic:
    """A topic of the taxonomy, or the one that somebody's own words made."""
    known = load_taxonomy().topics.get(topic_id)
    return known if known is not None else own_topic(topic_id.removeprefix(OWN))


def own_topic(text: str) -> Topic:
    """A topic that is known by nothing but these words."""
    name = text[:LONGEST].strip()
    title = name[:1].upper() + name[1:]
    both: dict[Language, str] = dict.fromkeys(LANGUAGES, title)
    return Topic(
        id=OWN + name.lower(),
        names=both,
        loves={language: f"«{name}»" if language == "ru" else name for language in LANGUAGES},
        words=dict.fromkeys(LANGUAGES, (name,)),
    )


def narrow(topic: Topic, answer: str, language: Language) -> Topic:
    """The topic with an answer to its question in it: a branch, another topic that is named, or its words beside."""
    taxonomy = load_taxonomy()
    said = stems(answer)
    for branch in taxonomy.branches(topic):
        if said in {stems(branch.names[one]) for one in LANGUAGES}:
            return replace(branch, id=topic.id)
    named = find_topics([answer], None, language)
    if not named:
        return replace(topic, branches=(), ideas=ideas_of(topic))
    if named[0].known:
        return replace(named[0], id=topic.id, branches=(), ideas=ideas_of(named[0]))
    words = {one: (answer, *topic.words[one]) for one in LANGUAGES}
    return replace(topic, branches=(), words=words, ideas=ideas_of(topic))


def read_pieces(text: str) -> Iterator[Piece]:
    """What a text says, one thing after another."""
    taxonomy = load_taxonomy()
    plain = _LOVES.sub(" ", text)
    for chunk in _BREAKS.split(plain):
        unwanted = False
        for words in _split(chunk, taxonomy):
            forms = [stem(word) for word, _ in words]
            if forms and words[0][0] in _TURNS:
                unwanted = False
            unwanted = unwanted or any(form in _NOT for form in forms)
            names = tuple(dict.fromkeys(name for _, name in words if name is not None))
            said = [word for word, form in zip((word for word, _ in words), forms, strict=True) if _says(word, form)]
            if said or names:
                yield Piece(names, _as_written(chunk, said or [word for word, _ in words]), unwanted)


Word = tuple[str, str | None]  # as compared, and the topic that it is a part of


def _split(chunk: str, taxonomy: Taxonomy) -> Iterator[list[Word]]:
    """A chunk's words between its joints; a joint within a topic's own words ("arts and crafts") is none."""
    words = _plain(chunk)
    forms = tuple(stem(word) for word in words)
    piece: list[Word] = []
    at = 0
    while at < len(words):
        size = next((size for size in range(taxonomy.longest, 0, -1) if forms[at : at + size] in taxonomy.by_words), 0)
        if size:
            name = taxonomy.by_words[forms[at : at + size]]
            piece += [(word, name) for word in words[at : at + size]]
        elif words[at] in _JOINTS:
            yield piece
            piece = [(words[at], None)] if words[at] in _TURNS else []
        else:
            piece.append((words[at], None))
        at += max(size, 1)
    yield piece


def _plain(text: str) -> list[str]:
    return re.sub(r"[\W_]+", " ", text.casefold().replace("ё", "е")).split()


def _says(word: str, form: str) -> bool:
    return form not in _FILLERS and word not in _JOINTS


def _as_written(chunk: str, said: Sequence[str]) -> str:
    """The stretch of the chunk from the first word that says something to the last, as it was written."""
    spans = [(found.start(), found.end()) for found in re.finditer(r"[^\W_]+", chunk)]
    plain = [_plain(chunk[start:end])[0] for start, end in spans]
    first = plain.index(said[0])
    last = next(place for place in range(first + len(said) - 1, len(plain)) if plain[place] == said[-1])
    return chunk[spans[first][0] : spans[last][1]].strip()


def words_of(topic: Topic, first: Language) -> Iterable[str]:
    """What a topic is searched by, the words of the session's language first."""
    other: Language = "en" if first == "ru" else "ru"
    return dict.fromkeys((*topic.words[first], *topic.words[other]))
