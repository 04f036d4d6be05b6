"""A net in the formats of others, each run and compared with the net before it is kept."""

from depthstudy.deploy.export.formats import FORMATS
from depthstudy.deploy.export.write import Exported, export

__all__ = ["FORMATS", "Exported", "export"]
