"""Architecture search: proposals over values, judged on validation data, and trained anew.

``run`` is ``study.run`` for configs that leave their variants to a search.
"""

from depthstudy.search.run import describe, describe_parts, run, search
from depthstudy.search.space import Gene, Genome, Space, StageSpace

__all__ = ["Gene", "Genome", "Space", "StageSpace", "describe", "describe_parts", "run", "search"]
