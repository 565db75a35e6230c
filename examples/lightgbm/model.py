"""Whether a tumour is benign, from as many measurements as there are: LightGBM takes a missing one as it is."""

from lightgbm import LGBMClassifier
from sklearn.datasets import load_breast_cancer

TUMOURS = load_breast_cancer()
COLUMNS = [str(name) for name in TUMOURS.feature_names]
MODEL = LGBMClassifier(n_estimators=40, num_leaves=7, n_jobs=1, verbose=-1).fit(TUMOURS.data, TUMOURS.target)


def predict(measurements: dict[str, float | None]) -> float:
    """The probability that it is benign; a measurement that is null, or not there, is missing."""
    unknown = set(measurements) - set(COLUMNS)
    if unknown:
        raise ValueError(f"there is no measurement {sorted(unknown)[0]!r}")
    values = [measurements.get(name) for name in COLUMNS]
    row = [float("nan") if value is None else value for value in values]
    return float(MODEL.predict_proba([row])[0, 1])
