"""The words on the console's pages, in both languages. A missing sentence is a type error."""

import msgspec

from nexhina.identity.password import LONGEST, SHORTEST
from nexhina.web.language import Language


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One language. Templates find it as `text`."""

    home_title: str
    home_about: str
    home_call: str
    home_key: str
    home_routes: str
    home_docs: str
    setup_title: str
    setup_about: str
    setup_email: str
    setup_password: str
    setup_rule: str
    setup_repeat: str
    setup_submit: str
    setup_problem: str
    bad_email: str
    no_password: str
    short_password: str
    long_password: str
    weak_password: str
    not_repeated: str
    done_title: str
    done_about: str
    gone_title: str
    gone_about: str
    gone_cure: str


TEXTS: dict[Language, Text] = {
    "en": Text(
        home_title="One key, one address, every model",
        home_about="Nexhina is a self-hosted AI API platform: it speaks the OpenAI API, carries each call "
        "to a vendor that serves the model, and keeps exact books of what it cost.",
        home_call="How to call it",
        home_key="Any OpenAI SDK works: set its base URL to this address and use a key that begins with sk-.",
        home_routes="All routes",
        home_docs="Documentation",
        setup_title="Set up the owner’s account",
        setup_about="This page works once. The account it makes may do everything on this installation.",
        setup_email="E-mail",
        setup_password="Password",  # noqa: S106  (a label)
        setup_rule=f"At least {SHORTEST} characters; a sentence or a password manager’s suggestion is best.",
        setup_repeat="Password again",
        setup_submit="Create the account",
        setup_problem="Please correct this:",
        bad_email="This is not an e-mail address: it needs a name, an @ and a domain.",
        no_password="Choose a password.",  # noqa: S106  (a sentence)
        short_password=f"This password is too short: it needs at least {SHORTEST} characters.",
        long_password=f"This password is too long: it may have at most {LONGEST} characters.",
        weak_password="This password is easy to guess: use several different words.",  # noqa: S106  (a sentence)
        not_repeated="The two passwords are not the same.",
        done_title="All set",
        done_about="The owner’s account is ready. The link you used no longer works.",
        gone_title="This link is gone",
        gone_about="A set-up link works once and for one hour. This one was used, is older, or was not copied whole.",
        gone_cure="For a new one, run this where Nexhina runs:",
    ),
    "zh": Text(
        home_title="一个密钥，一个地址，所有模型",
        home_about="Nexhina 是可自行部署的 AI API 平台：兼容 OpenAI API，把每次调用转给提供该模型的供应商，并精确记账。",
        home_call="调用示例",
        home_key="任何 OpenAI SDK 都可以直接使用：把 base URL 设为本地址，使用以 sk- 开头的密钥。",
        home_routes="所有路由",
        home_docs="文档",
        setup_title="设置所有者账号",
        setup_about="本页面只能使用一次。在此创建的账号拥有本系统的全部权限。",
        setup_email="邮箱",
        setup_password="密码",  # noqa: S106  (a label)
        setup_rule=f"至少 {SHORTEST} 个字符；建议使用一句话，或密码管理器生成的密码。",
        setup_repeat="再次输入密码",
        setup_submit="创建账号",
        setup_problem="请更正：",
        bad_email="邮箱格式不正确：需要包含名称、@ 和域名。",
        no_password="请设置密码。",  # noqa: S106  (a sentence)
        short_password=f"密码太短：至少需要 {SHORTEST} 个字符。",
        long_password=f"密码太长：最多 {LONGEST} 个字符。",
        weak_password="该密码容易被猜到：请使用几个不同的词。",  # noqa: S106  (a sentence)
        not_repeated="两次输入的密码不一致。",
        done_title="设置完成",
        done_about="所有者账号已就绪。刚才使用的链接已失效。",
        gone_title="链接已失效",
        gone_about="设置链接只能使用一次，且一小时内有效。该链接已被使用、已过期，或复制不完整。",
        gone_cure="如需新的链接，请在 Nexhina 所在的机器上运行：",
    ),
}
