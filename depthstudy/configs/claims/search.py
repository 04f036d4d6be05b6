"""Claim 12: architecture search settles how deep a net should be.

    depthstudy run claims/search
    depthstudy run claims/search:full

Prediction: within the same limit of multiply-accumulates, and in a training as short as this one,
the nets that are found in the range of least depth err no more than those of the others, and no
range is better than all others by more than chance; the search does not beat random search with as
many trials, nor by more than chance the best of a few families that are scaled by hand.

Why this is fair: each range of depths is searched by itself with as many trials, as a search over
all depths at once chooses what learns fastest in its short trials; each has a learning rate of its
own, tuned with equal effort. Random search has as many trials as the search, and all is repeated,
so that what is judged is the procedure and not one lucky net. What won is trained anew with seeds
that no search has seen, on the whole schedule, and tested once. A deep net that does not fit is
trained for twice as long, beside the one that fits best.
"""

import ml_collections

from depthstudy import questions

CLAIM = "Architecture search will settle how deep a network should be."
MEANING = (
    "The depth of a search's winner is no evidence about depth: ask for the best net of each depth "
    "at equal cost, with several repeats, before believing it. Give random search the same number "
    "of trials, and scale a known family to the same cost, before paying for a search."
)
PUBLISHED = (
    "Random search with early stopping is on a par with the searches of their time on CIFAR-10 and "
    "PTB (Li & Talwalkar 2019; Yang et al. 2020), and scaled ResNets with modern training match "
    "EfficientNets (Bello et al. 2021). EfficientNet-B0, found by search, has 16 blocks and "
    "77.1% top-1 on ImageNet at 0.39 billion multiply-accumulates."
)

FIGURE = "search_by_depth"


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("search", size)
    questions.search(config, size)
    return config
