"""The products of the month that ``tools.month`` writes, and what befalls them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_WHOLE_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, told by how long before the end of the month it begins and ends."""

    begin: timedelta
    end: timedelta | None = None
    """None where it has not ended."""

    def holds(self, before_end: timedelta) -> bool:
        """Tell whether an instant lies in it."""
        return self.begin >= before_end and (self.end is None or before_end > self.end)


@dataclass(frozen=True, slots=True)
class Item:
    """A product, and what befalls it."""

    name: str
    description: str
    age: timedelta = _WHOLE_MONTH
    """How long before the end it was added; at 0 no poller has come by yet."""
    sold_out: Stretch | None = None
    unanswered: Stretch | None = None
    """When the offers service answered no question for it."""
    refusal: str | None = None
    """Why the offers service does not register it."""


def _hours(begin: float, end: float | None = None) -> Stretch:
    return Stretch(timedelta(hours=begin), None if end is None else timedelta(hours=end))


ITEMS = (
    Item("Espresso machine", "15 bar, with a steam wand; takes pods and ground coffee."),
    Item("Café grinder", "Conical burrs of steel, 40 settings, weighs what it grinds."),
    Item("Pour-over kettle", "Gooseneck, 0.9 l, holds any temperature from 40 to 100 °C."),
    Item("Crêpe maker", "Cast plate, 40 cm, with spreader and spatula."),
    Item("Stand mixer", "Bowl of 4.8 l, ten speeds, planetary."),
    Item("Sauté pan", "28 cm, three layers, lid of steel; also for induction."),
    Item("Bread oven", "Steam, stone of 38 cm, up to 300 °C.", sold_out=_hours(26)),
    Item("Induction hob", "Four zones, 7.4 kW, 60 cm."),
    Item("Heat pump dryer", "8 kg, reversible door, 62 dB."),
    Item("Washing machine", "9 kg, 1400 turns a minute, steam.", unanswered=_hours(200, 176)),
    Item("Dishwasher", "14 place settings, third tray for cutlery, 42 dB."),
    Item("Robot vacuum cleaner", "Laser navigation, empties itself for 60 days."),
    Item("Air purifier", "For 50 m², filters dust and smoke, tells how the air is."),
    Item("Petrol lawn mower", "46 cm cut, self-propelled, 60 l grass box."),
    Item("Robot mower", "For 800 m², without a wire around the lawn.", sold_out=_hours(330, 262)),
    Item("Hedge trimmer", "Battery of 36 V, blade of 60 cm, 3.4 kg."),
    Item("Pressure washer", "150 bar, 480 l an hour, hose of 10 m on a reel."),
    Item("Greenhouse", "2.5 x 3.1 m, twin-wall panes, window that opens with the sun."),
    Item("Wheelbarrow", "85 l, galvanised, tyre that takes no puncture."),
    Item("Jardinière of terracotta", "80 x 35 cm, frost-proof, thrown by hand in Impruneta."),
    Item("Gravel bicycle", "Carbon fork, 1 x 12 gears, tyres of 45 mm, 9.4 kg."),
    Item("Mountain bicycle", '29" wheels, hydraulic disc brakes, 12 gears.'),
    Item("Cargo bicycle", "Box for three children, motor of 85 Nm.", unanswered=_hours(3.2)),
    Item("Folding bicycle", '16" wheels, folds to 58 x 56 x 27 cm in ten seconds.'),
    Item("Bicycle trailer", "For two, sprung, with a light of its own."),
    Item("Roller trainer", "Direct drive, 2,200 W, measures power within 1 %."),
    Item("Cordless drill", "18 V, two speeds, two batteries of 2 Ah."),
    Item("Table saw", "254 mm blade, 2 kW, stops when it touches skin."),
    Item("Workbench", "Beech, 150 x 60 cm, two vices, one drawer."),
    Item("Stage piano", "88 weighted keys, 192 voices, three pedals."),
    Item("Noise-cancelling headphones", "Over-ear, 30 hours, Bluetooth 5.3."),
    Item("Telescope", "Newtonian reflector, 130 mm, f/5, on a Dobson mount."),
    Item("Standing desk", "160 x 80 cm, 65 to 130 cm high, four memories."),
    Item("Rooftop tent", "For three, hard shell, 62 kg.", age=timedelta(days=19)),
    Item("Sauna stove", "9 kW, 60 kg of stones, for 8 to 14 m³.", age=timedelta(days=6)),
    Item("Inflatable kayak", "For two, 4.1 m, 17 kg, with paddles.", age=timedelta(days=2)),
    Item("Fjäll parka", "Waxed cotton, hood without fur, sizes XS to XXL.", age=timedelta(hours=9)),
    Item("Moka pot", "Six cups, steel, also for induction.", age=timedelta(minutes=40)),
    Item(
        "Fireworks, assorted",
        "Category F2, 36 shots.",
        age=timedelta(days=4),
        refusal="this product may not be offered",
    ),
    Item("Pétanque boules", "Eight of steel, 73 mm, in a bag.", age=timedelta(0)),
)
