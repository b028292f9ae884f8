"""What surrounds the recogniser: where a recording is cut, which hearing is believed, when words were said."""

from array import array
from itertools import pairwise
from math import sin
from pathlib import Path

import pytest

from nexhina.sandbox.sound.agreement import (
    CERTAIN,
    ENOUGH,
    choose,
    compare,
    guess_tempo,
    settle,
)
from nexhina.sandbox.sound.decoder import change_tempo
from nexhina.sandbox.sound.numerals import spell_numbers
from nexhina.sandbox.sound.parts import LONGEST, cut_long, find_runs, measure
from nexhina.sandbox.sound.timing import spread_words
from nexhina.sandbox.sound.vocabulary import read_common_words

COMMON = frozenset(
    {
        "a", "age", "am", "and", "answer", "best", "day", "don", "first", "forty", "going", "good", "hid",
        "i", "is", "it", "key", "man", "morning", "nice", "of", "office", "old", "one", "sunny", "the",
        "times", "to", "two", "was", "what", "wisdom", "worst",
        "yes",
    }
)  # fmt: skip
RATE = 16_000


def sound(*pieces: tuple[float, float]) -> bytes:
    """Tones of so many seconds and such a strength, one behind the other."""
    made = array("f")
    for seconds, strength in pieces:
        made.extend(strength * sin(at * 0.3) for at in range(round(seconds * RATE)))
    return made.tobytes()


def test_hearings_that_disagree_are_not_believed():
    assert compare("The old man, hid.", "the old man hid") == 1
    hearings = ["the old man hid a key", "the old man did a key", "the cold man hid a key"]
    text, confidence = choose(hearings, COMMON, 9.0)
    assert (text, confidence > CERTAIN) == ("the old man hid a key", True)
    strangers = ["I am going to the office", "what a nice and sunny day"]
    assert choose(strangers, COMMON, 9.0)[1] < ENOUGH
    assert choose(["今天天天", "今天天天"], COMMON, 9.0)[1] == 0
    assert choose(["", ""], COMMON, 9.0)[1] == 0
    stutter = [
        "the first one is the first one is the first one is the first one",
        "the first one is",
    ]
    assert choose(stutter, COMMON, 9.0)[1] == 0
    real = "It was the best of times, it was the worst of times, it was the age of wisdom"
    assert choose([real, real], COMMON, 9.0)[1] == 1


def test_what_is_said_again_and_again_is_believed_when_all_hearings_have_it():
    text = "Good morning. " * 5
    assert choose([text, text, text.lower()], COMMON, 5.0) == (text.strip(), 1)
    assert choose([text, text, text.lower()], COMMON, 2.0)[1] == 0  # nobody speaks so fast


def test_a_little_word_alone_is_not_believed():
    assert choose(["The.", "The", "the"], COMMON, 0.5)[1] == 0
    assert choose(["Yes."] * 3, COMMON, 0.5) == ("Yes.", 1)


def test_what_is_in_doubt_is_heard_again_at_an_even_pace():
    hearings = ["one two three", "one two tree"]
    assert guess_tempo(hearings, 0.7, 6.0) > 1
    assert guess_tempo(hearings, 0.7, 1.2) == 1
    assert guess_tempo(["one two three", ""], 0.7, 0.4) < 1
    assert guess_tempo(hearings, CERTAIN, 6.0) == guess_tempo(hearings, 0.2, 6.0) == 1


def test_the_other_tempo_settles_what_is_believed():
    doubted = ("the old man hid a key", 0.7)
    for other, believed in (
        (("it is a nice and sunny day", CERTAIN), True),
        (("it is a nice and sunny day", 0.79), False),
        (("the old man hid the key", 0.76), True),
        (("the old man hid the key", 0.69), False),
    ):
        assert settle(doubted, other) == (other if believed else doubted)


def test_a_part_that_half_of_the_hearings_stutter_over_is_not_believed():
    stutter = "the first one is old, the first one is old, the first one is old"
    one = "the first one is an old man and the office is nice"
    assert choose([one, one, stutter], COMMON, 9.0)[1] > 0
    assert choose([one, one, stutter, stutter], COMMON, 9.0)[1] == 0


def test_a_tempo_changes_the_length_and_not_the_pitch():
    def count_waves(samples: "array[float]") -> int:
        return sum(one < 0 <= other for one, other in pairwise(samples))

    plain = array("f", sound((1.0, 0.3)))
    for tempo in (0.6, 2.0):
        changed = array("f", change_tempo(plain.tobytes(), tempo))
        assert len(changed) == pytest.approx(len(plain) / tempo, rel=0.05)
        pitch = count_waves(changed) / len(changed) * len(plain) / count_waves(plain)
        assert pitch == pytest.approx(1, abs=0.05)


def test_words_that_nobody_knows_are_not_believed():
    assert choose(["Tomatian salsan tidian"] * 3, COMMON, 9.0)[1] == 0
    assert choose(["the tomatian man"] * 3, COMMON, 9.0)[1] == pytest.approx(2 / 3)
    assert choose(["Don't!"] * 2, COMMON, 9.0)[1] == 1


def test_numbers_in_digits_and_in_words_are_the_same():
    assert spell_numbers("It is 42.").split() == ["It", "is", "forty", "two", "."]
    for digits, words in (
        ("0", "zero"), ("13", "thirteen"), ("100", "one hundred"), ("007", "zero zero seven"),
        ("1,250", "one thousand two hundred fifty"), ("2000000", "two million"),
        ("1234567890123", "one two three four five six seven eight nine zero one two three"),
    ):  # fmt: skip
        assert spell_numbers(digits).split() == words.split()
    assert choose(["The answer is 42.", "the answer is forty-two"], COMMON, 9.0)[1] == 1


def test_the_vocabulary_gives_its_whole_words(tmp_path: Path):
    file = tmp_path / "vocabulary"
    pieces = [
        "<s>",
        "\u2581the",
        "ing",
        "\u2581Monday",
        "\u2581St",
        "\u2581a",
        "\u2581q",
        "\u2581x1",
        "\u2581" + "long" * 40,
    ]
    data = bytearray()
    for piece in pieces:
        raw = piece.encode()
        data += (
            bytes([len(raw)]) if len(raw) < 128 else bytes([len(raw) % 128 + 128, len(raw) // 128])
        )
        data += raw
    file.write_bytes(data)
    words = read_common_words(file)
    assert {"the", "a", "monday", "long" * 40} <= words
    assert {"tomorrow", "seventeen", "expensive"} <= words  # our own
    assert not {"ing", "q", "x1", "st", "<s>"} & words


def test_long_speech_is_cut_where_it_is_quiet_and_nothing_is_lost():
    loudness = measure(sound((9.5, 0.3), (0.2, 0.001), (8.0, 0.3), (0.2, 0.001), (9.0, 0.3)))
    parts = cut_long(loudness, [(0.0, 26.9)])
    assert parts[0][0] == 0.0
    assert parts[-1][1] == 26.9
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert all(2.0 < end - start <= LONGEST for start, end in parts)
    assert 9.5 <= parts[0][1] <= 9.7
    assert 17.7 <= parts[1][1] <= 17.9


@pytest.mark.parametrize("length", [12.01, 12.3, 23.9, 24.1, 25.0, 100.0])
def test_no_cut_leaves_a_rest_too_short_for_a_word(length: float):
    parts = cut_long(measure(sound((length, 0.3))), [(0.0, length)])
    assert min(end - start for start, end in parts) > 4.0
    assert max(end - start for start, end in parts) <= LONGEST
    assert parts[-1][1] == length


def test_parts_that_the_detector_only_cut_for_their_length_are_one():
    loudness = measure(sound((8.0, 0.3)))
    assert cut_long(loudness, [(0.5, 3.0), (3.0, 5.0), (4.9, 6.0), (7.0, 7.5)]) == [
        (0.5, 6.0), (7.0, 7.5),
    ]  # fmt: skip


@pytest.mark.parametrize("floor", [0.0, 0.003])
def test_the_edges_and_pauses_of_a_part_are_found(floor: float):
    made = sound(
        (1.0, floor), (0.8, 0.3), (0.4, floor), (0.06, 0.2), (0.08, floor), (0.5, 0.2), (1.0, floor)
    )
    runs = find_runs(measure(made), (0.5, 3.5))
    assert [tuple(round(each, 1) for each in run) for run in runs] == [(1.0, 1.8), (2.2, 2.8)]


def test_a_part_in_which_nothing_stands_out_is_one_run():
    assert find_runs(measure(sound((2.0, 0.0))), (0.5, 1.5)) == [(0.5, 1.5)]
    assert find_runs(measure(b""), (0.0, 1.0)) == [(0.0, 1.0)]


def test_words_meet_at_the_pauses_and_stay_in_order():
    words = spread_words("Good morning, my friends.", [(1.0, 1.9), (3.0, 4.0)])
    assert [word.text for word in words] == ["Good", "morning,", "my", "friends."]
    assert words[0].start == 1.0
    assert words[1].end == 1.9
    assert words[2].start == 3.0
    assert words[3].end == 4.0
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert spread_words("", [(0.0, 1.0)]) == []


def test_a_word_is_as_long_as_it_is_spoken():
    one, number = spread_words("or 1984", [(0.0, 3.0)])
    assert number.end - number.start > 5 * (one.end - one.start)
    only = spread_words("Yes.", [(0.2, 0.4), (0.6, 0.9)])
    assert [(word.start, word.end) for word in only] == [(0.2, 0.9)]
