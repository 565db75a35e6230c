"""Whether a short text sounds pleased: a transformer's encoder over the bytes of the text, in PyTorch on a CPU.

It is as small as such a model can be, is trained in seconds when the bundle is made, and has the parts of a large one:
tokens, a mask for what is padding, an encoder, a pooled head.
"""

import torch
from torch import nn

LONGEST = 48
TEXTS = {
    1.0: ["what a lovely day", "i am happy with it", "great work", "this is wonderful", "i love this", "very good"],
    0.0: ["what an awful day", "i am sad about it", "poor work", "this is terrible", "i hate this", "very bad"],
}


class Encoder(nn.Module):
    """Bytes to one number, the logit of `pleased`."""

    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(257, 32, padding_idx=256)
        self.places = nn.Parameter(torch.zeros(LONGEST, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(32, 1)

    def forward(self, tokens):
        padding = tokens == 256
        states = self.encoder(self.tokens(tokens) + self.places, src_key_padding_mask=padding)
        kept = (~padding).unsqueeze(-1)
        return self.head((states * kept).sum(1) / kept.sum(1)).squeeze(-1)


def tokens_of(texts):
    """A row of LONGEST bytes for each text, 256 where it has ended."""
    rows = [list(text.lower().encode())[:LONGEST] or [0] for text in texts]
    return torch.tensor([row + [256] * (LONGEST - len(row)) for row in rows])


def trained(steps=60):
    """The same weights on each run of one version of PyTorch."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    encoder = Encoder()
    tokens = tokens_of([text for texts in TEXTS.values() for text in texts])
    wanted = torch.tensor([value for value, texts in TEXTS.items() for _ in texts])
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.005)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(encoder(tokens), wanted).backward()
        optimizer.step()
    return encoder.eval()


class Pleased:
    """Answers many texts in one pass, as a server with a GPU wants it."""

    max_batch_size = 32

    def __init__(self, encoder):
        self.encoder = encoder

    def predict_batch(self, rows):
        with torch.inference_mode():
            logits = self.encoder(tokens_of([row["text"] for row in rows]))
        return [{"pleased": round(value, 4)} for value in torch.sigmoid(logits).tolist()]


def load_predict_fn(encoder):
    return Pleased(encoder)


model = trained()
