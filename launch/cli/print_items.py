"""The items of a streamed prediction on standard output, a line of JSON each, as they come."""

from __future__ import annotations

import json

import click

from launch.cli.errors import Failure
from launch.cluster.posting import Streamed
from launch.cluster.streaming import items
from launch.errors import PredictionError


def print_items(streamed: Streamed) -> None:
    """Failure where the answer is an error, before or between the items."""
    try:
        for item in items(streamed):
            click.echo(json.dumps(item, ensure_ascii=False))
    except PredictionError as error:
        raise Failure(str(error), reason=error.code) from error
