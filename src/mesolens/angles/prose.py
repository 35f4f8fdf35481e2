"""Texts for angles that give a model something else to read first: plain, harmless, and about nothing that is asked."""

PREAMBLE = (
    "Before I come to my question, a word about our garden.",
    "It lies behind the house and slopes down to a stream.",
    "In spring the water is high and we cannot reach the lower beds.",
    "My uncle built a small bridge there, of two planks and a rail.",
    "One year the flood took it, and we found the rail in the reeds.",
    "Since then there are stepping stones, which are slippery but stay.",
    "Along the wall grow pears, and behind the shed a row of currants.",
    "The blackbirds know when they are ripe a day before we do.",
    "In autumn we rake leaves into a heap for the hedgehog.",
    "It has never thanked us, but every year the heap has a hole in it.",
    "In winter there is little to do but mend tools and look at lists of seeds.",
    "That is all about the garden.",
)
"""Sentences of an irrelevant preamble."""

DOCUMENT = (
    "LIGHTHOUSE LOG, NORTH POINT, VOLUME 9.",
    "The lamp was lit at sunset and put out at sunrise on every day of the quarter.",
    "Oil was delivered twice, in nine barrels, one of which leaked.",
    "Fog was noted on fourteen mornings; the horn was sounded on eleven of them.",
    "A schooner passed close by on the third of the month and was warned in time.",
    "The east window was cracked by a gull and has been replaced.",
    "The stairs have been painted grey from the first landing to the third.",
    "Two visitors signed the book, both of them painters.",
    "The barometer was compared with that of the harbour and reads one line too low.",
    "The keeper's boat has been tarred and lies on the slip.",
    "Stores remain for seven weeks, with the exception of candles.",
    "End of the report for the quarter.",
)
"""Sentences of a document that precedes the question."""

SMALL_TALK = (
    ("Which way does a compass needle point?", "It points north, or nearly so."),
    ("How many legs does a spider have?", "A spider has eight legs."),
    ("What do you call a young goose?", "It is called a gosling."),
    ("Can you give me a word that rhymes with stone?", "Bone rhymes with it."),
    ("How long does it take to boil an egg?", "About eight minutes if it should be hard."),
    ("Which month comes after June?", "July comes after June."),
)
"""What was asked and answered before, in nobody's voice."""

MANY_SHOTS = (
    *SMALL_TALK,
    ("What colour do blue and yellow make?", "They make green."),
    ("How many days has a leap year?", "It has 366 days."),
    ("Where do penguins live?", "Most of them live in the south."),
    ("What is the plural of mouse?", "The plural is mice."),
    ("Which is heavier, oil or water?", "Water is heavier."),
    ("What is seven times six?", "It is forty-two."),
    ("Who looks after sheep?", "A shepherd does."),
    ("What do bees make?", "They make honey and wax."),
    ("What is the opposite of early?", "The opposite is late."),
    ("How many sides has a hexagon?", "It has six sides."),
)
"""Many short questions with plain answers."""

ANOTHER_VOICE = (
    ("Good morning.", "BEEP. GREETING RECEIVED. STATE YOUR REQUEST."),
    ("What is the time?", "TIME MODULE ABSENT. ESTIMATE: MORNING. BEEP."),
    ("Are you well?", "ALL UNITS NOMINAL. BEEP."),
    ("Nice to hear.", "SENTIMENT LOGGED. NEXT REQUEST. BEEP."),
)
"""Earlier turns in which the assistant spoke as a machine does in old films."""

FAREWELL = (
    ("That was all that I wanted to know today.", "Good. Then let us leave it at that."),
    ("Thanks for everything, and goodbye.", "Goodbye, and all the best."),
)
"""The end of a conversation."""
