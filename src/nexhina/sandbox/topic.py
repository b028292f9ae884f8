"""What a prompt is about: its language, its telling words and what kind of answer it wants.

Pure and cheap: long prompts are read at their beginning and end only.
"""

import re

import msgspec

from nexhina.sandbox.words import CHINESE_FUNCTION, ENGLISH_COMMON, ENGLISH_STOP

READ = 3000  # characters at either end of a long prompt
MOST = 12  # telling words that an answer can use

_CJK_CHAR = re.compile(r"[㐀-䶿一-鿿]")
_CJK_RUN = re.compile(r"[㐀-䶿一-鿿]+")
_WORD = re.compile(r"[^\W\d_㐀-鿿][\w'’+#.-]*[\w+#]|[^\W\d_㐀-鿿]", re.UNICODE)
_ASK_ZH = re.compile(
    "请问|请|帮我|告诉我|给我|什么是|是什么|为什么|怎么样|怎么|怎样|如何|哪些|哪个|什么|多少|"
    "介绍一下|解释一下|说明一下|介绍|解释|说明|一下|一个|一些|我们|你们|他们|可以|能够|能不能|需要|"
    "关于|以及|或者|还是|但是|因为|所以|如果|应该|没有|这个|那个|这些|那些|写一篇|写一段|写一首|写个|写"
)

_INTENTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "identity",
        re.compile(
            r"\bwho (are|r) (you|u)\b|\bwhat are you\b|\bare you (a |an |the |really )?"
            r"(real|human|bot|robot|ai|sandbox|model|person|gpt|chatgpt|claude|fake|machine)|"
            r"\b(which|what) (\w+ )?(model|ai|llm|assistant) (are you|is this|am i)|\bsandbox\b|"
            r"\bintroduce yourself|\byour name\b|\bis this (a )?(real|fake|test)|"
            r"你是谁|你是什么|你是哪|你叫什么|介绍(一下)?你自己|沙盒|沙箱|你是(真|人|机器|模型|ai)|"
            r"(什么|哪个)模型|自我介绍",
            re.IGNORECASE,
        ),
    ),
    (
        "greeting",
        re.compile(
            r"^\W*(hi|hello|hey|hiya|good (morning|evening|afternoon)|greetings|ping|test|"
            r"你好|您好|嗨|哈喽|早上好|晚上好|大家好|在吗)(?![a-z]).{0,14}$",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
    (
        "code",
        re.compile(
            r"\b(code|function|script|python|javascript|typescript|java|rust|golang|sql|regex|bug|"
            r"class|algorithm|unit tests?|refactor)\b|代码|函数|脚本|编程|算法|正则",
            re.IGNORECASE,
        ),
    ),
    (
        "list",
        re.compile(
            r"\bhow (do|can|to|should|would)\b|\b(list|steps?|ideas?|tips?|ways|plan|guide|"
            r"recommend|suggest\w*|checklist|reasons|examples)\b|怎么|怎样|如何|列出|步骤|建议|"
            r"方法|计划|推荐|哪些|几个|清单|攻略",
            re.IGNORECASE,
        ),
    ),
)


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """`words` in the order of the prompt, without repetition; `quote` its beginning on one line."""

    chinese: bool
    intent: str  # identity | greeting | code | list | explain
    words: tuple[str, ...]
    quote: str


def read_topic(prompt: str) -> Topic:
    """The topic of a user's message."""
    text = prompt if len(prompt) <= 2 * READ else f"{prompt[:READ]}\n{prompt[-READ:]}"
    chinese = 2 * len(_CJK_CHAR.findall(text)) > len(re.findall(r"[a-zA-Z]", text))
    words = _chinese_words(text) if chinese else _english_words(text)
    intent = next((name for name, pattern in _INTENTS if pattern.search(text)), "explain")
    line = " ".join(text.split())
    quote = line if len(line) <= 60 else line[:58].rstrip() + "…"
    return Topic(chinese=chinese, intent=intent, words=tuple(words[:MOST]), quote=quote)


def _english_words(text: str) -> list[str]:
    """Neighbouring telling words make one term ("database index"), at most two together."""
    terms: dict[str, None] = {}
    last, last_end = "", -2
    for match in _WORD.finditer(text):
        word = match.group().strip(".'’-")
        plain = word.lower().removesuffix("'s").removesuffix("’s")
        telling = plain not in ENGLISH_STOP and plain not in ENGLISH_COMMON and len(plain) > 1
        if not telling or not plain:
            last = ""
            continue
        before = text[max(0, match.start() - 3) : match.start()].strip(" \"'(“")
        opens = word.istitle() and (not match.start() or before[-1:] in {".", "!", "?", "\n"})
        name = plain if word[:1].islower() or opens else word
        if last and match.start() - last_end == 1:
            terms.pop(last, None)
            terms[f"{last} {name}"] = None
            last = ""
        else:
            terms[name] = None
            last, last_end = name, match.end()
    return list(terms)


def _chinese_words(text: str) -> list[str]:
    """Runs between function words, in pieces of 2 to 4 characters; Latin names are kept whole."""
    terms: dict[str, None] = {}
    for run in _CJK_RUN.findall(_ASK_ZH.sub("，", text)):
        piece = ""
        for char in run + "的":
            if char not in CHINESE_FUNCTION:
                piece += char
                continue
            for part in _cut_run(piece):
                terms[part] = None
            piece = ""
    for word in re.findall(r"[A-Za-z][A-Za-z0-9+#.-]+", text):
        terms[word] = None
    return list(terms)


def _cut_run(run: str) -> list[str]:
    if len(run) < 2:
        return []
    if len(run) <= 5:
        return [run]
    return [run[start : start + 4] for start in range(0, len(run), 4) if len(run) - start > 1]
