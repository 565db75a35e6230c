"""Known failures, and what to do about each: one table, asked wherever a bundle is packed, prepared, installed, loaded
or judged.

A row is the pattern of an error, what of the environment it asks, the words and a code; docs/how-to/troubleshooting.md
is made of them. Copied whole into the user's image: Python 3.8 and the standard library. Pure: those who ask look at
the world themselves. It is imported once something has failed, so a bundle that loads pays nothing for it.
"""
