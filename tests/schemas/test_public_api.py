import subprocess
import sys

import factloom


def test_all_is_sorted_complete_and_importable() -> None:
    assert factloom.__all__ == sorted(factloom.__all__)
    for name in factloom.__all__:
        assert getattr(factloom, name).__module__.startswith("factloom.")


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(factloom, "NoSuchThing")


def test_importing_loads_no_heavy_library() -> None:
    heavy = "{'faiss', 'spacy', 'onnxruntime', 'onnx', 'openai', 'huggingface_hub', 'networkx', 'typer'}"
    code = f"import sys, factloom; factloom.Memory; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
