"""What a message quotes of an entry that is refused."""

from __future__ import annotations

import pytest

from bundle_spec.requirements import check_requirements

LOGIN = "https://me:hunter2@packages.example.com/simple"


@pytest.mark.parametrize("entry", [f"--index-url {LOGIN}", f"thing @ git+{LOGIN}", LOGIN, f"thing @ {LOGIN} x y"])
def test_a_login_in_an_entry_that_is_refused_is_not_quoted(entry: str) -> None:
    """A condition is in events and logs too, which more people read than may read the bundle."""
    with pytest.raises(ValueError, match=r"requirements\[0\] is .*https://packages\.example\.com/simple") as refused:
        check_requirements([entry])
    assert "hunter2" not in str(refused.value)
