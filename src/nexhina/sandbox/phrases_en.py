"""The sentences that the composer speaks in English. {a}, {b}, {c} are words of the prompt."""

OPENINGS = (
    "Let us look at {a}. It is easiest to understand once it is clear what {b} has to do with it.",
    "Your question touches {a} first and {b} second, and the order matters more than it seems.",
    "There are several good ways into {a}; I would begin with {b} and work outwards from there.",
    "{A} rewards a careful look. Before the details, it helps to say plainly what {b} is for.",
    "The short version: get {a} clear, keep {b} small, and the rest mostly follows.",
    "When people talk about {a}, they often mean {b} as well, so it pays to separate the two.",
    "A sensible answer about {a} depends on the situation, but a few points hold nearly everywhere.",
    "Three questions decide most of it: what {a} should achieve, what {b} allows, and what it costs.",
    "It is tempting to treat {a} as a single problem. It is closer to two, and {b} is the second.",
    "Here is how I would explain {a} to a colleague who has met {b} only in passing.",
    "Start from the outcome you want for {a}, then ask which part of {b} stands in the way.",
    "Much of what is said about {a} is a matter of taste; what {b} needs is usually not.",
)

EARLIER = (
    "You mentioned {x} before, and it is still worth keeping in mind here.",
    "This follows on from what you said about {x}.",
    "With {x} already on the table, the next step is shorter than it looks.",
)

BODY = (
    "The first thing to settle about {a} is its scope: a narrow goal can be checked, a broad one only discussed.",
    "In practice {a} and {b} pull in different directions, and a good plan says which of them may win.",
    "A small example with {a} teaches more than a long rule, especially when {b} is new to the reader.",
    "If {a} is uncertain, write the assumption down next to {b}, where the next person will find it.",
    "Most difficulties with {a} appear at the edges, where it meets {b}, and not in the middle.",
    "It costs little to measure {a} early, and the number usually settles the argument about {b}.",
    "Where {b} changes often, keep it away from {a}; what changes together should stay together.",
    "The usual mistake is to polish {a} before anyone has tried it together with {b}.",
    "Time spent on {c} comes back later, because both {a} and {b} lean on it.",
    "A useful test is to remove {c} for a moment and see whether {a} still makes sense.",
    "Experience suggests doing {a} twice: once quickly to learn, and once properly to keep.",
    "Nobody needs all of {b}; choose the part that serves {a} and leave the rest for later.",
    "Think of {a} as a promise and of {b} as the evidence that the promise was kept.",
    "When {a} and {c} disagree, the disagreement itself is the interesting result.",
    "A good description of {b} names what it does not do, which saves questions about {a}.",
    "There is a trade-off here: more attention to {a} means less for {c}, at least at first.",
    "It helps to give {b} an owner, so that {a} does not wait for a meeting.",
    "Simple versions of {a} survive; clever ones need {b} to be just right.",
    "The history of {c} is a warning: it grew by exceptions until only {a} was left of the idea.",
    "Look at {b} from the side of whoever depends on it; {a} seems quite different from there.",
    "If only one thing can be improved this week, let it be the link between {a} and {b}.",
    "Compare two cases of {a} that differ in {c} alone, and the cause is easy to see.",
    "Good defaults matter: most people will meet {b} without ever choosing {a} on purpose.",
    "What looks like a question about {a} is often a question about when {c} happens.",
    "Leave room around {a}: the part that nobody planned is usually about {b}.",
    "Whatever is decided about {c}, record the reason; the decision on {a} will be asked about again.",
)

TURNS = (
    "Beyond that, ",
    "At the same time, ",
    "More concretely, ",
    "On the other hand, ",
    "For the same reason, ",
    "In the longer run, ",
)

LIST_LEADS = (
    "A workable order would be:",
    "These steps cover most cases:",
    "As a list to work from:",
    "In short, and in this order:",
    "Points worth checking one by one:",
)

STEPS = (
    "**Write down what {a} should achieve**, in one sentence that someone else could check.",
    "**Collect what is known about {b}** and mark what is only assumed.",
    "**Pick the smallest piece of {a}** that is useful by itself.",
    "**Try it with {c}** under ordinary conditions, not ideal ones.",
    "**Compare the result with {b}** and change one thing at a time.",
    "**Ask someone who lives with {c}** what they would miss.",
    "**Remove what {a} no longer needs**; it will not get easier later.",
    "**Set a date to look at {b} again**, and keep it.",
    "**Keep a short note on {a}**: what was tried, what happened, what is next.",
    "**Agree on when {c} is good enough**, so that the work can end.",
)

CODE_LEADS = (
    "A skeleton to start from, with the parts about {a} left open:",
    "In code, the shape of {a} could look like this:",
    "Here is a small frame for {a} that runs as it is:",
)

CODE = (
    (
        "```python\ndef {name}(items: list[str]) -> dict[str, int]:\n"
        '    """Counts how often each item about {a} occurs."""\n'
        "    counts: dict[str, int] = {{}}\n    for item in items:\n"
        "        counts[item] = counts.get(item, 0) + 1\n    return counts\n\n\n"
        'print({name}(["{a}", "{b}", "{a}"]))\n```'
    ),
    (
        "```python\nclass {klass}:\n"
        '    """Keeps what is known about {a}."""\n\n'
        "    def __init__(self) -> None:\n        self.notes: list[str] = []\n\n"
        "    def add(self, note: str) -> None:\n        self.notes.append(note)\n\n\n"
        'notes = {klass}()\nnotes.add("{b}")\nprint(len(notes.notes))\n```'
    ),
    (
        "```python\ndef {name}(value: str, limit: int = 20) -> str:\n"
        '    """Shortens a text about {a} at a word\'s end."""\n'
        "    if len(value) <= limit:\n        return value\n"
        '    return value[:limit].rsplit(" ", 1)[0] + "…"\n\n\n'
        'print({name}("{a} and {b} and what follows"))\n```'
    ),
)

GREETINGS = (
    "Hello! You wrote “{quote}”, and I am glad to answer.",
    "Hi there! Your “{quote}” arrived safely.",
    "Good to hear from you. “{quote}” is a fine way to begin.",
    "Hello and welcome. I read your “{quote}” just now.",
    "Hey! Thank you for “{quote}”.",
    "Greetings! “{quote}” came through loud and clear.",
)

OFFERS = (
    "Ask me something longer, and the answer will be about the words you used.",
    "Send a question about any subject to see how your application shows several paragraphs.",
    "Try a list, a bit of code or a question in Chinese; I answer each in its own form.",
    "Set stream to true, and the same text comes in small pieces.",
    "Give a max_tokens or a stop text, and I will keep to it.",
    "Repeat the message with the same seed, and you will read exactly these words again.",
    "Change one word of it, and you will get another answer.",
)

IDENTITY = (
    "I am the sandbox of Nexhina: an offline stand-in for a language model, not a real one.",
    "You are talking to Nexhina's sandbox. No language model is behind this answer.",
    "This is the Nexhina sandbox speaking: a small program that imitates the form of a model's answers.",
    "I am not a real model. I am Nexhina's built-in sandbox, which works without any vendor.",
)

FACTS = (
    "I compose sentences from the words of a prompt with fixed patterns, and I know nothing about the world.",
    "The same prompt, seed and model always give the same text, which makes me useful for tests.",
    "I follow max_tokens, stop, n, seed and streaming, and I count tokens in my own documented way.",
    "Nothing you write here leaves the machine that Nexhina runs on.",
    "To talk to a real model, add a channel of a real vendor; I then step back by myself.",
    "I can also be slow, fail or break off on purpose, so that you can test how your application copes.",
    "You asked: “{quote}”. I can repeat that faithfully, but I can't understand it.",
)

CLOSINGS = (
    "(Nexhina's offline sandbox composed this from your words; no model was asked.)",
    "(A sandbox answer: right in form, without knowledge of {a}. Add a real channel for the latter.)",
    "(Written by the Nexhina sandbox, which arranges words and knows nothing about {a}.)",
    "(This text comes from the offline sandbox of Nexhina and is meant for trying things out.)",
)

FILLERS = ("the goal", "the context", "the detail", "the first step", "the result", "the audience")

THOUGHTS = (
    'The question is "{quote}", so the answer has to be about {a}.',
    "First, what is known about {a} and what is only assumed.",
    "{A} and {b} could be meant together or one after the other; together is likelier.",
    "If {b} changes, does {c} change too? Not by itself.",
    "A short example with {a} would make this clearer.",
    "Let me check the opposite: without {b}, the rest still holds.",
    "The order matters here: {a} first, then {b}, then {c}.",
    "One could object that {c} was left out; it belongs at the end.",
    "Nothing in the question limits {b}, so no limit is needed.",
    "That was about {a}; now back to what was asked.",
    "The simplest reading of {c} is enough.",
    "So the answer names {a}, explains {b} and ends there.",
)
"""What is thought before an answer; the first one always comes first."""
