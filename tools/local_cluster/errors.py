"""The one kind of failure that is the user's to read: what happened, and what to do about it."""


class ClusterError(Exception):
    """Something the person at the keyboard can act on; anything else is a bug and shows its traceback."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what


class NotUpError(ClusterError):
    """Asked of a cluster that is not there; its own class because scripts tell it apart by the exit code."""
