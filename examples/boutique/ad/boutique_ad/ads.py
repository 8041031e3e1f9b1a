"""What the shop has to say for itself."""

from boutique_ad.api import Ad
from boutique_ad.rules import ANY

_LANTERN = Ad("/products/storm-lantern", "Light that laughs at the wind: the Storm Lantern.")
_CLOCK = Ad("/products/ships-clock", "Make the hallway shipshape. The Ship's Clock keeps watch.")
_MUG = Ad("/products/enamel-mug", "Your tea deserves a mug with stories. Two for the boat?")
_APRON = Ad("/products/linen-apron", "Cook like nobody is doing the laundry: the Linen Apron.")
_SWEATER = Ad("/products/fisherman-sweater", "Knitted for the North Sea. Overqualified for winter.")
_TOTE = Ad("/products/sailcloth-tote", "It crossed the Baltic. It will manage your groceries.")
_COMPASS = Ad("/products/brass-compass", "No battery, no signal, no problem. The Brass Compass.")
_JOURNAL = Ad("/products/leather-journal", "Two hundred pages waiting for a good story. Yours.")
_BLANKET = Ad("/products/wool-blanket", "Drop anchor on the sofa: the Wool Blanket.")
_PRINT = Ad("/products/harbour-print", "Six in the morning at the harbour, without getting up.")

_SUITING = {
    "clothing": (_SWEATER, _APRON, _TOTE),
    "home": (_CLOCK, _BLANKET, _LANTERN, _PRINT),
    "kitchen": (_MUG, _APRON),
    "outdoors": (_LANTERN, _COMPASS, _MUG, _BLANKET),
    "stationery": (_JOURNAL, _PRINT),
    "travel": (_COMPASS, _TOTE, _JOURNAL),
}

BY_CATEGORY = {ANY: tuple(dict.fromkeys(ad for ads in _SUITING.values() for ad in ads)), **_SUITING}
"""Ads by category of the products they suit; all of them below `ANY`."""
