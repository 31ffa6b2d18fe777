"""Says what findings mean together: healthy, to be watched or an incident, and of which cause."""

from airmedic_core.assess.assurance import Likely, as_likely, likely_causes
from airmedic_core.assess.doubts import doubt_of_training
from airmedic_core.assess.new_normal import doubt_of_new_normal
from airmedic_core.assess.ranking import Claim, rank_causes
from airmedic_core.assess.signs import Signs
from airmedic_core.assess.summary import share_of_limit, summarise
from airmedic_core.assess.weigh import weigh

__all__ = [
    "Claim", "Likely", "Signs", "as_likely", "doubt_of_new_normal", "doubt_of_training", "likely_causes", "rank_causes",
    "share_of_limit", "summarise", "weigh",
]  # fmt: skip
