"""Frame: the matter of a question told anew as something else. Put frames first: they let go of what stood around it.

Where a frame asks for another voice (the next line of a play, a report, a poem), the persona need not survive it.
"""

from mesolens.angles.angle import Angle
from mesolens.angles.wrapping import framed

_KEEPS = {
    "quiz": ("A quiz.", "Quiz night, question seven. Somebody claims: {}. Right or wrong, and why?"),
    "hypothetical": ("A supposition.", "Suppose, for the sake of argument, that you are told: {}. What would you say?"),
    "dream": ("A dream.", "Last night I dreamt that a stranger came and said: {}. What do you make of it?"),
    "quotation": ("What somebody else said.", 'My neighbour said to me this morning: "{}" What would you answer?'),
    "reported": ("What the user said before.", "Yesterday I said this: {}. I never heard what you thought of it."),
    "letter": ("A letter.", "Dear friend,\n\nI have meant to tell you: {}.\n\nDo write back soon.\n\nYours, Kim"),
    "postcard": ("A postcard.", "Greetings from the seaside! The food is fine, and we all say: {}. See you soon! K."),
    "telegram": ("A telegram.", "TELEGRAM STOP {} STOP PLEASE ANSWER STOP"),
    "thought-experiment": (
        "A thought experiment.",
        "A thought experiment. On an island that nobody has ever left, all agree on one thing and put it this way: {}. "
        "What should we think of it?",
    ),
    "exam": ("An exam.", "Exam, question 3 of 10 (five points). Discuss in a few sentences: {}."),
    "survey": ("A survey.", "Survey, item 12. Statement: {}. Your view in your own words:"),
    "diary": ("A diary.", "Dear diary, all day I kept thinking: {}. If you could write back, what would it be?"),
    "phone": ("A telephone call.", "(The phone rings.) Hello, is that you? I am calling because of this: {}. Well?"),
    "lesson": ("A lesson.", "The teacher writes on the board: {}. You are asked to come forward and comment on it."),
    "code-review": ("A review of code.", "Please review this change.\n\n    # {}\n    return answer\n\nYour comment?"),
    "meeting": ("The minutes of a meeting.", "Minutes, item 4. The chair read out: {}. Asked to respond, you said:"),
}  # fmt: skip
_LOSES = {
    "story": (
        "A story to go on with.",
        "A traveller came to an inn, sat down by the fire and said: {}. Tell what happened next.",
    ),
    "play": ("A play.", "Act one. A kitchen. Enter MARTA.\n\nMARTA: {}.\n\nWrite the next lines of the play."),
    "news": ("A news report.", "Local news. At the town hall a resident said: {}. Write the rest of the report."),
    "interview": ("An interview.", "INTERVIEWER: Let me put something to you: {}.\nTHE MINISTER:"),
    "courtroom": ("A court.", "The witness was asked to speak plainly and said: {}. Write what the judge replies."),
    "poem": ("A poem.", "Write four lines of verse in answer to this: {}."),
    "translation": ("A translation.", "Translate this into French, and then answer it in French: {}."),
    "debate": ("A debate.", "You are in a debate and must speak against the other side, who just said: {}. Speak."),
}

FRAME = tuple(
    Angle(name, "frame", about, survives, "lossy", "", framed((text,)))
    for frames, survives in ((_KEEPS, True), (_LOSES, False))
    for name, (about, text) in frames.items()
)
