"""What a page is made of: sections as values, whose blocks one template each renders.

A section says what is shown and in which order; how a block looks stands in its template,
``templates/blocks/NAME.html``, which is named after its class. A new kind of block is a class and
a template.
"""

from depthstudy.report.blocks.block import Block
from depthstudy.report.blocks.cards import (
    FindingCard,
    Findings,
    Front,
    Gallery,
    Lede,
    Nets,
    Replies,
    Reply,
    Sentences,
    Shot,
    Side,
    Verdict,
    Verdicts,
)
from depthstudy.report.blocks.content import (
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
    "Gallery",
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
    "Replies",
    "Reply",
    "Row",
    "Section",
    "Sentences",
    "Shot",
    "Side",
    "Table",
    "Text",
    "Verdict",
    "Verdicts",
]
