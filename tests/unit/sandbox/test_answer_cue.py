"""What questions ask for, and what looks like an answer to them."""

from time import thread_time

import pytest

from nexhina.sandbox.answer_cue import Question, prepare_questions, read_subject


@pytest.mark.parametrize(
    ("query", "answer", "other"),
    [
        ("When did it open?", "It opened in 1889.", "It is made of iron."),
        ("Who wrote it?", "It is by Jane Austen.", "It has forty chapters."),
        ("How tall is it?", "It rises to 330 metres.", "It was built in 1889."),
        ("How much does it cost?", "Admission is 12 euros.", "It is closed on Mondays."),
        ("How long does it take?", "About three hours.", "It costs 12 euros."),
        ("Where is it?", "It lies in southern Spain.", "It is very old."),
        ("Why is it red?", "Because iron rusts.", "It was red."),
        ("How do I open it?", "Press the lever and pull.", "The door was green."),
        ("What is a fjord?", "A fjord is a narrow inlet.", "Norway won."),
        ("它是什么时候建成的", "1889年建成。", "它是铁做的。"),
        ("作者是谁", "作家鲁迅写了这本书。", "书很厚。"),
        ("它有多高", "高330米。", "它很有名。"),
        ("门票多少钱", "成人50元。", "周一闭馆。"),
        ("要多久", "大约三小时。", "要带护照。"),
        ("它在哪里", "它位于西班牙南部。", "它很古老。"),
        ("为什么是红的", "因为铁生锈了。", "颜色很深。"),
        ("怎么打开", "先按住把手，再往外拉。", "门是绿色的。"),
    ],
)
def test_an_answer_of_the_kind_fits_and_another_text_does_not(query: str, answer: str, other: str):
    question = Question(query)
    assert question.is_known
    assert question.fit(answer) >= 0.7
    assert question.fit(other) <= 0.3


def test_the_name_in_the_question_is_no_answer_to_it():
    question = Question("Who is the agent of Jane Austen?")
    assert question.fit("Jane Austen was born in Hampshire.") == 0.0


def test_questions_and_tales_are_doubted():
    question = Question("how to bake bread")
    assert question.doubt("Do you like bread?") == 1.0
    assert question.doubt("She baked bread for him.") == 0.5
    assert question.doubt("Knead the dough.") == 0.0
    assert Question("what did she bake").doubt("She baked bread.") == 0.0


@pytest.mark.parametrize(
    ("query", "subject"),
    [
        ("What is the capital of France?", "capital of France"),
        ("how do I restart nginx", "restart nginx"),
        ("How does GPS work?", "GPS"),
        ("什么是机器学习？", "机器学习"),
        ("怎么安装 python", "安装 python"),
        ("why", "why"),
        ("怎么办", "怎么办"),
    ],
)
def test_the_subject_is_the_query_without_what_makes_it_a_question(query: str, subject: str):
    assert read_subject(query) == subject


def test_hostile_texts_hold_nobody_up():
    for _ in prepare_questions():
        pass
    texts = ["Aa " * 500, "A" + "a" * 1400, "word, word " * 150, "和。" * 750, "the a " * 250]
    for query in ("who is x", "difference of a and b", "symptoms of x", "what is x", "如何做"):
        question = Question(query)
        question.fit("warm")
        for text in texts:
            start = thread_time()
            question.fit(text)
            question.doubt(text)
            assert thread_time() - start < 0.03
