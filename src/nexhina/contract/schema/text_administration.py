"""What the fields of User and Channel mean that no other schema has, in English and Chinese."""

ADMINISTRATION_TEXT: dict[str, tuple[str, str]] = {
    ".access_token": ("Token of the management API", "管理 API 的令牌"),
    ".aff_code": ("The user's own code for inviting others", "用户自己的邀请码"),
    ".balance": ("Balance at the vendor, US dollars", "在供应商处的余额，美元"),
    ".balance_updated_time": (
        "When the balance was read, Unix seconds",
        "余额读取时间，Unix 秒",
    ),
    ".github_id": ("Account at GitHub that signs in", "用于登录的 GitHub 账号"),
    ".inviter_id": ("Id of the user who invited; 0 = nobody", "邀请人的用户 id；0 表示没有"),
    ".oidc_id": ("Account at the OpenID provider that signs in", "用于登录的 OIDC 账号"),
    ".password": (
        "8 to 20 characters; only in requests, never returned",
        "8 到 20 个字符；仅用于请求，从不返回",
    ),
    ".verification_code": ("Code from a mail; only in requests", "邮件中的验证码；仅用于请求"),
    ".wechat_id": ("Account at WeChat that signs in", "用于登录的微信账号"),
    "User.status": ("1 enabled, 2 disabled, 3 deleted", "1 启用，2 禁用，3 已删除"),
    "Channel.status": (
        "0 unknown, 1 enabled, 2 disabled by hand, 3 automatically",
        "0 未知，1 启用，2 手动禁用，3 自动禁用",
    ),
}
