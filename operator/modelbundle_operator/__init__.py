"""The operator: turns ModelBundles into what serves them."""
