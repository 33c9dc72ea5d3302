"""BERT's forward pass in numpy: from token ids to one vector for each text.

Names of weights are those that the model's file has. In comments B is the
number of texts, T of tokens of the longest, H of numbers a token (384).
"""

import numpy


class Bert:
    def __init__(self, weights, config):
        """weights: {name: array}, as safetensors loads them; config: the
        model's config.json as a dict."""
        self.weights = weights
        self.heads = config["num_attention_heads"]
        self.layers = config["num_hidden_layers"]
        self.epsilon = config["layer_norm_eps"]

    def embed(self, ids, mask):
        """Vectors of length 1, [B, H], of token ids [B, T].

        mask [B, T] is 1 for a token, 0 for padding.
        """
        tokens = self.encode(ids, mask)
        real = mask[:, :, None].astype(numpy.float32)
        mean = (tokens * real).sum(axis=1) / real.sum(axis=1)
        return mean / numpy.linalg.norm(mean, axis=1, keepdims=True)

    def encode(self, ids, mask):
        """What the model knows of each token after its last layer, [B, T, H].
        """
        w = self.weights
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][:ids.shape[1]]
        x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = self.normalise("embeddings.LayerNorm", x)
        # Padding gets so low a score that softmax makes it 0.
        bias = numpy.where(mask, 0, -1e9).astype(numpy.float32)
        for number in range(self.layers):
            x = self.layer(f"encoder.layer.{number}", x, bias)
        return x

    def layer(self, name, x, bias):
        seen = self.attend(f"{name}.attention.self", x, bias)
        seen = self.dense(f"{name}.attention.output.dense", seen)
        x = self.normalise(f"{name}.attention.output.LayerNorm", x + seen)
        inner = gelu(self.dense(f"{name}.intermediate.dense", x))
        inner = self.dense(f"{name}.output.dense", inner)
        return self.normalise(f"{name}.output.LayerNorm", x + inner)

    def attend(self, name, x, bias):
        """Each token's mixture of the others, by how well they match it."""
        texts, tokens, size = x.shape

        def split(part):  # [B, T, H] to [B, heads, T, H / heads]
            whole = self.dense(f"{name}.{part}", x)
            return whole.reshape(texts, tokens, self.heads, -1).swapaxes(1, 2)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.swapaxes(2, 3) / (size // self.heads) ** 0.5
        mixed = softmax(scores + bias[:, None, None, :]) @ value
        return mixed.swapaxes(1, 2).reshape(texts, tokens, size)

    def dense(self, name, x):
        w = self.weights
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def normalise(self, name, x):
        w = self.weights
        x = x - x.mean(axis=-1, keepdims=True)
        variance = (x * x).mean(axis=-1, keepdims=True)
        x = x / numpy.sqrt(variance + self.epsilon)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]


def softmax(scores):
    powers = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def gelu(x):
    return 0.5 * x * (1 + erf(x * numpy.float32(0.5 ** 0.5)))


def erf(x):
    """The error function, within 2e-7: about what a float32 can say.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
    """
    size = numpy.abs(x)
    t = 1 / (1 + 0.3275911 * size)
    series = t * (0.254829592 + t * (-0.284496736 + t * (
        1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return numpy.copysign(1 - series * numpy.exp(-size * size), x)
