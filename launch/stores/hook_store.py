"""The original's way to store bundles: the user's own two functions, one for the place and one for the upload."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from launch.errors import InvalidBundleError, WrongTypeError
from launch.stores.artifact import Packed
from launch.stores.content_key import check_unchanged


class HookStore:
    """What the functions raise passes through as it is: it is the user's own."""

    def __init__(
        self, upload_fn: Optional[Callable[[bytes, str], Any]], location_fn: Optional[Callable[[], str]]
    ) -> None:
        if upload_fn is None or location_fn is None:
            missing = "register_upload_bundle_fn" if upload_fn is None else "register_bundle_location_fn"
            raise InvalidBundleError(f"one upload hook without the other: call {missing} too.")
        self._upload, self._location = upload_fn, location_fn
        self._uris: Dict[Packed, str] = {}

    def check(self) -> None:
        """The functions can only be tried by storing something."""

    def uri_of(self, packed: Packed) -> str:
        """What the location function says, asked once for each file: it may give another address at every call."""
        if packed not in self._uris:
            uri = self._location()
            if not isinstance(uri, str) or not uri:
                raise WrongTypeError(
                    f"the function of register_bundle_location_fn returned {uri!r}; it has to return the URL that the "
                    "bundle will be stored at, as a string."
                )
            self._uris[packed] = uri
        return self._uris[packed]

    def put(self, packed: Packed, progress: bool = True) -> bool:
        """The whole file in memory, as the function takes it."""
        check_unchanged(packed)
        self._upload(packed.path.read_bytes(), self.uri_of(packed))
        return True

    def remove(self, uri: str) -> bool:
        """There is no hook for it."""
        return False
