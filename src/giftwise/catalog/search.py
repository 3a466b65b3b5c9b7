"""Words in, the items whose texts have them out: PostgreSQL's full-text search over the mirror of the items' texts."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, text

from giftwise.catalog.model import Model
from giftwise.db.own import OwnDatabase
from giftwise.ids import parse_all

MOST_HITS: Final = 600  # of each query, the best ones
QUERY_CHARACTERS: Final = 200
PREFIX_LETTERS: Final = 4  # a shorter word that no item has is not taken for the beginning of another
# Said in every search for a gift, and true of every item: they count for little, so that "gift for a gardener" is about
# the gardener; in "gift bag" the bag then leads.
PASSING_WORDS: Final = (
    "gift gifts present presents idea ideas something someone thing things lover lovers love loves loving fan fans like"
    " likes who person people set sets best good nice great want wants"
    " подарок подарки подарочный подарочная подарочное идея что-то что-нибудь кто-то любитель любителя любительница"
    " любит фанат вещь набор наборы лучший хороший для"
)
PASSING_SHARE: Final = 0.15  # of a word's weight, where it is one of these

_CYRILLIC: Final = re.compile(r"[а-яё]", re.IGNORECASE)

# A word counts by its rarity in the catalog (as BM25 has it), times ts_rank of the item's text, which is higher for
# titles than for descriptions and in shorter texts. A word that no item has is tried as the beginning of one, then as
# two words: "lunchbox" finds lunch boxes. Two neighbours are tried as one: "door stop" finds doorstops.
_SEARCH: Final = """
WITH asked AS (
    SELECT n, words, joined
    FROM unnest(CAST(:queries AS text[]), CAST(:joined AS text[])) WITH ORDINALITY AS asked(words, joined, n)
), said AS MATERIALIZED (
    SELECT n, lexeme, bool_and(is_joined) AS is_joined,
        '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS quoted
    FROM (
        SELECT n, lexeme, false AS is_joined FROM asked, unnest(to_tsvector('{language}', words))
        UNION ALL
        SELECT n, lexeme, true FROM asked, unnest(to_tsvector('{language}', joined))
    ) words GROUP BY n, lexeme
), terms AS MATERIALIZED (
    SELECT lexeme, quoted, bool_and(is_joined) AS is_joined FROM said GROUP BY lexeme, quoted
), whole AS MATERIALIZED (
    SELECT lexeme, item_id, ts_rank('{weights}', search_{language}, quoted\\:\\:tsquery, 1) AS strength
    FROM terms JOIN item_texts ON search_{language} @@ quoted\\:\\:tsquery WHERE catalog = :catalog
), begun AS MATERIALIZED (
    SELECT lexeme, item_id, {guess_share} * ts_rank('{weights}', search_{language}, (quoted || '\\:*')\\:\\:tsquery, 1)
        AS strength
    FROM terms JOIN item_texts ON search_{language} @@ (quoted || '\\:*')\\:\\:tsquery
    WHERE catalog = :catalog AND length(lexeme) >= {letters} AND NOT is_joined AND NOT EXISTS (
        SELECT FROM whole WHERE whole.lexeme = terms.lexeme
    )
), halves AS MATERIALIZED (
    SELECT lexeme,
        plainto_tsquery('{language}', left(lexeme, at)) && plainto_tsquery('{language}', substr(lexeme, at + 1)) AS pair
    FROM terms, generate_series({letters}, length(lexeme) - 3) AS at
    WHERE NOT is_joined AND lexeme NOT IN (SELECT lexeme FROM whole UNION ALL SELECT lexeme FROM begun)
), split AS MATERIALIZED (
    SELECT lexeme, item_id, max({guess_share} * ts_rank('{weights}', search_{language}, pair, 1)) AS strength
    FROM halves JOIN item_texts ON search_{language} @@ pair
    WHERE catalog = :catalog AND numnode(pair) = 3 GROUP BY lexeme, item_id
), hits AS MATERIALIZED (
    SELECT * FROM whole UNION ALL SELECT * FROM begun UNION ALL SELECT * FROM split
), rarity AS MATERIALIZED (
    SELECT lexeme, ln(1 + CAST(:items AS float8) / (1 + count(item_id)))
        * CASE WHEN lexeme = ANY(tsvector_to_array(to_tsvector('{language}', CAST(:passing AS text))))
        THEN {passing_share} ELSE 1 END AS weight
    FROM terms LEFT JOIN hits USING (lexeme) GROUP BY lexeme
), ideal AS (
    SELECT n, sum(weight) AS weight FROM said JOIN rarity USING (lexeme) WHERE NOT is_joined GROUP BY n
), scored AS (
    SELECT n, item_id, sum(weight * strength) AS score
    FROM said JOIN rarity USING (lexeme) JOIN hits USING (lexeme) GROUP BY n, item_id
), placed AS (
    SELECT n, item_id, score, row_number() OVER (PARTITION BY n ORDER BY score DESC, item_id) AS place FROM scored
)
SELECT n, array_agg(item_id ORDER BY place), array_agg(CAST(score / ideal.weight AS float4) ORDER BY place)
FROM placed JOIN ideal USING (n) WHERE place <= {most} GROUP BY n
"""
GUESS_SHARE: Final = 0.7  # of a word's weight, where it is not the item's own but like it
WEIGHTS: Final = "{0.1, 0.25, 0.5, 1}"  # of what is in no field, in the category, in the description, in the title
STRONGEST: Final = 0.6079271  # what ts_rank says of a word that a title of one word is


class Hits(NamedTuple):
    """The items that answer one query, best first: positions in the model, and 0..1, 1 being a title of these words."""

    places: NDArray[np.int32]
    scores: NDArray[np.float32]


NO_HITS: Final = Hits(np.empty(0, np.int32), np.empty(0, np.float32))


def plain_query(query: str) -> str:
    """A query as it is searched for and kept: one spelling, bounded."""
    return " ".join(query.replace("\0", " ").lower().replace("ё", "е").split())[:QUERY_CHARACTERS]


async def search_texts(own: OwnDatabase, model: Model, queries: Sequence[str]) -> Mapping[str, Hits]:
    """What answers each of the plain queries, in one round trip a language; OwnDatabaseUnavailable.

    A query with Cyrillic letters is read as Russian, any other as English. Items that the model does not know (yet)
    are left out, so nothing is found that it could not vouch for.
    """
    found: dict[str, Hits] = dict.fromkeys(queries, NO_HITS)
    russian = [query for query in queries if _CYRILLIC.search(query)]
    english = [query for query in queries if not _CYRILLIC.search(query)]
    async with own.read() as connection:
        for language, asked in (("russian", russian), ("english", english)):
            if not asked:
                continue
            joined = [_joined(query) for query in asked]
            named = {
                "queries": asked,
                "joined": joined,
                "items": len(model),
                "catalog": model.catalog,
                "passing": PASSING_WORDS,
            }
            for n, ids, scores in await connection.execute(_statement(language), named):
                found[asked[n - 1]] = _hits(model, ids, scores)
    return found


def _joined(query: str) -> str:
    """Each two neighbouring words as one."""
    words = query.split()
    return " ".join(left + right for left, right in pairwise(words) if left.isalpha() and right.isalpha())


def _hits(model: Model, ids: Sequence[str], scores: Sequence[float]) -> Hits:
    known_ids = parse_all(model.id_kind, ids)
    if len(known_ids) != len(ids):
        return NO_HITS  # the host's ids have become of another kind, and the mirror is of before
    places = model.positions(known_ids)
    known = places >= 0
    strengths = np.minimum(np.asarray(scores, dtype=np.float32) / np.float32(STRONGEST), np.float32(1))
    return Hits(places[known], strengths[known])


@lru_cache(maxsize=2)
def _statement(language: str) -> TextClause:
    return text(
        _SEARCH.format(
            language=language,
            weights=WEIGHTS,
            letters=PREFIX_LETTERS,
            most=MOST_HITS,
            guess_share=GUESS_SHARE,
            passing_share=PASSING_SHARE,
        )
    )
