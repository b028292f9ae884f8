"""Writes the sandbox's texts: some paragraphs about the words of a prompt, different for each prompt.

It imitates the form of an answer (paragraphs, steps, code, a greeting) and says what it is. The
sentences are data (`phrases_en`, `phrases_zh`); which are used, and about which words, is drawn.
"""

import re
from collections.abc import Iterator, Sequence
from types import ModuleType

import msgspec

from nexhina.sandbox import phrases_en, phrases_zh
from nexhina.sandbox.dice import Dice
from nexhina.sandbox.topic import Topic, read_topic


def compose_text(prompt: str, earlier: str, dice: Dice) -> str:
    """An answer to `prompt`; `earlier` is what the user said before, or ""."""
    topic = read_topic(prompt)
    writer = _Writer(topic, dice)
    if topic.intent == "identity":
        return writer.introduction()
    if topic.intent == "greeting":
        return writer.greeting()
    return writer.article(earlier)


def compose_json(prompt: str, dice: Dice) -> str:
    """The same kind of answer as a JSON object."""
    topic = read_topic(prompt)
    writer = _Writer(topic, dice)
    value = {
        "topic": topic.words[0] if topic.words else topic.quote,
        "summary": writer.say(dice.pick(writer.phrases.OPENINGS)),
        "keywords": list(topic.words),
        "points": [writer.say(step).replace("**", "") for step in writer.drawn("STEPS", 3)],
        "language": "zh" if topic.chinese else "en",
        "source": "nexhina sandbox",
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def compose_thoughts(prompt: str, dice: Dice, count: int) -> str:
    """So many sentences of thinking about `prompt`, one on each line."""
    if not count:
        return ""
    writer = _Writer(read_topic(prompt), dice)
    first, *pool = writer.phrases.THOUGHTS
    drawn: list[str] = [first]
    while len(drawn) < count:
        drawn += dice.shuffled(pool)
    return "\n".join(writer.say(thought) for thought in drawn[:count])


class _Writer:
    """One text under way: which words were used how often, and how sentences are joined."""

    def __init__(self, topic: Topic, dice: Dice) -> None:
        self.phrases: ModuleType = phrases_zh if topic.chinese else phrases_en
        self._topic = topic
        self._dice = dice
        self._space = "" if topic.chinese else " "
        self._words = self._word_stream()

    def _word_stream(self) -> Iterator[str]:
        """Words of the prompt without end, every one before any again; the first one comes oftener."""
        fillers = self._dice.shuffled(self.phrases.FILLERS)
        words = [*self._topic.words, *fillers[: max(0, 3 - len(self._topic.words))]]
        while True:
            yield words[0]
            yield from self._dice.shuffled(words[1:])

    def say(self, pattern: str) -> str:
        """The sentence with words of the prompt in its slots, three different ones."""
        slots: list[str] = []
        while len(slots) < 3:
            word = next(self._words)
            if word not in slots:
                slots.append(word)
        a, b, c = slots
        name = re.sub(r"[^a-z0-9]+", "_", a.lower()).strip("_") or "example"
        name = f"do_{name}" if name[0].isdigit() else name
        sentence = pattern.format(
            a=a,
            b=b,
            c=c,
            A=a[:1].upper() + a[1:],
            name=name,
            klass=name.title().replace("_", ""),
            quote=self._topic.quote,
        )
        return sentence[:1].upper() + sentence[1:]

    def drawn(self, pool: str, count: int) -> list[str]:
        """So many different patterns of a pool."""
        patterns: Sequence[str] = getattr(self.phrases, pool)
        return self._dice.shuffled(patterns)[:count]

    def _paragraph(self, patterns: Sequence[str], turn: str = "") -> str:
        sentences = [self.say(pattern) for pattern in patterns]
        if turn and sentences[0].startswith(("A ", "The ", "It ", "If ", "When ", "There ")):
            sentences[0] = turn + sentences[0][0].lower() + sentences[0][1:]
        elif turn and self._topic.chinese:
            sentences[0] = turn + sentences[0]
        return self._space.join(sentences)

    def introduction(self) -> str:
        """What the sandbox is, said plainly."""
        first = self._dice.pick(self.phrases.IDENTITY)
        facts = [self.say(fact) for fact in self.drawn("FACTS", 4)]
        return f"{first}{self._space}{facts[0]}\n\n{self._space.join(facts[1:])}"

    def greeting(self) -> str:
        """A short answer to a short message."""
        lines = [self._dice.pick(self.phrases.GREETINGS), self._dice.pick(self.phrases.IDENTITY)]
        lines += self.drawn("OFFERS", 2 + self._dice.below(2))
        return self._space.join(line.format(quote=self._topic.quote) for line in lines)

    def article(self, earlier: str) -> str:
        """Two to four paragraphs, with steps or code where the prompt asks for them."""
        dice = self._dice
        counts = [2 + dice.below(3) for _ in range(2 + dice.below(2))]
        body = iter(self.drawn("BODY", sum(counts)))
        opening = self.say(dice.pick(self.phrases.OPENINGS))
        known = read_topic(earlier).words if earlier else ()
        if known:
            opening += self._space + dice.pick(self.phrases.EARLIER).format(x=known[0])
        parts = [opening]
        turns = dice.shuffled(self.phrases.TURNS)
        for place, count in enumerate(counts):
            parts.append(
                self._paragraph([next(body) for _ in range(count)], turns[place] if place else "")
            )
        if self._topic.intent == "list":
            steps = enumerate(self.drawn("STEPS", 4 + dice.below(3)), 1)
            lines = [f"{number}. {self.say(step)}" for number, step in steps]
            parts[2:2] = ["\n".join([dice.pick(self.phrases.LIST_LEADS), *lines])]
        elif self._topic.intent == "code":
            lead = self.say(dice.pick(self.phrases.CODE_LEADS))
            parts[1:1] = [f"{lead}\n\n{self.say(dice.pick(self.phrases.CODE))}"]
        parts.append(self.say(dice.pick(self.phrases.CLOSINGS)))
        return "\n\n".join(parts)
