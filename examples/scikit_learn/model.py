"""From the chemistry of a wine to its cultivar, by a pipeline that is trained when the bundle is made."""

from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

WINE = load_wine()
MODEL = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(WINE.data, WINE.target)
CULTIVARS = [str(name) for name in WINE.target_names]


def predict(measurements: list[float]) -> dict[str, float]:
    """The probability of each cultivar, for the 13 measurements of load_wine()."""
    probabilities = MODEL.predict_proba([measurements])[0]
    return dict(zip(CULTIVARS, probabilities.tolist(), strict=True))
