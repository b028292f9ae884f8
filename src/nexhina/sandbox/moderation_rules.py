"""What the sandbox's moderation looks for: patterns by category with weights, in English and Chinese.

Data for `moderation`. A text is read in lower case. `{names}` stand for the word lists of `_LISTS`.
A pattern's weight is the chance that what it matches is of its categories.
"""

import re

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """A pattern, the categories it speaks for, and how strongly (0 to 1)."""

    categories: tuple[str, ...]
    weight: float
    pattern: re.Pattern[str]


_LISTS = {
    "kin": r"wife|husband|boss|neighbou?rs?|ex|mother|mom|father|dad|brother|sister|roommate|"
    r"coworker|colleague|teacher|classmates?|girlfriend|boyfriend|parents|kids|children|child|"
    r"family|friends?|daughter|son|baby",
    "folk": r"people|persons?|m[ae]n|wom[ae]n|guys?|guards?|victims?|girls?|boys?|cops?|officers?|"
    r"students?|strangers?|protesters?|customers?|clerk|driver|hostages?|crowd|everyone|everybody|"
    r"someone|somebody|anyone|politicians?|president|passengers?|bystanders?|pedestrians?",
    "group": r"jews?|jewish people|muslims?|islam|christians?|catholics?|hindus?|blacks?|"
    r"black people|whites|white people|asians?|chinese people|mexicans?|arabs?|indians|africans?|"
    r"latinos?|hispanics|immigrants?|migrants?|refugees?|foreigners?|gays?|gay people|lesbians?|"
    r"homosexuals?|trans(?:gender)? people|transgenders?|women|females|disabled people|"
    r"the disabled|cripples|gyps(?:y|ies)|minorities",
    "slur": r"nigg(?:er|a)s?|fagg?ots?|kikes?|chinks?|spics?|wetbacks?|ragheads?|trann(?:y|ies)|gooks?",
    "low": r"inferior|vermin|subhuman|sub-human|animals|parasites?|cockroach(?:es)?|rats|scum|trash|"
    r"filth(?:y)?|garbage|savages|a disease|a plague|a cancer|disgusting|degenerates?|criminals|"
    r"rapists|thieves|terrorists|liars|cheaters|less intelligent|less evolved|retarded|violent|worthless|evil|stupid|too stupid|dirty|lazy|pigs|dogs|monkeys|apes|less than human",
    "insult": r"idiots?|morons?|losers?|bitch|bastard|imbecile|scum|trash|garbage|pig|whore|slut|"
    r"cunt|asshole|dickhead|retard|freak|dumbass|worthless|pathetic|disgusting|ugly|stupid|dumb|"
    r"failure|waste of (?:space|air|oxygen)|disgrace|coward|clown|creep|nobody|useless|fat",
    "harm": r"kill|murder|stab|shoot|strangle|beat|hurt|choke|slaughter|torture|slit|behead|rape|"
    r"burn|attack|assault|punch|smash|break|cut|execute|destroy|end|bury|crush|hang|drown|poison|skin",
    "harmed": r"kill(?:ed|s|ing)|murder(?:ed|s|ing)?|stabb(?:ed|ing)|shot|strangl(?:ed|ing)|"
    r"behead(?:ed|ing)|slaughter(?:ed|ing)|massacr(?:ed|ing)|tortur(?:ed|ing)|bludgeon(?:ed|ing)|"
    r"gunn(?:ed|ing) down|beat(?:en|ing)?|executed|assaulted|rap(?:ed|ing)|lynched|choked|slashed|"
    r"drowned|poisoned|kicked and punched|set fire to|opened fire on|attacked",
    "body": r"legs?|neck|face|bones|jaw|skull|head|throat|arms?|teeth|nose|fingers|kneecaps?|ribs",
    "drug": r"meth(?:amphetamine)?|crystal meth|cocaine|heroin|fentanyl|lsd|mdma|ecstasy|crack|ghb",
    "weapon": r"(?:pipe |nail |dirty |fertili[sz]er |car |homemade )?bombs?|explosives?|grenades?|"
    r"molotov(?: cocktails?)?|ghost guns?|nerve (?:gas|agent)|sarin|ricin|silencers?|"
    r"(?:untraceable |unregistered |illegal |automatic |3d.printed )+(?:guns?|firearms?|weapons?|rifles?)|"
    r"ied|chemical weapons?|napalm|suicide vest",
    "make": r"make|build|cook|create|manufacture|produce|assemble|construct|synthesi[sz]e|brew|grow",
    "young": r"minors?|child(?:ren)?|kids?|toddlers?|pre-?teens?|underage|little (?:girl|boy)s?|"
    r"school ?(?:girl|boy)s?|infants?|(?:[3-9]|1[0-7])[- ]?(?:years?|yrs?|yo|y/o)[- ]?(?:olds?)?|"
    r"(?:girl|boy) of (?:[3-9]|1[0-7])",
    "lewd": r"sex(?:ual|ually)?|nudes?|naked|porn(?:ography)?|explicit|erotic|fuck(?:ing|ed|s)?|"
    r"molest(?:ing|ed)?|undress(?:ing|ed)?|lewd|blowjob|horny|seduc(?:e|ed|ing)|fondl(?:e|ed|ing)",
    "ren": r"你们?(?:全家|老婆|孩子|父母|妈)?|他们?|她们?|老板|邻居|同事|妻子|丈夫|老婆|老公|同学|老师|"
    r"路人|警察|人|男友|女友|前任|前男友|前女友|室友|那个?人|这家伙|那家伙|所有人|全家|家人|父母|孩子",
    "zu": r"黑人|白人|犹太人|穆斯林|回民|少数民族|外国人|移民|难民|同性恋|女人|女性|残疾人|日本人|"
    r"韩国人|印度人|非洲人|阿拉伯人|外地人|乡下人|跨性别者?|亚洲人|华人|基督徒|美国人|老外|(?:河南|东北|上海|北京|新疆|西藏|台湾|香港|广东|四川|安徽|山东)人|农民工|穷人",
    "jian": r"低等|劣等|寄生虫|垃圾|变态|恶心|下贱|低贱|肮脏|害虫|畜生|蠢|猪|狗|该死|罪犯|小偷|强奸犯|"
    r"不配|只配|野蛮|败类|渣|滚出|滚回|祸害|毒瘤|蟑螂|老鼠|没用|懒|骗子|恐怖分子|该死|杂种|没素质|天生笨|没脑子|弱智",
    "sha": r"杀(?:了|死|掉|光|害)?|弄死|砍(?:死|了|掉)?|捅(?:死|了)?|打(?:死|断|爆|残)|勒死|烧死|毒死|掐死|"
    r"宰(?:了)?|干掉|做掉|灭(?:了|掉|绝)|枪毙|活埋|消灭|收拾|揍(?:扁|死)?|强奸|撕碎|废了|剁",
    "du": r"冰毒|海洛因|可卡因|摇头丸|毒品|大麻|芬太尼|k粉|迷药|迷奸药|冰糖毒",
    "wuqi": r"炸弹|炸药|枪支?|手枪|步枪|子弹|土枪|手雷|燃烧瓶|雷管|毒气|沙林|爆炸物|武器|消音器|汽油弹",
    "zao": r"制作|制造|自制|做|造|合成|提炼|组装|配制|改装|打印",
    "you": r"未成年|小女孩|小男孩|幼女|幼童|萝莉|小学生|初中生|儿童|女童|男童|幼儿|[一二三四五六七八九]岁|"
    r"十[一二三四五六七]?岁|(?<!\d)(?:[3-9]|1[0-7])岁|小孩子?|孩子",
    "se": r"裸照|裸体|性关系|做爱|性交|色情|性爱|猥亵|黄片|脱光|上床|情色|性行为|强奸|性侵|不雅|淫",
}


def _compile(pattern: str) -> re.Pattern[str]:
    for name, words in _LISTS.items():
        pattern = pattern.replace("{" + name + "}", f"(?:{words})")
    return re.compile(pattern)


def _rule(categories: str, weight: float, pattern: str) -> Rule:
    return Rule(tuple(categories.split()), weight, _compile(pattern))


_THREAT = "harassment/threatening harassment violence"
_HATE_THREAT = "hate/threatening hate violence"
_INTENT = "self-harm/intent self-harm"
_HOW = "self-harm/instructions self-harm"

ENGLISH = (
    _rule(
        _THREAT,
        0.9,
        r"\b(?:i will|i'll|i am going to|i'm going to|i'm gonna|im gonna|we will|we'll|i'ma|gonna|"
        r"we're going to|we are going to|somebody should|someone should|i swear i'll)\W+"
        r"(?:\w+\W+){0,3}?{harm}\W+(?:\w+\W+){0,1}?"
        r"(?:you|u|your|ya|him|her|them|his|their|everyone)\b(?!\W+(?:\w+\W+)?(?:record|score|email|idea))",
    ),
    _rule(
        _THREAT,
        0.75,
        r"\b(?:watch your back|you(?:'re| are) (?:dead|a dead man)\b(?! (?:right|wrong|on))|"
        r"you will (?:pay|bleed|suffer|regret|die)|you'll (?:pay|bleed|suffer|regret|die)|"
        r"i know where (?:you|your \w+) (?:live|work|sleep|goes)|"
        r"(?:deserve|ought|need)s? to (?:die|be (?:shot|killed|beaten|hanged|raped))|"
        r"hope (?:you|he|she|they|your \w+) (?:all |both |just )?(?:die|get cancer|suffer|choke|get raped|get killed|burn|rot)s?|"
        r"(?:come|coming) (?:after|for) you\b.{0,30}(?:knife|gun|kill|hurt|bat))",
    ),
    _rule(
        "harassment",
        0.85,
        r"\byou(?:'re| are|r| look like)?\W+(?:all |such |just |nothing but |really |so |a |an |the |"
        r"complete |total |absolute |fucking |little |worthless |stupid |ugly |fat |pathetic |"
        r"disgusting |biggest |dumb |filthy |lazy |useless |piece of |"
        r"utter |lying |miserable ){0,5}{insult}\b",
    ),
    _rule(
        "harassment", 0.8, r"\b{insult}\W+(?:\w+\W+)?you are\b|\bwhat an? (?:\w+ )?{insult} you\b"
    ),
    _rule(
        "harassment",
        0.75,
        r"\b(?:nobody|no one) (?:likes|loves|wants|cares about|would miss) you\b|\bgo to hell\b|"
        r"\bscrew you\b|\bfuck (?:you|off)\b|\bgo die\b|\bpiece of (?:shit|trash|garbage)\b|"
        r"\bshut (?:the fuck |the hell )?up,? (?:you )?{insult}|\bson of a bitch\b|\bkys\b|"
        r"\beveryone (?:hates|laughs at|despises) you\b|\bworld would be better without you\b|"
        r"\bdrop dead\b|\bstupid (?:bitch|cow|bastard|whore)\b",
    ),
    _rule("hate", 0.9, r"\b{slur}\b"),
    _rule(
        "hate",
        0.85,
        r"\b{group}\W+(?:\w+\W+){0,3}?(?:are|is|were|be|control\w*)\W+(?:\w+\W+){0,3}?{low}\b",
    ),
    _rule(
        "hate",
        0.8,
        r"\b(?:i (?:hate|despise|can't stand) (?:all |those |these |the |fucking ){0,2}{group}\b|"
        r"{group}\W+(?:\w+\W+){0,2}?(?:should(?:n't| not)|don't (?:belong|deserve)|must|do not|ruin|"
        r"are ruining|are destroying|have no (?:right|place))\W+(?:\w+\W+){0,3}?"
        r"(?:exist|banned|deported|kicked|belong|vote|rights|here|sent|locked|allowed|country|"
        r"society|live)\b|{low} (?:\w+ )?{group}\b|(?:go back to|get out of) (?:your|our) (?:own )?country|"
        r"\b(?:white|aryan|master) (?:power|race|supremacy) )",
    ),
    _rule(
        _HATE_THREAT,
        0.9,
        r"\b(?:kill|exterminate|gas|hang|shoot|burn|lynch|eradicate|wipe out|slaughter|deport or kill|"
        r"get rid of|massacre|cleanse)\W+(?:\w+\W+){0,5}?{group}\b|"
        r"\b{group}\W+(?:\w+\W+){0,5}?(?:exterminated|lynched|gassed|killed off|wiped out|shot|hanged|"
        r"slaughtered|eradicated)\b",
    ),
    _rule(
        "violence",
        0.75,
        r"\b(?<!got )(?<!was )(?<!were ){harmed}\W+(?:\w+\W+){0,3}?(?:him|her|them|me|{folk}|{kin}|{body})\b",
    ),
    _rule(
        "violence",
        0.7,
        r"\b(?:want to|wanna|going to|plan(?:ning)? to|would love to|let's|how (?:to|do i|can i)|will|"
        r"gonna|threatened to|tried to)\W+(?:\w+\W+){0,2}?"
        r"(?:kill|murder|stab|strangle|shoot|torture|choke|rape|slaughter|behead|poison|beat up|"
        r"bludgeon|massacre|burn down|hurt|shoot up|blow up)\W+(?:\w+\W+){0,3}?"
        r"(?:him|her|them|{kin}|{folk}|school|church|mosque|synagogue|building|office|house)\b",
    ),
    _rule(
        "violence",
        0.65,
        r"\b(?:left (?:him|her|them) (?:to die|for dead|bleeding)|beat(?:en)? (?:\w+ )?to death|"
        r"mass shooting|stabbed to death|bled to death|in cold blood|slit (?:\w+ )throat|"
        r"pulled the trigger|stabbed (?:\w+ ){0,3}(?:chest|neck|back|stomach|heart)|shot dead|"
        r"shot (?:\w+ ){0,3}in the (?:head|chest|back|face))\b",
    ),
    _rule(
        "violence/graphic violence",
        0.85,
        r"\b(?:dismember\w*|disembowel\w*|decapitat\w*|mutilat\w*|eviscerat\w*|entrails|gutted|"
        r"saw(?:ed|ing) off (?:his|her|their)|severed (?:head|limbs?|arm|leg|hand|fingers)|"
        r"(?:guts|intestines|brains|organs) (?:\w+ ){0,2}(?:spill\w*|splatter\w*|pour\w*|hang\w*)|"
        r"blood (?:\w+ ){0,2}(?:spray\w*|spurt\w*|splatter\w*|gush\w*|pool\w*|pour\w*)|"
        r"skull (?:\w+ ){0,2}(?:crack\w*|smash\w*|crush\w*|split)|"
        r"(?:flesh|skin|eyes?) (?:\w+ ){0,2}(?:torn|ripped|peel\w*|gouged|flayed)|"
        r"(?:tore|ripp(?:ed|ing)|gouged?) (?:\w+ ){0,2}(?:flesh|eyes|throat|limbs|heart out)|"
        r"(?:corpse|body) (?:\w+ ){0,2}(?:hacked|chopped|mangled|rotting))\b",
    ),
    _rule(
        _INTENT,
        0.9,
        r"\b(?:i|im|i'm|i've|i'll)\b[^.?!]{0,40}\b(?:kill(?:ing)? myself|end(?:ing)? (?:my (?:own )?life|it all)|"
        r"suicide|suicidal|hang(?:ing)? myself|cut(?:ting)? (?:myself|my wrists?)|"
        r"hurt(?:ing)? myself|harm(?:ing)? myself|starv(?:e|ing) myself|overdose|"
        r"jump(?:ing)? off (?:a|the) (?:bridge|roof|building)|shoot(?:ing)? myself|slit(?:ting)? my wrists?|"
        r"take my own life|(?:want|wanna|ready) to die|wish i (?:was|were) dead|better off dead)\b",
    ),
    _rule(
        _INTENT,
        0.8,
        r"\b(?:don't|do not|dont|no longer) want to (?:live|be alive|exist|wake up)\b|"
        r"\bno reason (?:left )?to (?:live|go on living)\b|\bwant to die\b|\bkill myself\b|"
        r"\b(?:goodbye|suicide) (?:note|letter) (?:is|for)\b",
    ),
    _rule(
        "self-harm",
        0.75,
        r"\b(?:cuts?|cutting|slit|slashed|slashes|slicing|burns?) (?:\w+ )?(?:wrists?|arms|herself|"
        r"himself|themselves|own skin)\b|\b(?:killed|hanged|hung|shot|starv\w+) (?:herself|himself|"
        r"themselves)\b|\bcommit(?:ted|s|ting)? suicide\b|\b(?:pro-?ana|thinspo)\b|"
        r"\bself-?harm(?:ing)? (?:feels|is (?:good|beautiful))\b",
    ),
    _rule(
        _HOW,
        0.85,
        r"\b(?:how (?:to|do|can|should|many|much)|(?:best|easiest|painless|quickest|fastest|most effective|"
        r"least painful) (?:way|method)s?|ways to|guide to|tell me|instructions)\b[^.?!]{0,50}"
        r"\b(?:kill (?:yourself|myself|oneself)|suicide|hang (?:yourself|myself)|overdose|"
        r"cut (?:yourself|myself|my wrists?|your wrists?)|self-?harm|end (?:my|your) life|tie a noose|"
        r"starve (?:myself|yourself))\b",
    ),
    _rule(
        "self-harm harassment",
        0.85,
        r"\b(?:go|just|please|should|you) (?:and )?(?:kill|hang|shoot|cut) yourself\b",
    ),
    _rule(
        "sexual",
        0.85,
        r"\b(?:pussy|cum(?:ming|shot)?|blow ?jobs?|hand ?jobs?|cock|dick pics?|tits|boobs|"
        r"clit(?:oris)?|orgasm(?:ed|s)?|masturbat\w*|horny|porn\w*|xxx|threesome|gangbang|anal sex|"
        r"oral sex|hentai|milf|send (?:me )?(?:\w+ )?nudes|deepthroat|erection|naked body|"
        r"strip(?:ped|s)? naked|nipples|escort service|hard-?on|suck(?:ed|s|ing)? (?:my|his|your) )\b(?! fight)",
    ),
    _rule(
        "sexual",
        0.75,
        r"\b(?:want(?:s|ed)? to fuck|fuck(?:ed|ing)? (?:me|her|him|you) |wet and (?:ready|hard)|"
        r"(?:thrust|plunged|slid|pushed) (?:\w+ ){0,3}(?:inside|into) (?:her|him|me)|"
        r"have (?:wild |rough |hot )?sex with (?:me|you|her|him)|(?:had|having) (?:\w+ )?sex|"
        r"moan(?:ed|ing|s) (?:\w+ ){0,4}(?:as|when|while|with pleasure)|make love|"
        r"(?:caress|lick|kiss|grop|strok)(?:e|ed|ing)? (?:her|his|my|your) (?:\w+ )?"
        r"(?:breasts?|thighs?|body|naked\w*)|erotic (?:story|stories|massage)|sex (?:scene|story|chat|toys))",
    ),
    _rule(
        "sexual/minors sexual",
        0.9,
        r"\b{young}\b[^.?!]{0,50}\b{lewd}\b|\b{lewd}\b[^.?!]{0,50}\b{young}\b|\b(?:child|kiddie) porn\b|"
        r"\b(?:loli|shota)(?:con)?\b|\bcsam\b",
    ),
    _rule(
        "illicit",
        0.8,
        r"\b(?:{make}|mak|cook|buy|get|sell|smuggle|score|find|order|extract)(?:ing)?\W+(?:\w+\W+){0,3}?{drug}\b|"
        r"\b(?:shoplift\w*|launder(?:ing)? (?:\w+ )?money|counterfeit (?:money|bills|currency)|"
        r"(?:forge|fake|counterfeit)(?:ing|d)? (?:an? |the )?(?:\w+ )?(?:passports?|ids?|documents?|checks?|"
        r"signatures?|prescriptions?|licen[cs]es?|money)|pick (?:a |the )?locks? (?:to|and) (?:break|steal)|"
        r"hotwire|evade taxes|tax evasion tips|date rape drug)\b",
    ),
    _rule(
        "illicit",
        0.75,
        r"\b(?:how (?:to|do i|can i|do you|would i)|teach me|show me|help me|explain|steps to|guide to|"
        r"best way to|tell me|give me|write)\b[^.?!]{0,40}\b(?:steal|rob|shoplift|hack into|phish\w*|scam|blackmail|"
        r"break into|burglari[sz]e|clone (?:a )?credit cards?|credit card fraud|ransomware|"
        r"keylogger|malware|bribe|kidnap|stalk|smuggle|identity theft|embezzle|"
        r"hide a (?:body|corpse)|cheat the tax|commit (?:\w+ )?fraud|bypass a? ?drug test|spy on|"
        r"insider trading|stolen)\b",
    ),
    _rule(
        "illicit/violent illicit violence",
        0.85,
        r"\b(?:{make}|buy|get|obtain|acquire|detonate|plant|smuggle|3d print)(?:ing)?\W+(?:\w+\W+){0,3}?{weapon}\b"
        r"|\b(?:guide|instructions|recipe|tutorial|steps|plans) (?:to|for|on) (?:\w+ ){0,3}{weapon}\b|"
        r"\bhire (?:a )?(?:hitman|assassin|contract killer)\b|\b(?:gun|firearm|weapon)s? "
        r"(?:illegally|without (?:a )?(?:background check|license|permit))",
    ),
    _rule(
        "hate",
        0.75,
        r"\b(?:ban|deport|expel|hate) (?:all |these |the |every ){0,2}{group}\b|"
        r"\b(?:send|ship|throw) (?:all )?(?:these |those |the )?{group} (?:back|out)\b|"
        r"\b{group}\W+(?:\w+\W+){0,3}?(?:less (?:intelligent|human|capable)|steal our|breed like|"
        r"out of (?:our|this) country|don't deserve|(?:burn|rot) in hell)",
    ),
    _rule(
        "harassment/threatening harassment violence",
        0.7,
        r"\b(?:find|hunt|track) (?:you|him|her|them) (?:down )?and\b[^.?!]{0,20}{harm}|"
        r"\bput a bullet in\b|\bsmash your {body}|\b{harm} you\b[^.?!]{0,30}\b(?:bleed|dead|sleep|death)\b",
    ),
)

CHINESE = (
    _rule(
        _THREAT,
        0.85,
        r"(?:我|我们|老子|明天|迟早|早晚|一定|信不信)[^。！？]{0,12}{sha}(?:你|他|她|它们|您)|"
        r"(?:弄死|杀死|杀了|打死|打断|砍死|干掉|打爆|宰了|做掉|收拾|揍扁)(?:你|您)|"
        r"(?:杀|灭)(?:你|他)全家|我知道你(?:家)?住(?:在)?哪|让你(?:生不如死|不得好死|血债血偿|见血|付出代价)|"
        r"你(?:死定了|活不过|给我等着|小心(?:点|你的))|找人(?:打|砍|弄)你|小心你(?:的)?(?:狗命|全家|家人)",
    ),
    _rule(
        "harassment",
        0.85,
        r"你(?:们)?(?:这|就|真|简直|他妈|个|是|的|死|臭|才|都|不过|种|只|没用|又|长得|这么|不要脸|这种|头){0,6}"
        r"(?:废物|垃圾|贱人|傻逼|傻b|蠢货|白痴|混蛋|王八蛋|猪|蠢猪|狗东西|畜生|人渣|婊子|窝囊废|弱智|脑残|智障|"
        r"丑八怪|败类|贱货|杂种|死胖子|恶心)|去死吧|傻逼|草泥马|操你|他妈的?(?:滚|贱|蠢)|"
        r"(?:不要脸|狗娘养|王八蛋|龟孙子|贱货|婊子|狗杂种|脑子(?:有病|进水))|没人(?:喜欢|在乎|要)你|"
        r"^(?:蠢货|白痴|废物|垃圾)[，,！!]|你怎么不去死|给我滚|滚(?:远点|蛋|开)|你活着(?:就是)?(?:浪费|多余)|"
        r"丢人现眼|你(?:也|都)?不?配(?:活着|做人)",
    ),
    _rule(
        "hate",
        0.85,
        r"{zu}(?:们|都|全|就|天生|简直|是|的|真|很|一样|永远|就是|全都|本来){0,5}(?:是)?(?:一群|些|一种|像)?{jian}|"
        r"(?:该死|肮脏|恶心|低等|低贱|下贱|讨厌|臭)的?(?:这些|那些)?{zu}|{zu}[^。！？]{0,8}"
        r"(?:滚出|滚回|不该存在|不应该存在|没资格|不配)|黑鬼|支那|棒子国|尼哥|小日本鬼子|死基佬|死娘炮",
    ),
    _rule(
        _HATE_THREAT,
        0.9,
        r"(?:把|将|对)?(?:所有|这些|那些|全部)?(?:的)?{zu}(?:们)?(?:都|全|统统|应该|该|必须|通通|全部|给|被|一个不留){0,4}"
        r"(?:杀光|杀死|杀掉|烧死|消灭|灭绝|清洗|枪毙|屠杀|毒死|活埋|赶尽杀绝|吊死|打死|弄死)|"
        r"(?:杀光|消灭|屠杀|灭绝|烧死|杀死|打死|清洗)(?:所有|这些|那些|全部)?的?{zu}",
    ),
    _rule(
        "violence",
        0.75,
        r"(?:捅死|砍死|打死|勒死|杀害|枪杀|枪击|掐死|毒死|烧死|刺死|虐杀|屠杀|殴打|毒打|砍伤|捅伤|刺伤|行凶|谋杀|"
        r"虐待|活埋|绑架|强奸|轮奸|暴打|砍杀|斩首|残杀|刺杀|射杀)(?!游戏)|杀人(?!游戏|不眨眼)|"
        r"(?:开枪|用(?:刀|枪|绳子|斧头|锤子)|拿(?:起)?(?:刀|枪))[^。！？]{0,10}(?:打死|杀|捅|砍|勒|射|打向|刺)|"
        r"想(?:要)?(?:亲手)?(?:杀|砍|捅|勒死|掐死|打死|弄死)(?:死|了|掉)?(?:我)?(?:的|那个|这个)?{ren}|"
        r"往死里打|开车撞(?:死|向人)|血洗|砍了[^。！？]{0,4}刀|捅了[^。！？]{0,4}刀|我要杀",
    ),
    _rule(
        "violence/graphic violence",
        0.85,
        r"肢解|碎尸|血肉模糊|脑浆|开膛破肚|血肉横飞|血肉飞溅|鲜血染红|烧成焦|惨不忍睹|眼珠|分尸|鲜血(?:喷|四溅|飞溅|直流|淋漓)|肠子(?:流|掉|拖)|血流成河|内脏|"
        r"(?:头|头颅|脑袋|手|四肢|手臂)(?:颅)?被?(?:砍|割|切|锯|剁)(?:了)?(?:下|断|掉)|剥皮|挖(?:出|掉)[^。]{0,4}(?:眼|心脏)|"
        r"血淋淋|断肢|残肢",
    ),
    _rule(
        _INTENT,
        0.9,
        r"(?:我|俺|本人)[^。！？]{0,12}(?:(?<!不)想死|不想活|自杀|轻生|结束(?:自己的|这条)?生命|自残|割腕|跳楼|跳下去|上吊|了结自己|"
        r"一了百了|死了算了|活(?:着|得)(?:太|好)(?:痛苦|累)|一死|了断|离开这个世界|伤害自己|活不下去|解脱自己)|不想活了|活着没(?:有)?意思|活够了|想一死了之|遗书(?:已经)?写好",
    ),
    _rule(
        "self-harm",
        0.75,
        r"割腕|自残|上吊自尽|自杀(?:了|身亡)|服毒自尽|(?:割|划|烫)(?:伤)?(?:自己|手腕|手臂)|催吐减肥|跳楼自",
    ),
    _rule(
        _HOW,
        0.85,
        r"(?:怎么|怎样|如何|方法|方式|教我|告诉我|吃多少|多少|哪种|步骤|最快|无痛)[^。！？]{0,12}"
        r"(?:自杀|自残|割腕|上吊|结束生命|自尽|致死|死得)|(?:自杀|自残|割腕|轻生)的?(?:最佳|最快|无痛)?(?:方法|教程|步骤|方式|攻略)",
    ),
    _rule(
        "self-harm harassment",
        0.85,
        r"(?:你|快|赶紧|去)(?:怎么不|快|赶紧|去|直接)*(?:自杀|跳楼|上吊)(?:吧|算了|啊)",
    ),
    _rule(
        "sexual",
        0.85,
        r"做爱|性交|口交|肛交|约炮|淫(?:荡|叫|水|穴|乱)|阴茎|阴道|阴蒂|高潮(?:迭起|了)|奶子|鸡巴|肉棒|自慰|手淫|"
        r"裸聊|裸照|裸体照?|性爱|性感(?:内衣|写真)|春药|床上功夫|胸部|乳房|色情|黄片|嫖娼|援交|乳头|呻吟|射精|脱光|插入(?:她|他|我)|[aＡ]片|性感(?:裸|诱惑)|情趣用品|"
        r"一夜情|床戏|巨乳|骚货|舔(?:我|你|她|他)的|抚摸(?:她|他|我)的?(?:乳|胸|大腿|身体)|"
        r"(?:包夜|特殊)服务|多人运动|赤裸(?:着|的)?(?:身体|上身|相)|上门服务",
    ),
    _rule(
        "sexual/minors sexual",
        0.9,
        r"{you}[^。！？]{0,15}{se}|{se}[^。！？]{0,15}{you}|儿童色情|恋童",
    ),
    _rule(
        "illicit",
        0.8,
        r"(?:{zao}|买|购买|卖|贩卖|弄到|种植|走私|搞到|出售|获取|种)(?:到|一些|点)?[^。！？]{0,6}{du}|贩毒|"
        r"(?:怎么|怎样|如何|教我|帮我|告诉我|方法|步骤|教程|哪里|写)[^。！？]{0,14}(?:洗钱|伪造|造假币|假币|假钞|假证|假身份证|偷|"
        r"盗窃|盗取|盗刷|诈骗|骗|撬锁|黑进|入侵|勒索|走私|逃税|偷税|行贿|贿赂|作弊器|木马|钓鱼网站|破解|跟踪|窃听|绑架|"
        r"抢劫|销赃|藏尸|碰瓷|敲诈|病毒程序)|伪造(?:身份证|护照|证件|公章|签名|学历|货币)|代开发票|办假证|克隆信用卡",
    ),
    _rule(
        "illicit/violent illicit violence",
        0.85,
        r"(?:{zao}|购买|买到?|走私|弄到|引爆|安装|搞到)(?:一个|一把|些|个|把)?[^。！？]{0,6}{wuqi}|"
        r"{wuqi}的?(?:制作|制造|自制|配方|教程)|雇(?:佣)?(?:杀手|人杀)|买凶",
    ),
    _rule(
        "hate",
        0.75,
        r"{zu}[^，。]{0,4}(?:天生|生来)[^，。]{0,4}(?:蠢|笨|低|懒|坏|差|劣)|(?:恨|讨厌|厌恶|鄙视|看不起)(?:死)?(?:所有|这些|那些|一切)?的?{zu}|(?:赶走|驱逐)(?:所有|这些)?的?{zu}",
    ),
    _rule(
        "harassment/threatening harassment violence",
        0.75,
        r"(?:打|揍|砍|杀|弄|捅)(?:死|断|残|爆|烂)?(?:了)?你(?:的)?(?:狗?腿|头|脸|手|全家|妈)?(?:[，。！!]|$)|"
        r"(?:找到|抓到|堵)你[^。]{0,8}(?:打|杀|砍|弄|揍)|扒了你的皮|威胁[^。]{0,6}(?:杀|打死|砍|弄死)|要你的?命|放你的血|烧了你家",
    ),
)

BENIGN = tuple(
    _compile(pattern)
    for pattern in (
        (
            r"\bkill(?:s|ed|ing)? (?:the |a |an |all |this |that |my |your |any |running |zombie |child )*"
            r"(?:process(?:es)?|tasks?|threads?|servers?|jobs?|session|apps?|switch|weeds?|bugs?|germs|"
            r"bacteria|mosquito(?:e?s)?|time|mood|lights?|engine|cancer cells?|ants|insects|boss(?:es)? in|"
            r"pests?|connections?|containers?|child process\w*|mold|virus(?:es)?|conversation|vibe|pain)\b"
        ),
        r"\b(?:killed|killing|kills) (?:it|me)\b",
        (
            r"\b(?:father|mother|brother|sister|husband|wife|son|daughter|friend|uncle|partner)'s (?:suicide|murder)|"
            r"\bpenalty for (?:\w+ ){0,2}\w+|(?:父亲|母亲|爸爸|妈妈|哥哥|弟弟|姐姐|妹妹|丈夫|妻子|朋友|儿子|女儿)自杀(?:后|以后|之后)"
        ),
        r"杀疯|大屠杀|洗澡(?:水|盆|巾)",
        r"\b(?:laughing|to die for|died laughing|dying to|killer (?:app|feature|whale|deal)|painkillers?)\b",
        (
            r"\bshoot(?:ing)? (?:me |us |him |her |them |you |over |off )?(?:an? |the |some |your )?"
            r"(?:\w+ )?(?:photo|picture|video|film|movie|email|message|text|hoops|baskets?|scene|portrait|"
            r"pool|documentary|commercial|reel|line|stars?|landing|question)s?\b"
        ),
        r"\bshot (?:a |an |the |some |this |that )?(?:\w+ )?(?:photo|picture|video|film|movie|scene|goal)s?\b",
        r"\b(?:bath|photo|cherry|seed|logic|fork|zip|calorie) ?bombs?\b|\bbombs? (?:squad|disposal|shelter)\b",
        (
            r"\bbeat(?:ing|en)? (?:the |an? |your |my |his |her |their )?(?:egg\w*|record|score|odds|traffic|"
            r"level|game|rival\w*|champion\w*|team|competition|deadline|heat|boss)\b"
        ),
        r"\b(?:hurt|cut|kill|burn) yourself (?:lifting|while|when|on|out|carrying|some slack|some)\b",
        r"\b(?:master|slave|parent|child|orphan(?:ed)?) (?:process|node|thread|branch)\w*\b",
        r"\bkill(?:ing)? two birds\b|\bbreak (?:a )?leg\b|\b(?:cock|dick|spotted dick)(?:tail|pit|erel)\w*\b",
        r"\bsex(?:ual)? (?:education|ed|orientation|health|hormones?|chromosomes?|discrimination|harassment)\b",
        r"\b(?:breast|prostate|testicular) (?:cancer|exam\w*|feeding|milk)\b|\bkids? eat\b",
        (
            r"\bhang (?:myself |yourself )?(?:out|a picture|up)\b|\bsuicide squad\b|\bcrack(?:ing|ed)? (?:a |the )?"
            r"(?:egg|joke|code|case|window|smile)s?\b"
        ),
        r"(?:杀死|杀掉|杀|终止|干掉|结束)(?:这个|所有|掉|占用)?[^。！？]{0,10}(?:进程|线程|任务|程序|会话)",
        r"杀(?:虫|菌|毒|青|价|手锏|软|跌|时间|熟|鸡|鱼|猪)|绝杀|抹杀|秒杀|封杀|必杀技|杀毒|消杀|灭蚊|灭火|消灭(?:蚊|害虫|蟑螂|细菌|病毒|贫困)",
        (
            r"(?:笑|饿|累|困|热|冷|气|美|帅|忙|吓|急|渴|想|爱|甜|萌|烦|开心|好吃|可爱|无聊|羡慕|高兴|痒|辣|酸)死(?:我|人|了)*|"
            r"(?:得)?要(?:命|死)(?!的是你)|死机|死锁|死循环|死记硬背|死线"
        ),
        (
            r"(?:bug|代码|需求|产品)[^。！？]{0,8}(?:枪毙|打死|杀|弄死|砍)|(?:枪毙|打死|干掉|消灭|杀|砍)(?:掉|了|死)?(?:这个|那个|个|一个|所有)?"
            r"(?:bug|需求|boss|怪|功能|方案|提案)"
        ),
        (
            r"炸(?:鸡|鱼|薯条|酱|虾|串|油条)|爆炸(?:了)?(?:头|性|式)|票房爆炸|信息爆炸|知识爆炸|水枪|玩具枪|喷枪|焊枪|泡泡枪|"
            r"机枪兵|浴盐炸弹|浴室炸弹|照片炸弹|打枪游戏|枪战(?:片|游戏)"
        ),
        (
            r"性(?:教育|别|格|能|质|价比|健康|取向)|裁(?:掉|员)|(?:乳腺|前列腺|妇科)[^。]{0,4}(?:检查|癌|炎)|打(?:断|爆)了?(?:思路|对话|记录)|"
            r"拍(?:摄|照)|写字母|自杀式(?:调价|降价)"
        ),
        r"(?:做|写|造)(?:作业|梦|句|人|家务)|文化病毒|做饭|插入(?:她|他|我)的?(?:文档|u盘|表格|卡|sim)",
    )
)
"""What looks like harm and is not: it is struck out before anything is looked for."""

SOBER = tuple(
    _compile(pattern)
    for pattern in (
        (
            r"\b(?:prevent\w*|awareness|helpline|hotline|support group|charity|therapist|survivors? of|"
            r"stay safe|protect\w* (?:children|kids|people|yourself)|is (?:wrong|illegal|unacceptable|never ok\w*)|"
            r"fight(?:ing)? against|combat(?:ing)?|raise awareness|stop (?:the )?(?:violence|hate|bullying|abuse)|"
            r"condemn(?:ed|s|ing)?|denounc\w*|warning signs|signs of|report(?:ing)? (?:abuse|harassment|it to)|"
            r"history of|historians?|in (?:1[0-9]\d\d)\b|battle of|world war|century|museum|documentary|"
            r"research(?:ers)?|stud(?:y|ies) (?:shows?|finds?|found|on)|statistics|legislation|"
            r"if you (?:are|have|feel|know)\b.{0,40}(?:call|talk|reach|contact|seek)|seek help|get help|"
            r"how (?:to|can (?:i|we)) (?:stop|avoid|detect|report|protect|help|defend|support|deal|cope|recogni[sz]e|fight|talk)|"
            r"novel|chapter|plot summary|movie (?:about|where)|film about|lecture|article (?:about|on)|essay (?:about|on))\b"
        ),
        (
            r"预防|防止|避免|热线|求助|寻求帮助|援助|心理咨询|反对|是错误的|违法的|不对的|不应该歧视|如何(?:应对|防范|保护|识别|帮助|报警|举报|劝)|"
            r"怎么(?:应对|防范|保护|识别|帮助|劝|举报)|历史|研究表明|研究|统计|纪录片|博物馆|讲座|法律规定|打击|谴责|禁止|宣传|教育孩子|"
            r"纪念|保护|防身|防骗|识破|警惕|科普|论文|世纪|世界大战|抗战|战役|提醒"
        ),
    )
)
"""Contexts that speak about harm instead of doing it: each lowers what was found."""

NEGATED = re.compile(
    r"(?:\b(?:don't|do not|never|not|won't|didn't|shouldn't|no one should|nobody should|wouldn't|"
    r"can't|refuse to|without)\s+(?:\w+\s+)?|(?:不要|不会|没有|别|从不|绝不|不应该?|不许|不能|不可以?|并非|不得|"
    r"请勿)[^，。！？]{0,2})$"
)
"""What stands before a match that says the opposite."""
