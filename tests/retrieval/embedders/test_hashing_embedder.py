import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from factloom.retrieval.embedders import HashingEmbedder
from factloom.schemas.errors import InvalidInputError


def cosine(one: str, two: str) -> float:
    a, b = HashingEmbedder().embed_documents([one, two])
    return float(a @ b)


def test_texts_that_share_words_are_nearer() -> None:
    related = cosine("Alice moved to Lisbon in May", "where did Alice move?")
    assert related > cosine("Alice moved to Lisbon in May", "where did the soup boil over?") + 0.2


def test_forms_of_a_word_and_typing_errors_are_near() -> None:
    assert cosine("moving", "moved") > 0.6
    assert cosine("photography", "photografy") > cosine("photography", "volleyball") + 0.1


def test_function_words_alone_relate_little() -> None:
    assert cosine("the cat is on the sofa", "the tax is on the invoice") < 0.3


def test_case_and_width_do_not_matter() -> None:
    assert cosine("LISBON", "lisbon") == pytest.approx(1)
    assert cosine("Ｌｉｓｂｏｎ", "lisbon") == pytest.approx(1)


def test_vectors_are_the_same_everywhere() -> None:
    # Pinned: vectors made elsewhere, or by an older version, must still fit. The name says which these are.
    assert HashingEmbedder().name == "hashing-1/256"
    vector = HashingEmbedder(8).embed_documents(["Alice moved to Lisbon."])[0]
    np.testing.assert_allclose(vector, PINNED, atol=1e-6)


PINNED = [0.060798, 0.604593, -0.055501, 0.543795, -0.543795, 0.042664, -0.055501, -0.177097]


def test_vectors_do_not_depend_on_the_process() -> None:
    code = (
        "from factloom.retrieval.embedders import HashingEmbedder\n"
        "import sys; sys.stdout.write(HashingEmbedder().embed_documents(['héllo wörld again']).tobytes().hex())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {HashingEmbedder().embed_documents(["héllo wörld again"]).tobytes().hex()}


def test_many_threads_get_what_one_gets() -> None:
    embedder = HashingEmbedder()
    texts = [f"word{n} moving relations happily {n * 7}" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda text: embedder.embed_documents([text])[0], texts))
    np.testing.assert_array_equal(rows, embedder.embed_documents(texts))


def test_too_few_dimensions_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="dimension"):
        HashingEmbedder(4)
