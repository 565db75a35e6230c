"""How far diabetes goes within a year: a regression by gradient boosting."""

from sklearn.datasets import load_diabetes
from xgboost import XGBRegressor

DIABETES = load_diabetes()
MODEL = XGBRegressor(n_estimators=40, max_depth=3, n_jobs=1).fit(DIABETES.data, DIABETES.target)


def predict(
    age: float,
    sex: float,
    bmi: float,
    bp: float,
    s1: float,
    s2: float,
    s3: float,
    s4: float,
    s5: float,
    s6: float,
) -> float:
    """Of the ten measurements of load_diabetes(), each of which is a field of the request."""
    return float(MODEL.predict([[age, sex, bmi, bp, s1, s2, s3, s4, s5, s6]])[0])
