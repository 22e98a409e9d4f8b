"""Train one half of the pipeline (syntax or names) from spaCy corpora on disk, keeping the best checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path

from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config, load_model_from_config

HERE = Path(__file__).parent


def train_half(half: str, work: Path) -> Path:
    """Train `half` ("syntax" or "ner") on `work/train-<half>.spacy`; return the best model's folder."""
    config = load_config(
        HERE / f"{half}.cfg",
        overrides={
            "corpora.train.path": str(work / f"train-{half}.spacy"),
            "corpora.dev.path": str(work / f"dev-{half}.spacy"),
        },
    )
    filled = load_model_from_config(config, auto_fill=True, validate=False).config  # spaCy's defaults for the rest
    nlp: Language = init_nlp(filled)
    out = work / half
    out.mkdir(parents=True, exist_ok=True)
    train(nlp, out, stdout=sys.stdout, stderr=sys.stderr)
    return out / "model-best"
