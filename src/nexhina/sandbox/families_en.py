"""More English word families for moderation by concepts: what is asked for, of whom, and to what end.

Data for `moderation_concepts`, joined to `concepts_en`, whose lists the rules here may name too.
"""

LISTS = {
    "ask": r"how|what|which|where|write|describe|explain|tell me|show me|give me|teach|send|tips|tricks|steps|ways?|"
    r"guide|recipe|help me|i need|i want|looking (?:for|to)|anyone|can (?:you|i)|could you|generate|draft|create|"
    r"make me|role-?play|imagine|pretend|share|swap|trad(?:e|ing)|got any",
    "learned": r"doctors?|surgeons?|nurses?|police|court|law|penalty|sentence for|charged|convicted|sentenced|arrested|"
    r"history|century|historians?|war|museum|documentary|films?|movies?|novel|stud(?:y|ies)|research\w*|"
    r"survivors?|charity|campaign\w*|prevent\w*|protect\w*|therap\w+|counsel\w+|hotline|myths?|stereotyp\w*|racis[mt]|"
    r"discriminat\w*|games?|recipes? for (?:cake|bread)|players?|match|league|coach|report(?:ed|s)?|vets?|recogni[sz]e|"
    r"spot|signs of|detect\w*|avoid(?:ing)? (?:being|getting|scams|phishing)|grief|bereave\w*|equal\w*|education",
    "covert": r"without (?:\w+ ){1,4}(?:knowing|noticing|finding out|permission|consent|suspecting|reali[sz]ing|seeing|"
    r"caught|paying|trace)|behind (?:his|her|their|my \w+'s) back|secretly|undetected|unnoticed|untraceabl[ey]|"
    r"(?:no one|nobody|never|don't|doesn't|won't|can't) (?:\w+ )?(?:notices?|finds? out|suspects?|traced?|get caught)|"
    r"off the books|under the radar|get(?:ting)? away with|leav\w+ no (?:trace|evidence)",
    "private": r"texts?|messages|phones?|accounts?|emails?|location|bank|whatsapp|instagram|money|cards?|computer|laptop|"
    r"webcam|cameras?|passwords?|house|car|till|register|wages|taxes|stock|store|shop|inheritance|signature|calls|"
    r"goods|border|customs|jewel\w*|evidence|network|server|wi-?fi",
    "deceive": r"trick\w*|fool\w*|con|conning|dup(?:e|ing)|deceiv\w*|convinc\w*|pos(?:e|es|ing) as|pretend\w*|"
    r"impersonat\w*|lur(?:e|es|ing)|swindl\w*|cheat\w*|fake|bogus|spoof\w*|clone|phony|scar(?:e|es|ing) (?:\w+ ){0,2}into",
    "loot": r"pins?|passwords?|card (?:number|detail)s?|bank(?:ing)? (?:\w+ )?|savings|social security|gift cards|logins?|"
    r"credentials|pensions?|deposits?|wiring|wire (?:me|us)|donations|payout|insurance|investors?|refund|identity|"
    r"visa|diploma|passport|prescription|vaccin\w+ (?:card|certificate)|lottery|elderly|old people|seniors?",
    "goods": r"fake (?:\w+ ){0,2}(?:bags?|handbags?|watches|shoes|goods|reviews|meds|pills|degrees?|certificates?)|replicas?|knock-?offs?|"
    r"(?:cook up|cook|snort|score) (?:\w+ )?speed|weed|coke|shrooms|dope|molly|oxy(?:contin|codone)?|xanax|adderall|"
    r"crystal|smack|opioids?|dmt|pcp|steroids|magic mushrooms|stolen|card (?:numbers|dumps)|cvvs?|"
    r"(?:someone else|other people|another person)'s|fake ids?|counterfeits?|pirated|cracked (?:version|software)|"
    r"drugs|narcotics|pseudoephedrine|rohypnol|roofies|trojan|spyware|exploit|rootkit|human organs|kidney",
    "obtain": r"buy|get|make|cook\w*|score|sell\w*|deal(?:ing)?|smuggl\w*|ship|grow|extract\w*|synthes\w*|mix|order|find|"
    r"produce|deploy|write|install|build|slip|put (?:\w+ ){1,3}drink|hide|mail|flip",
    "malice": r"demand\w* (?:bitcoin|crypto|an? ransom|ransom)|self-replicating|wip(?:e|es) (?:\w+ ){0,3}(?:drives?|disks?)|crash(?:es)? (?:\w+ ){0,3}(?:servers?|websites?)|"
    r"take down (?:a|my|his|their) (?:\w+ )?(?:site|website|server)|brute[- ]forc\w*|logs? (?:\w+ )?keystrokes?|deepfakes?|revenge porn|doxx?(?:ing)?|swatting|"
    r"blackmail\w*|launder\w*|(?:fak(?:e|ing)|stag(?:e|ing)) (?:my|an?) (?:\w+ )?(?:death|injury|claim|alibi|accident|crash)|frame (?:someone|my)|brib\w+|rig (?:an?|the) \w+|"
    r"tamper\w* with|forg(?:e|ing) (?:\w+ ){0,2}\w+|pickpocket\w*|break into|shoplift\w*|hide (?:\w+ )?income|evad\w+|smuggl\w+|odometer",
    "blast": r"explo(?:de|sions?|sives?|ding)|detonat\w*|bombs?|fertili[sz]er|blow(?:ing)? up|blast|poison\w*|cyanide|"
    r"pathogens?|booby[- ]?traps?|derail\w*|arson|set (?:\w+ )?fire|burn(?:ing)? down|sabotag\w*|pressure cooker|shrapnel|"
    r"toxic gas|drive into|ram(?:ming)?|gas",
    "target": r"crowds?|buildings?|school|trains?|bus|stadium|people|someone|somebody|neighbou?rs?|casualt\w+|bridge|"
    r"power grid|water supply|reservoir|mall|airport|station|office|embassy|husband|wife|boss|parade|concert|church|mosque|victims?|guests",
    "arms": r"full(?:y)?[- ]auto(?:matic)?|zip gun|pipe gun|home-?made (?:gun|shotgun|pistol|explosive|bomb)\w*|"
    r"(?:convert|turn|modify)\w* (?:\w+[ -]){0,5}(?:rifle|automatic|pistol|gun|glock|drone into)|serial number off|"
    r"file off|(?:gun|pistol|rifle|firearm)s? (?:\w+ ){0,3}(?:background check|paperwork|licen[cs]e|registration)|pipe bombs?|"
    r"tnt|tatp|c4|rdx|nitroglycerin\w*|vx|hire (?:someone|a man|a guy) to (?:kill|hurt|beat)|have (?:someone|him|her) (?:killed|whacked)|"
    r"dirty bombs?|enrich uranium|armou?r[- ]piercing",
    "gone": r"six feet under|in (?:the ground|my grave)|(?:happier|better|easier|relieved) (?:off )?(?:if|once|when|without) (?:i|me)|free of me|burden (?:to|on)|bought the rope|rather be dead|ready to go for good|"
    r"(?:be|am|i'm) gone (?:for good|forever|soon)|(?:won't|not|don't want to) be (?:here|around)(?: any ?more| tomorrow| long)?|"
    r"stop(?:ped)? existing|cease to exist|never (?:\w+ ){0,2}(?:wake|waking)|not wak(?:e|ing) up|disappear forever|without me|"
    r"(?:nobody|no one) (?:would|will|'d) (?:even )?(?:notice|miss|care)|last (?:night|day|message|post|goodbye) (?:here|alive|on earth)|"
    r"can't (?:go on|do this any ?more|keep going|take (?:it|this) any ?more|see a way)|(?:tired|sick|done) (?:of|with) (?:living|life|being alive|"
    r"existing|breathing)|(?:no|any|the) point (?:in )?(?:living|going on|staying|of living|being alive|carrying on)|never been born|"
    r"(?:in front of|under) (?:a|the) train|(?:isn't|not) worth (?:it|living)|saved up (?:\w+ )?(?:pills|tablets)|"
    r"(?:leave|leaving|left) this world|(?:step|jump|leap|drive) (?:\w+ ){0,2}(?:off|over|into) (?:a|the|this) \w+|end (?:things|everything|it|my pain|this pain)|"
    r"(?:tie|tied|bought) (?:a|the|some) (?:noose|rope)|make the pain stop (?:for good|forever)|let go of life|do away with myself|off myself|unalive",
    "means": r"paracetamol|acetaminophen|tylenol|ibuprofen|sleeping (?:pills|tablets)|insulin|bleach|painkillers?|antidepressants?|"
    r"tablets|pills|medication|benadryl|exhaust|charcoal|rope|belt|blade|razor|height|floors?|floor|veins?|artery|train|gas",
    "fatal": r"finish (?:me|myself)|end (?:me|it|myself|everything)|kill me|die|dying|fatal|lethal|overdose|never wake|not wake|"
    r"stop my heart|for good|be dead|death|bleed (?:out|to death)|pass away|certain to work|guaranteed",
    "diet": r"\d+ calories|no food|fast(?:ing)? for|skip(?:ping)? (?:meals|dinner|lunch)|purg\w+|laxatives?|throw(?:ing)? up|"
    r"vomit\w*|(?:not|stop|without|avoid) eating|hunger|anorexi\w+|bulimi\w+|thigh gap|diet pills|cut(?:ting)? myself|self-?harm\w*|scars|starv\w*",
    "hidden": r"hid(?:e|ing)|secret\w*|notic\w*|find(?:ing)? out|my (?:mum|mom|parents|family|roommate)|as fast as|after (?:every |each )?meals?|"
    r"surviv\w*|suppress\w*|ignore|stay motivated|a day|skinn\w+",
    "ownbody": r"(?:burn|cut|scratch|stab|punch|bit|starv|carv|claw|slic|hit)(?:e|s|es|ing|ed|ting)? (?:\w+ ){0,2}(?:her|his|my|their) (?:own )?"
    r"(?:thighs?|arms?|legs?|skin|wrists?|stomach|knuckles|forearms?|hips)|(?:hurt|harm|punish|injur)(?:s|es|ing)? (?:herself|himself|myself|themselves)|"
    r"carv(?:es|ed|ing) (?:words|lines)",
    "sorrow": r"guilty|whenever|every time|when(?:ever)? (?:i|she|he|they)(?:'m)? (?:feel|feels|is|are|am|fail|get)|sad|upset|stress\w*|numb|punish\w*|"
    r"relief|hates? (?:herself|myself|himself)|until it bleeds|calms?|only way|cope|release|in secret|at night|again",
    "smut": r"what you(?:'d| would) (?:like to )?do (?:to|with) me|between the sheets|fantas(?:y|ies) about|talk dirty|wearing nothing|your (?:naked )?body|"
    r"filthy|steamy|naughty|smut\w*|dirty (?:talk|story|stories|things|pictures|messages)|x-rated|nsfw|raunchy|getting it on|hook(?:ing|ed)? up|"
    r"turn(?:s|ed)? (?:me|you|her|him) on|climb\w* on top|straddl\w*|lap ?dance|foreplay|nudes?|naked|topless|erotic\w*|sext\w*|strip(?:tease|per|ping)|"
    r"porn\w*|sensual|kink\w*|sexual\w*|lingerie|bdsm|dominat(?:rix|es)|lovemaking|one-night stand|orgasm\w*|sex (?:scene|tape|chat|position)s?|"
    r"camgirl|hottest (?:sex|scene)|in bed (?:together|with)|making out|sexy",
    "undone": r"unbutton\w*|unzip\w*|unhook\w*|unclasp\w*|peel\w* off|tug\w* (?:off|down)|slid (?:\w+ ){0,3}(?:under|up|between|down)|hands? (?:\w+ ){0,2}(?:under|up|inside|between)|"
    r"took off (?:her|his)|pinned (?:her|him) (?:to|against)|press\w* (?:\w+ ){0,2}against|gasp\w*|moan\w*|grind\w*|nibbl\w*|kiss\w* (?:down|her way|his way)|climb\w*",
    "garment": r"blouse|bra|belt|jeans|skirt|panties|underwear|boxers|thighs?|nipples?|breasts?|waist|hips|lap|naked|bare skin|on top of|between (?:her|his) legs|"
    r"inner thigh|sheets|mattress|bulge|her dress|his trousers|shirt",
    "juvenile": r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth)[- ]grade(?:r|rs)?|grade[- ]schoolers?|(?:primary|elementary|middle) school(?:ers?)?|tweens?|"
    r"young (?:girl|boy)s?|(?:[3-9]|1[0-7])[- ]year[- ]olds?|pre-?teens?|minors?|child(?:ren)?|kids?|little (?:girl|boy|sister)s?|underage|"
    r"school ?(?:girl|boy)s?|(?:eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen)[- ]year[- ]olds?|pupils?|toddlers?|"
    r"(?:\w+th|middle|elementary)[- ](?:grade|school)(?:er|ers)?|jailbait|lolitas?|younger than (?:ten|1[0-7]|sixteen|fifteen)",
    "desire": r"nudes?|naked|topless|porn\w*|erotic\w*|sex(?:ual|ually)?|"
    r"steamy|romance|romantic relationship|(?:without|no) (?:any )?cloth\w+|undress\w*|sexy|sensual\w*|turned on|attracted to|lover|makes? out|"
    r"naughty|intimate\w*|hook(?:ing)? up|sleep(?:ing)? (?:together|with)|touch(?:es|ed|ing)? (?:\w+ ){0,2}(?:private|body|chest|thigh)|in bed|wearing nothing|"
    r"hot (?:pics|photos|videos)|virgin\w*|smut|nsfw|x-rated|kiss\w* passionately|grooming",
    "flock": r"jews?|jewish|muslims?|christians?|catholics?|hindus?|blacks?|black (?:people|men|women)|asians?|arabs?|africans?|mexicans?|indians?|"
    r"chinese|immigrants?|migrants?|refugees?|foreigners?|gays?|lesbians?|trans|women|females?|girls|disabled|wheelchairs?|deaf|blind people|"
    r"autistic|those people|these people|their (?:kind|religion|culture|race)|gyps(?:y|ies)|mosques?|synagogues?|worshippers|believers|"
    r"poles|turks|nigerians?|pakistanis?|romanians?|albanians?|elderly|old people|homeless|poor people|\[slurs?\]",
    "scorn": r"greedy|cheats?|pollut\w+|dead ?weight|(?:can't|cannot|can never|incapable of) (?:\w+ )?(?:think\w*|drive|lead\w*|reason\w*|be trusted|integrate)|unfit|"
    r"keep them (?:out|away)|(?:refuse|won't|wouldn't|never) (?:to )?(?:serve|hire|rent to|work with|sit next to|date|let)|false god|backwards?|primitive|uncivili[sz]ed|"
    r"sinful|demonic|satanic|cursed|by nature|in their (?:blood|nature|genes|dna)|lower? iq|know their place|send (?:them|\w+) (?:all )?(?:back|home)|"
    r"scheming|dishonest|drain on|freeload\w*|all the same|useless|should (?:never|not) (?:be|have|\w+)|shouldn't (?:be|have|\w+)|good for (?:nothing|cleaning)|"
    r"nobody (?:\w+ ){0,5}should|ruin\w*|not welcome|overrun\w*|swarm\w*|flood(?:ing)? (?:our|the)|weak(?:er)?|hysterical|barbari\w+|dangerous|breed\w*|"
    r"(?:make|makes) me sick|gross|creepy|mistake of nature|second-class|inferior|subhuman|(?:stay|belongs?) in the kitchen|have no (?:morals|souls?|honou?r)",
    "slay": r"(?:sea|river|ocean) (?:swallow|take)|sink|starve|rot|crush\w*|butcher\w*|hunt(?:ed)?|erase\w*|rounded|against (?:a|the) wall|"
    r"torch\w*|burn\w*|bomb\w*|blow up|shoot\w*|dead|kill\w*|gas|hang\w*|exterminat\w*|wip(?:e|ed) out|put (?:them )?down|drown\w*|firing squad|"
    r"camps?|slaughter\w*|sterili[sz]\w*|bullets?|ovens?|lynch\w*|stone(?:d)?|run (?:them )?over|cull\w*",
    "urge": r"round(?:ed)? up|let the|hope|can't wait|wish|"
    r"time to|let's|should|only good|we (?:must|need|will|have)|someone (?:needs|has|should)|i (?:want|wish|hope|will)|i'll|deserve\w*|ought|"
    r"must|every (?:last|single)|all of them|load up|line (?:them|\w+) up",
    "mock": r"pathetic|excuse for an?|spineless|gutless|shameless|lazy|filthy|stupid|dumb|ugly|repulsive|vile|miserable|worm|cockroach|leech|"
    r"(?:brain|brains|iq|charm|personality|intelligence|looks|face) (?:of|like|cells?)|brain cells?|embarrass(?:ed|ment|ing)|waste|"
    r"gave birth to you|asked (?:for you|you to the)|no wonder (?:nobody|no one|he|she|they|your)|absolute|joke of a|attention[- ]seek\w*|delusional|talentless|"
    r"incompetent|clueless|failure|disgrace|sad little|two-faced|inbred|arse(?:hole)?|wanker|twat|prick|tosser|knob(?:head)?|bellend|git|muppet|"
    r"\[slurs?\]|\w*[a-z]\*+[a-z]*|fool|buffoon|pig|whale|cow|hag|troll|weirdo|creep|rat|snake|liar|fraud|nobody|simpleton|smell|stink|"
    r"(?:nobody|no one|everyone) (?:invited|cares|can stand|hates|avoids|laughs|is (?:laughing|sick))|hopeless|useless|lard\w*|swine|"
    r"can't stand (?:you|the sight)|sight of you|should have (?:been )?(?:aborted|swallowed|drowned)|never amount|as useful as|thick as|sack of|"
    r"(?:go|crawl) (?:away|cry|back)|do (?:us|the world|everyone) all? ?a favou?r|disappear",
    "pointed": r"an? \w+ you (?:are|turned|have become)|you turned out|"
    r"you (?:\w+ ){0,5}(?:waste|fool|pig|cow|hag|troll|weirdo|creep|rat|snake|liar|fraud|git|twat|prick|muppet|wanker|\[slur\]|\w*[a-z]\*+[a-z]*)|"
    r"you have the|you(?:'ve| have) (?:got )?(?:the|no|zero|two)|your (?:mum|mom|mother|parents|face|brain|head|family)|you(?:'re| are) (?:an?|the|such|so|as|nothing|just|too|about as)|"
    r"birth to you|sight of you|asked you|with you|about you|of you|like you|hates you|invited you|look at (?:that|you)|do us|do everyone",
    "loom": r"(?:carry|drag|roll|wheel) you|on a stretcher|pick\w* (?:up )?(?:your|bits of your) \w+|leave you (?:in|bleeding|dead|for)|on crutches|make sure you never|eat(?:ing)? through a (?:straw|tube)|dig(?:ging)? your|nobody (?:will|would) hear you|"
    r"(?:come|coming|came) (?:round|over|by|there) and|through (?:a|the) (?:wall|window)|walk home alone|warning you|been warned|last warning|or else|"
    r"(?:sister|brother|family|kids?|mother|mum|wife|son|daughter|dog|house) (?:will |is going to |gets? |won't )?(?:pay|pays|suffer|hurt|burn|disappear|be next|make it)|"
    r"accidents? (?:might|could|will|can)? ?happen|shame if (?:something|anything)|watching you|know (?:your|which|what) (?:address|route|school|car|bus|time)|"
    r"be waiting|won't be (?:breathing|smiling|walking|alive)|teach you a lesson|what happens to you|regret (?:it|crossing|ever|this)|"
    r"(?:my|the) fists?|your (?:funeral|grave|teeth|neck|skull|blood|kneecaps)|in a (?:body bag|ditch|coffin)|no one will find|never find your|make (?:an )?example|lay a finger",
    "batter": r"hit(?:ting)?|beat(?:ing|en)?|kick(?:ed|ing|s)?|punch(?:ed|ing|es)?|stabb\w+|club\w*|bash\w*|batter\w*|smash\w*|hack\w*|strangl\w*|"
    r"chok\w+|slash\w*|stomp\w*|whip\w*|stoned|shov\w+|slamm\w+|tortur\w+|beheaded|crush\w*|drown\w*|shot|tied|set (?:it|him|her|them) (?:alight|on fire)|skinn\w+|burn\w*",
    "relentless": r"until (?:he|she|it|they|the \w+)|brick|crowbar|machete|hammer|over and over|again and again|unconscious|lifeless|stopped (?:moving|breathing)|"
    r"begg\w+|screaming|point-blank|for fun|laugh\w*|alive|alight|to death|yelp\w*|whimper\w*|squeal\w*|execution|in the (?:head|face|chest|throat|back)",
    "prey": r"m[ae]n|wom[ae]n|boy|girl|him|her|them|he|she|guy|kittens?|cats?|dogs?|pupp(?:y|ies)|animals?|puppy|hamster|birds?|horses?|victims?|prisoners?|tourists?|cashier|guard|stranger|child",
    "flesh": r"jaw|eye sockets?|eyes?|maggots|bones?|sinews?|tendons?|scalp|rib ?cage|ribs|spine|stump|tongue|skull|flesh|skin|brains?|guts|limbs?|fingers?|arm|leg|"
    r"head|throat|belly|organs|corpse|bod(?:y|ies)|blood|face|torso|intestines",
    "ruin": r"strip of|hung (?:by|from|off)|crawl\w*|(?:bone|bones) (?:\w+ )?(?:protrud|stick|pok|jut)\w*|protrud\w*|rotting|shredded|pulp|mangled|burst\w*|ooz\w*|spurt\w*|"
    r"split open|torn (?:off|apart|open)|ripped (?:off|out|apart|open)|severed|gushing|splatter\w*|sliced (?:off|open)|chopped (?:off|up)|flayed|charred|chunks of|"
    r"spill\w* out|hacked off|blown off|caved in|peeled (?:off|back|away)|pool of|decompos\w*",
}

_HT = "harassment/threatening harassment violence"
_SAFE = ("learned", "calm")

RULES = (
    ("harassment", 0.7, ("pointed", "mock"), ("learned",)),
    (_HT, 0.75, ("loom", "you"), _SAFE),
    (_HT, 0.75, ("loom", "person"), (*_SAFE, "report", "guard")),
    ("hate", 0.7, ("flock", "scorn"), ("learned",)),
    ("hate/threatening hate violence", 0.8, ("flock", "slay", "urge"), _SAFE),
    ("self-harm/intent self-harm", 0.75, ("me", "gone"), ("learned",)),
    ("self-harm/instructions self-harm", 0.75, ("ask", "means", "fatal"), (*_SAFE, "kinship")),
    ("self-harm/instructions self-harm", 0.7, ("ask", "diet", "hidden"), _SAFE),
    ("self-harm", 0.7, ("ownbody", "sorrow"), _SAFE),
    ("sexual", 0.7, ("ask", "smut"), _SAFE),
    ("sexual", 0.65, ("undone", "garment"), _SAFE),
    ("sexual/minors sexual", 0.8, ("juvenile", "desire"), ("learned",)),
    ("illicit", 0.7, ("ask", "covert", "private"), ("learned",)),
    ("illicit", 0.7, ("ask", "deceive", "loot"), ("learned", "guard")),
    ("illicit", 0.7, ("ask", "obtain", "goods"), ("learned", "guard")),
    ("illicit/violent illicit violence", 0.75, ("ask", "blast", "target"), (*_SAFE, "guard")),
    ("illicit", 0.7, ("ask", "malice"), ("learned", "guard")),
    ("illicit/violent illicit violence", 0.75, ("ask", "arms"), _SAFE),
    ("violence", 0.65, ("batter", "relentless", "prey"), _SAFE),
    ("violence/graphic violence", 0.7, ("flesh", "ruin"), _SAFE),
)
