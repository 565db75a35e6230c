"""From the artifact's bytes to predict_fn."""
