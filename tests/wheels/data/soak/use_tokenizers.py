"""A tokenizer trained on the spot, with threads, and used."""
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

words = Tokenizer(models.BPE(unk_token="?"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
trainer = trainers.BpeTrainer(vocab_size=200, special_tokens=["?"],
                              show_progress=False)
words.train_from_iterator(["green corn grows", "corn is green"] * 500, trainer)
assert words.encode("green corn").tokens == ["green", "corn"]
assert len(words.encode_batch(["corn green"] * 100)) == 100
assert Tokenizer.from_str(words.to_str()).get_vocab_size() == \
    words.get_vocab_size()
