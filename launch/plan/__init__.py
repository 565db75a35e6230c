"""`modelbundle plan`: what would become of a bundle, before anything is applied."""
