"""What a page is made of: sections as values, whose blocks one template each renders.

A section says what is shown and in which order; how a block looks stands in its template,
``templates/blocks/NAME.html``, which is named after its class. A new kind of block is its class,
its template, and its name in ``Block``.
"""

from depthstudy.report.blocks.cards import (
    FindingCard,
    Findings,
    Front,
    Lede,
    Nets,
    Sentences,
    Side,
    Verdict,
    Verdicts,
)
from depthstudy.report.blocks.content import (
    Block,
    Charts,
    Code,
    Command,
    Details,
    Facts,
    Figure,
    Files,
    Fold,
    Heading,
    Image,
    Items,
    Key,
    Mark,
    Ramp,
    Text,
)
from depthstudy.report.blocks.page import (
    Page,
    Picture,
    Section,
)
from depthstudy.report.blocks.tables import (
    Cell,
    Row,
    Table,
)

__all__ = [
    "Block",
    "Cell",
    "Charts",
    "Code",
    "Command",
    "Details",
    "Facts",
    "Figure",
    "Files",
    "FindingCard",
    "Findings",
    "Fold",
    "Front",
    "Heading",
    "Image",
    "Items",
    "Key",
    "Lede",
    "Mark",
    "Nets",
    "Page",
    "Picture",
    "Ramp",
    "Row",
    "Section",
    "Sentences",
    "Side",
    "Table",
    "Text",
    "Verdict",
    "Verdicts",
]
