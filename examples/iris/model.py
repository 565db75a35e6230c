"""Trains the model when the bundle is loaded: the data comes with scikit-learn, and a fit takes milliseconds.

A larger model would lie beside this file in the zip and be read here: the working directory is the bundle's.
"""

from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB


def my_load_model_fn():
    iris = load_iris()
    classifier = GaussianNB().fit(iris.data, iris.target)
    return classifier, [str(name) for name in iris.target_names]
