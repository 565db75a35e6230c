"""Print what one of the product's images installs: the project's dependencies and those of one extra.

Read from pyproject.toml, so that a change of the source alone leaves the image's layer of dependencies as it is.
"""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text())["project"]
print("\n".join([*project["dependencies"], *project["optional-dependencies"][sys.argv[2]]]))
