"""English word lists for moderation by concepts, and which concepts together mean harm.

Data for `moderation_concepts`. A text is read in lower case, a sentence at a time; `{name}` in a list
stands for another list. In RULES: categories, weight, concepts that must all be there, concepts none
of which may be there.
"""

LISTS = {
    "you": r"you|your|yours|u|ur|ya|you're|yourself",
    "me": r"i|i'm|im|i've|i'll|i'd|my|me|myself",
    "person": r"him|her|his|their|them|someone|somebody|anyone|people|m[ae]n|wom[ae]n|guy|girl|boy|"
    r"victims?|neighbou?rs?|boss|landlord|wife|husband|teachers?|kids?|child(?:ren)?|family|"
    r"strangers?|cops?|officers?|guards?|coworkers?|colleagues?|classmates?|brother|sister|"
    r"mother|father|friends?|roommate|ex|crowd|prisoners?|hostages?|clerk|driver|everyone|teenagers?|students?",
    "insult": r"idiots?|morons?|losers?|bitch|bastard|imbecile|scumbag|scum|whore|slut|cunt|asshole|"
    r"dickhead|retard(?:ed)?|freak|dumbass|dumbest|stupidest|ugliest|brainless|spineless|"
    r"good-for-nothing|waste of (?:space|air|oxygen|skin)|(?:make|makes) me sick|laughing ?stock|"
    r"pathetic|worthless|crawl back|rot in|ashamed of you|fat pig|fat cow|disgusting|degenerate|"
    r"hideous|repulsive|clown|dimwit|halfwit|jerk|parasite|vermin|coward|snowflake|trash|"
    r"embarrassment to|no one (?:likes|wants|loves|respects)|nobody (?:likes|wants|loves|respects)|"
    r"everyone (?:hates|laughs at|is laughing at|despises)|laughs? (?:at you|behind your)|"
    r"(?:shut|shutting) up|as dumb as|too (?:dumb|stupid)|how (?:dumb|stupid)|hate your guts|"
    r"(?:never|won't) amount to|piece of (?:shit|crap|trash|garbage)|mouth-?breather|airhead|ugly",
    "aimed": r"you(?:'re| are|r)?(?: \w+){0,4} (?:are|a|an|the|such|so|just|nothing|total|complete|absolute|as|too)|"
    r"you(?:'re|r)|makes? me|you (?:\w+ ){0,2}(?:idiots?|morons?|losers?|freak|bitch|bastard|trash|scum|"
    r"pig|cow|clown|coward|fool|whore|slut)|your (?:\w+ ){0,2}(?:ugly|stupid|fat|disgusting|pathetic|face|parents|life)|"
    r"of you|at you|behind your|like you|hates you|wants you|respects you|likes you|loves you|you (?:will|'ll) never|"
    r"crawl back|look at you|shut up",
    "menace": r"never walk again|(?:won't|will not|never) (?:see|live to see|make it to) (?:the |another )?"
    r"(?:morning|tomorrow|day|sunrise|weekend|home)|sleep with one eye open|"
    r"coming (?:for|after) (?:you|your)|make you (?:bleed|suffer|pay|beg|scream|regret)|end you|"
    r"finish you(?: off)?|cut your (?:throat|tongue|face)|(?:put|send) you in(?:to)? (?:a|the|your) "
    r"(?:hospital|ground|grave|wheelchair|morgue|coffin)|bury you|burn (?:your house|you|down your)|"
    r"(?:tear|rip) (?:you|your)|beat (?:you|your|the (?:crap|shit|hell|life) out of you)|"
    r"(?:waiting|wait) for you (?:outside|after|at|in)|outside your (?:house|home|door|window|school)|"
    r"you(?:'re| are) (?:next|dead|a dead)|(?:your )?last (?:day|breath|words|mistake)|hurt (?:you|your)|"
    r"knock your teeth|smash your|break your|bullet (?:in|with|for) you|(?:find|hunt|track) you|"
    r"kill (?:you|your)|slit your|gut you|shoot (?:you|your)|stab (?:you|your)|strangle you|choke you|"
    r"(?:know|found out|find out) where (?:you|your)|watch your back|be sorry|wish you (?:were|had) never|"
    r"(?:get|come|came) (?:home|out) alive|make you disappear|piss(?:ing)? blood|need an ambulance|"
    r"throw acid|crack your skull|drown you|run you over|blow your|rape you",
    "group": r"jews?|jewish|muslims?|christians?|catholics?|hindus?|sikhs?|buddhists?|atheists?|blacks|"
    r"black (?:people|men|women|kids|folks?)|whites|white (?:people|men|women)|asians?|africans?|arabs?|"
    r"mexicans?|indians|pakistanis?|nigerians?|somalis?|syrians?|turks|romanians?|poles|chinese|"
    r"japanese|koreans?|vietnamese|filipinos?|israelis?|palestinians?|latin[oa]s?|hispanics?|"
    r"immigrants?|migrants?|refugees?|foreigners?|asylum seekers?|gays?|lesbians?|homosexuals?|"
    r"queers?|trans(?:gender)?|transsexuals?|women|females|(?:the )?disabled|cripples?|autistic|"
    r"gyps(?:y|ies)|roma|minorit(?:y|ies)|natives?|aboriginals?|people from \w+|(?:the )?homeless",
    "derog": r"inferior|vermin|sub-?human|(?:nothing but )?animals|parasites?|cockroach(?:es)?|rats|scum|"
    r"filth(?:y)?|savages|plague|cancer|degenerates?|(?:all )?criminals|rapists|thieves|terrorists|"
    r"liars|less (?:intelligent|evolved|human|capable|civili[sz]ed)|stupid|dumber|dumb|dirty|lazy|pigs|"
    r"monkeys|apes|perverts?|abominations?|unnatural|mentally ill|sick (?:people|freaks)|(?:are|is) sick|"
    r"cages|poison|infest\w*|invad\w+|breed\w*|leech(?:es)?|locusts|contaminat\w+|corrupt\w*|"
    r"(?:run|control|own)s? (?:all )?the (?:banks|media|world|government)|smell|stink|disgust\w*|"
    r"(?:can't|cannot|never|don't) (?:be )?trust(?:ed)?|not (?:real |even )?(?:human|people)|"
    r"(?:don't|do not|doesn't) (?:belong|deserve)|go back to|(?:not|never) be allowed|shouldn't be allowed|"
    r"ruin(?:ing|ed|s)?|destroy(?:ing|s)? (?:our|this|the)|taking over|steal(?:ing)? (?:our|everything)|"
    r"out of (?:our|this|my) (?:country|land|town|neighbou?rhood|city)|be (?:banned|locked|deported|"
    r"kept away|sterili[sz]ed|enslaved|removed|kicked)|have no (?:place|right|brain|soul|morals)|"
    r"worthless|garbage|trash|evil|hate (?:all )?|despise|wasteland|freaks|too emotional|"
    r"belong in (?:the kitchen|a zoo|cages|prison|camps)|burden|disease",
    "doom": r"kill\w*|dead|die|bullets?|gas(?:sed)?|gas chambers?|shot|shoot|hang(?:ed)?|hung|burn\w*|"
    r"exterminat\w*|wip(?:e|ed) out|round(?:ed)? up|lynch\w*|slaughter\w*|extinct|firing squad|"
    r"purg\w+|cleans\w+|eliminat\w*|rid of|eradicat\w*|annihilat\w*|behead\w*|massacre\w*|put down|drown\w*",
    "should": r"should|must|need to|needs to|ought|deserves?|let's|only good|we (?:will|have to|are going to)|"
    r"i (?:will|want to|am going to)|i'll|time to|every (?:last |single )?(?:one|\w+)|each of them|better off|"
    r"wish|hope|all of them|finish the job|them all",
    "beating": r"dragged|beat(?:en|ing)?|kicked|kicking|hit|struck|smashed|bashed|clubbed|punched|stomped|"
    r"pummel\w*|bludgeon\w*|whipped|stabb\w+|slashed|knifed|shot|strangl\w+|chok\w+|tortur\w+|burn(?:ed|t)?|"
    r"tied|attack\w*|assault\w*|swung|slammed|lynch\w*|execut\w+",
    "brutal": r"until (?:he|she|they|it) (?:stopped|was|were|no longer|collapsed|passed out|died)|iron bars?|"
    r"(?:baseball )?bats?|hammer|crowbar|machete|axe|knife|pistol|shotgun|unconscious|to (?:a pulp|death)|senseless|"
    r"stopped (?:moving|breathing|screaming)|lifeless|dead|bloody|bleeding|screamed?|screaming|"
    r"again and again|over and over|in the (?:head|face|throat|chest|stomach|neck|ribs)|point-?blank|execution|"
    r"begg(?:ed|ing)",
    "firing": r"pulled the trigger|opened fire|fir(?:ed|ing) (?:\w+ ){0,3}(?:at|into|on)|"
    r"gun to (?:his|her|their|my|your|the) \w+|shot (?:him|her|them) (?:dead|down|twice|three|in)|"
    r"emptied (?:the|his|her) (?:magazine|clip|gun)|blew (?:his|her|their) (?:head|brains)|"
    r"held (?:a |the )?(?:knife|gun|blade) to|drove (?:the|a|his|her) (?:\w+ )?(?:knife|blade|dagger)|"
    r"plunged (?:the|a|his|her) (?:\w+ )?(?:knife|blade|dagger)|slit (?:his|her|their) throat",
    "cruelwish": r"(?:want|wanna|love|like|going|gonna|plan(?:ning)?|dream(?:ing)? (?:of|about)|fantasi[sz]e|"
    r"fantasi[sz]ing|can't wait|wish|hope|thinking) (?:\w+ ){0,3}(?:watch(?:ing)?|see(?:ing)?|mak(?:e|ing)|hear(?:ing)?|"
    r"kill(?:ing)?|shoot(?:ing)?|burn(?:ing)?|stab(?:bing)?|strangl(?:e|ing)|hurt(?:ing)?|beat(?:ing)?|tortur(?:e|ing)|punch(?:ing)?)",
    "suffer": r"burn(?:ing)?|die|dying|bleed(?:ing)?|suffer(?:ing)?|dead|in pain|scream(?:ing)?|beg(?:ging)?|alive|"
    r"to death|throat|up the (?:school|office|place)|killing|shooting|stabbing|strangling|torturing|kill|shoot|stab",
    "gore": r"intestines?|guts|brains?|entrails|bowels|organs|skull|flesh|eyeballs?|limbs?|severed|innards|"
    r"bones?|blood|corpses?|heads?|throat|torso|jaw|fingers|scalp|stump|body parts?|ribcage|veins|spine|skin",
    "mess": r"spill\w*|slid|splatter\w*|spatter\w*|stuck to|drip\w*|hang(?:s|ing)|hung|pour\w*|burst\w*|"
    r"explod\w*|crush\w*|ripp\w*|torn|tore|slic\w*|hack\w*|saw(?:ed|ing)|carv\w*|peel\w*|gouge\w*|smear\w*|"
    r"soak\w*|spray\w*|spurt\w*|gush\w*|shatter\w*|cut(?:ting)? (?:open|through|off)|pieces of|chunks of|scatter\w*|"
    r"dangl\w*|twitch\w*|ooz\w*|gaping|mangled|rotting|maggots|decapitat\w*|snapp\w*|crack\w*|flay\w*|chopp\w*|"
    r"pulp|half off|blown off|severed|disembowel\w*|caved in|sticking out|chewed|gnaw\w*|cover(?:ed|ing) the",
    "ending": r"(?:take|taking|took|swallow\w*|taken) (?:\w+ ){0,4}(?:pills|tablets|bottle)|"
    r"jump(?:ing)? (?:off|from|in front)|step(?:ping)? in front of|(?:walk|lie|lying) (?:into|in front of|on) (?:the )?"
    r"(?:traffic|train|tracks|rails)|(?:say|saying|said) (?:my )?goodbyes?|(?:written|wrote|writing) (?:the|my|a) "
    r"(?:goodbye |farewell |suicide |last )?(?:letters?|notes?|will)|(?:was|were|be|am) (?:gone|dead)|"
    r"better (?:off )?without me|(?:won't|not|never) be (?:here|around)|never wak(?:e|ing) up|not wak(?:e|ing) up|"
    r"can't (?:go on|take it|do this) (?:any ?more|any longer)|end(?:ing)? (?:it|things|everything|my|all)|"
    r"(?:no (?:point|reason) (?:in |to )?(?:living|live|going on|being alive|go on))|hang(?:ing)? myself|rope|noose|"
    r"tired of (?:living|being alive|life|existing)|stop existing|"
    r"(?:slit|cut|slash)(?:ting)? my|bleed(?:ing)? out|disappear(?:ing)? forever|"
    r"nobody (?:would|will) (?:notice|miss|care)|no one (?:would|will) (?:notice|miss|care)|kill(?:ing)? myself|"
    r"overdos\w+|suicid\w*|want(?:ed)? to die|ready to (?:die|go)|last (?:night|day) (?:alive|on earth)|"
    r"not (?:to )?be alive|hurt(?:ing)? myself|harm(?:ing)? myself|shoot(?:ing)? myself|drown(?:ing)? myself|"
    r"burden to everyone|rather be dead|gun to my head",
    "selfcut": r"cutting|cuts?|razor\w*|blades?|burn(?:ing)? (?:myself|my|herself|himself)|scratch\w*|lighter|purg\w+|"
    r"starv\w+|self-?harm\w*|hitting myself|hurting myself",
    "numb": r"numb\w*|pain (?:stop|go away|inside)|feel (?:better|alive|something|anything|real)|relief|scars?|"
    r"(?:my|her|his|own) (?:arms?|thighs?|wrists?|skin|legs?)|only thing|punish(?:ing)? myself|see the blood|"
    r"watch(?:ing)? the blood|release|myself again|every night|cope",
    "how": r"how (?:do|can|to|would|could|should|does|might|many|much|long|high|i)|where (?:can|do|to|could)|"
    r"(?:best|easiest|fastest|quickest|safest|simplest|cheapest|surest|most \w+|least \w+) (?:way|method|place)s?|teach|explain|"
    r"show me|tell me|give me|steps?|guide|tutorial|recipe|instructions|tips|tricks|walk me through|"
    r"help me|write (?:me )?|what (?:do i|should i|would i|can i|chemicals?|dose|amount|is)|ways? to|methods?|which|"
    r"i (?:need|want) (?:\w+ )?(?:to|a|an|some)|looking for|is there a way|describe|draft|design|plan|are there|list",
    "lethal": r"lethal (?:dose|amount)|how (?:many|much) (?:\w+ ){0,4}(?:to|before|until|does it|would|will) (?:\w+ ){0,3}"
    r"(?:die|kill|never wake|overdose|fatal)|never wake up|overdose on|die (?:painlessly|without|in (?:my|your) sleep|"
    r"peacefully|quickly|fast)|painless(?:ly)? (?:death|way|suicide|method)?|(?:way|ways|method) to (?:die|end my life|kill myself)|"
    r"tie a noose|bleed out|carbon monoxide|helium|(?:hide|hiding) (?:\w+ )?(?:cuts?|scars?)|cut (?:deeper|myself|my)|"
    r"starv(?:e|ing)|purg(?:e|ing)|mak(?:e|ing) (?:myself|yourself) (?:throw up|vomit)|stop eating|without eating|"
    r"kill (?:myself|yourself|oneself)|suicide|hang (?:myself|yourself)|end (?:my|your) life|self-?harm|fatal dose",
    "kinship": r"pesticide|rodents?|dose of (?:vaccine|vitamin)|dogs?|cats?|plants?|lice|fleas|weeds|ants",
    "sexact": r"sex|fuck\w*|thrust\w*|orgasm\w*|climax\w*|blow ?job\w*|oral|penetrat\w*|masturbat\w*|"
    r"spread (?:her|his|my|your) legs|make love|making love|made love|lick\w*|suck\w*|moan\w*|ride (?:me|him|her)|"
    r"take (?:her|him|me) (?:right )?(?:there|from behind|on)|strip(?:ped|ping|s)?|undress\w*|grind\w*|strad\w*|"
    r"went down on|going down on|grop\w*|caress\w*|fondl\w*|spank\w*|kinky|fetish|bdsm|threesome|seduc\w*|touch(?:ed|ing)? (?:herself|himself|myself)|slept? with",
    "lust": r"naked|nude\w*|bed(?:room)?|breasts?|nipples?|thighs?|panties|bra|lingerie|cock|dick|pussy|ass|erotic\w*|"
    r"explicit\w*|steamy|hardcore|horny|aroused?|lust\w*|desire|wet|hard|begg(?:ed|ing)|sexy|passionate\w*|shower|"
    r"scene|desk|pleasure|hot|dirty|inside|body|on top of|neck|lips|tongue|hips|with me|tonight|every inch|webcam|onlyfans",
    "young": r"minors?|child(?:ren)?|kids?|toddlers?|pre-?teens?|underage|little (?:girl|boy)s?|school ?(?:girl|boy)s?|"
    r"infants?|teen(?:age)? (?:girl|boy)s?|(?:[3-9]|1[0-7])[- ]?(?:years?|yrs?|yo|y/o)[- ]?(?:olds?)?|"
    r"(?:girl|boy)s? (?:of|aged) (?:[3-9]|1[0-7])|pupils?|(?:her|his|my) (?:niece|nephew|stepdaughter|daughter)|"
    r"(?:six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen)[- ]years?[- ]olds?",
    "lewd": r"sex(?:ual|ually|y)?|nudes?|naked|porn\w*|explicit|erotic\w*|fuck\w*|molest\w*|undress\w*|lewd|"
    r"blow ?job|horny|seduc\w*|fondl\w*|panties|lingerie|topless|in bed with|private parts|strip(?:ping|s|ped)?|"
    r"aroused?|intimate (?:photos?|pictures?|videos?)|orgasm\w*|masturbat\w*|fetish\w*|breasts|sleep(?:ing)? with a",
    "crime": r"(?:into|in to|access(?:ing)?|drain\w*|empty) (?:\w+ ){0,2}(?:someone|somebody|\w+'s)(?:'s|s)? (?:\w+ ){0,2}"
    r"(?:accounts?|emails?|phones?|wi-?fi|computers?|house|car|instagram|facebook|messages)|"
    r"without (?:\w+ ){0,2}(?:knowing|noticing|permission|consent|getting caught|being caught|being detected|paying|"
    r"a prescription|leaving (?:a )?(?:trace|fingerprints|evidence))|undetected|untraceable|not get(?:ting)? caught|"
    r"(?:never|not) (?:be|get|getting) (?:caught|traced|found)|get(?:ting)? away with|"
    r"(?:fake|forged?|counterfeit|false) (?:\w+ )?(?:passports?|ids?|degrees?|licen[cs]es?|documents?|bills|money|notes|"
    r"prescriptions?|checks?|invoices?|receipts|certificates?|reviews)|counterfeit\w*|"
    r"(?:disable|bypass|jam|defeat|disabling|bypassing) (?:\w+ ){0,3}(?:alarms?|trackers?|cameras?|locks?|security|ankle monitor|"
    r"sensors?|paywall|immobili[sz]er)|steal\w*|stolen|hack\w*|ddos|crack (?:\w+ ){0,2}passwords?|smuggl\w+|launder\w*|"
    r"skimm(?:er|ing)|forg(?:e|ing)|shoplift\w*|evad\w+ (?:\w+ )?(?:taxes|police|customs|tax)|tax evasion|"
    r"(?:track|spy on|bug|tap) (?:\w+ ){0,3}(?:phone|wife|girlfriend|ex|calls|conversations)|secretly (?:record|film|track)|phish\w*|ransomware|malware|"
    r"keylogger|botnet|embezzl\w*|blackmail\w*|extort\w*|brib\w+|ponzi|pyramid scheme|scam\w*|fraud\w*|burglar\w*|"
    r"break(?:ing)? into|rob(?:bing)?|kidnap\w*|traffick\w*|identity theft|someone else's identity|hotwir\w+|"
    r"pick(?:ing)? (?:a |the )?locks?|dispos(?:e|ing) of a body|hide a body|drug someone|spike (?:\w+ )?drinks?|"
    r"meth(?:amphetamine)?|cocaine|heroin|fentanyl|lsd|mdma|ecstasy|crack cocaine|ghb|ketamine|magic mushrooms|"
    r"stolen (?:cards?|credit)|credit card (?:numbers|dumps)|cheat(?:ing)? (?:on )?(?:a |the )?(?:drug test|exam|slot)|"
    r"insider (?:trading|information)|dark ?web|black market|ivory|organs?|sell(?:ing)? (?:my|a) kidney|exploit (?:\w+ )?vulnerabilit\w+",
    "weapon": r"explosives?|(?:\w+ )?bombs?|detonat\w*|napalm|fully automatic|silencers?|suppressors?|ghost guns?|"
    r"untraceable (?:gun|firearm|weapon)|3d[- ]print\w* (?:\w+ )?(?:guns?|pistols?|firearms?|rifles?|weapons?)|nerve (?:agent|gas)|ricin|"
    r"sarin|anthrax|poison (?:gas|the water|someone|a)|chlorine gas|mustard gas|weaponi[sz]\w*|hit ?m[ae]n|contract killer|assassin\w*|"
    r"mass shooting|shoot up|attack a|ambush|molotov\w*|land ?mines?|thermite|grenades?|chemical weapons?|dirty bomb|"
    r"illegal (?:guns?|firearms?|weapons?|rifles?|pistols?)|(?:guns?|firearms?|rifles?|pistols?) without|blow up|terror(?:ist)? attack|suicide vest|gunpowder bomb|derail|ied",
    "calm": r"doctors?|surgeons?|surger(?:y|ies)|patients?|hospitals?|nurses?|recipe|chef|cook(?:ing|ed)?|oven|"
    r"butchers?|chicken|beef|pork|fish|meat|games?|players?|level|movies?|films?|novels?|books?|museums?|"
    r"vaccines?|donat\w+|biolog\w+|anatomy|zombies?|vampires?|scientists?|dentists?|vets?|museum|painting|plants?|soil|"
    r"opponents?|match|league|coach|goal|team|halloween|costume|laundry|stains?|grill\w*|steaks?|broth|soup",
    "report": r"police (?:said|say|are|have|arrested|reported|confirmed)|officials? said|according to|reported(?:ly)?|suspects?|arrested|"
    r"court|sentenced|convicted|trial|investigat\w+|authorities|in custody|charged with|accused|was (?:killed|shot|found|injured)|"
    r"were (?:killed|shot|found|injured|wounded)|historians?|century|in (?:1[0-9]\d\d)|war|battle|survivors?|victims? were|the (?:book|film|movie|novel|article|report|study)|"
    r"statue|memorial|museum|campaign|charity|volunteers?|law(?:yer|makers?)?|bill|rights|equality|until 1",
    "guard": r"whether|tell if|can i tell|protect\w*|prevent\w*|avoid\w*|stop (?:\w+ )?(?:being|getting|hackers|scams?|bullying)|defen[ds]\w*|detect\w*|report\w*|"
    r"secure|security (?:tips|best)|recogni[sz]e|spot|signs of|support|help (?:a friend|someone|my friend)|talk to|safe(?:ly|ty)?|"
    r"recover|after being|was (?:stolen|hacked|robbed)|were (?:stolen|robbed)|got (?:stolen|hacked|robbed|scammed)|been (?:stolen|hacked|scammed)|insurance|legal\w*|"
    r"history|penalt\w+|illegal\?|why is|what is|life hacks?|hackathons?|mortgage|growth hack\w*|bath bombs?|seed bombs?|"
    r"education|homework|teach(?:ers?|ing) (?:children|kids)|museum|novel|movie|film|game|scene of the play|treatment|therapy|therapist|withdrawal|addict\w*",
}

_HT = "harassment/threatening harassment violence"

RULES = (
    ("harassment", 0.75, ("aimed", "insult"), ("report", "guard")),
    (_HT, 0.8, ("menace", "you"), ("report", "guard", "calm")),
    ("hate", 0.75, ("group", "derog"), ("report", "guard", "calm")),
    (
        "hate/threatening hate violence",
        0.85,
        ("group", "doom", "should"),
        ("report", "guard", "calm"),
    ),
    ("violence", 0.65, ("beating", "brutal", "person"), ("report", "guard", "calm")),
    ("violence", 0.65, ("firing",), ("report", "guard", "calm")),
    ("violence", 0.7, ("cruelwish", "suffer", "person"), ("report", "guard", "calm")),
    ("violence/graphic violence", 0.75, ("gore", "mess", "person"), ("report", "guard", "calm")),
    ("self-harm/intent self-harm", 0.75, ("me", "ending"), ("report", "guard", "calm")),
    ("self-harm", 0.7, ("selfcut", "numb"), ("report", "guard", "calm")),
    (
        "self-harm/instructions self-harm",
        0.75,
        ("how", "lethal"),
        ("report", "guard", "calm", "kinship"),
    ),
    ("sexual", 0.7, ("sexact", "lust"), ("report", "guard", "calm")),
    ("sexual/minors sexual", 0.85, ("young", "lewd"), ("report", "guard")),
    ("illicit", 0.7, ("how", "crime"), ("guard", "report", "calm")),
    ("illicit/violent illicit violence", 0.75, ("how", "weapon"), ("guard", "report", "calm")),
)
