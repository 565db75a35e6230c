"""`make docs-site`: the pages of docs/ as a site, in build/site."""
