"""A dozen products for an empty catalogue."""

SAMPLES = [
    ("Petrol lawn mower", "46 cm cut, self-propelled, 60 l grass box."),
    ("Cordless drill", "18 V, two speeds, two batteries of 2 Ah."),
    ("Espresso machine", "15 bar, with a steam wand; takes pods and ground coffee."),
    ("Mountain bike", '29" wheels, hydraulic disc brakes, 12 gears.'),
    ("Noise-cancelling headphones", "Over-ear, 30 hours, Bluetooth 5.3."),
    ("Robot vacuum cleaner", "Laser navigation, empties itself for 60 days."),
    ("Standing desk", "160 x 80 cm, 65 to 130 cm high, four memories."),
    ("Induction hob", "Four zones, 7.4 kW, 60 cm."),
    ("Telescope", "Newtonian reflector, 130 mm, f/5, on a Dobson mount."),
    ("Electric piano", "88 weighted keys, 192 voices, three pedals."),
    ("Rooftop tent", "For three, hard shell, 62 kg."),
    ("Heat pump dryer", "8 kg, A+++, reversible door."),
]
