"""From four measurements to a species."""


def my_load_predict_fn(model):
    classifier, names = model

    def predict(sepal_length, sepal_width, petal_length, petal_width):
        probabilities = classifier.predict_proba([[sepal_length, sepal_width, petal_length, petal_width]])[0]
        return {"species": names[probabilities.argmax()], "probability": float(probabilities.max())}

    return predict
