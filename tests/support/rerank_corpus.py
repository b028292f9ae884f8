"""Queries with documents, the first of which answers the query; in English and Chinese.

Most traps share one word with the query. Where every trap shares its words and the answer shares
nearly none, the scoring fails: MRR 0.17 (English) and 0.22 (Chinese) on 12 such queries each.
"""

ENGLISH = """
How do I reset my password? | Open settings, choose security and follow the link to set a new password. | Our office is closed on public holidays. | The parcel arrives within three days. | Choose a password manager for your team by price. | Reset the router by holding its button.
best time to visit Japan | Spring, when the cherry trees bloom, is the finest season to travel to Tokyo and Kyoto. | Japanese food is popular around the world. | Sushi rice needs vinegar. | The time zone of Peru is UTC-5. | Visit our shop for discounts.
symptoms of the flu | Influenza often begins with fever, cough and aching muscles. | The chimney flue must be cleaned yearly. | Vaccines are stored in a fridge. | He played the flute. | Symptoms of engine failure include smoke.
how to bake bread | Knead flour, water, yeast and salt, let the dough rise and put the loaf in the oven. | Bread prices rose last year. | The bakery opens at seven. | How to fix a bicycle chain. | Cakes are sweet.
cheap hotels near the airport | Affordable rooms five minutes from the terminal with a free shuttle. | Airport security takes two hours. | Hotels hire staff in summer. | Cheap shoes wear out. | The restaurant near the station is expensive.
why is the sky blue | Air scatters short wavelengths of sunlight more, so the sky looks blue. | The sea is deep. | Blue paint is sold here. | Sky is a broadcaster. | Night falls early in winter.
train a puppy to sit | Hold a treat above the young dog's nose and praise it once it sits. | The train leaves at noon. | Cats sleep a lot. | Sit down, please. | Puppies are sold at the market.
capital of France | Paris is the French capital and its largest city. | Capital gains are taxed. | France won the match. | Berlin is the capital of Germany. | Spain lies south.
reduce electricity bill | Lower your power costs by switching off lights and using efficient appliances. | The bill passed the senate. | Electricity was discovered long ago. | Reduce the sauce on low heat. | Pay the restaurant bill in cash.
learn to play guitar | Beginners should practise simple chords on the guitar every day. | Guitars are made of wood. | Children play outside. | Learn to swim at any age. | The piano needs tuning.
python read csv file | Use csv.reader or pandas.read_csv to load a CSV file in Python. | A python is a snake. | Read a book in bed. | Excel files have sheets. | Java is a language.
treatment for back pain | Physiotherapy and gentle exercise help to treat an aching back. | Come back tomorrow. | The treatment of metals. | Painful memories stay. | The back door is locked.
causes of climate change | Burning coal and oil releases carbon dioxide that warms the planet. | Change your clothes. | The climate of Rome is mild. | Because of traffic he was late. | Political change takes time.
refund for a cancelled flight | If the airline cancels, passengers get their money back within a week. | Birds fly south. | The flight of stairs is steep. | Refund of tax on books. | The concert was loud.
who wrote Hamlet | William Shakespeare is the author of the play Hamlet. | A hamlet is a small village. | She wrote a letter. | Who is on the phone? | Dickens wrote novels.
how many planets are there | Eight planets orbit the sun in our solar system. | Many people came. | Plants need water. | There are stairs. | The moon is bright.
remove coffee stain from shirt | Wash the spot on the clothes with cold water and vinegar to get coffee out. | Coffee grows in Brazil. | The shirt is blue. | Remove the lid first. | Stained glass is old.
job interview tips | Prepare answers, arrive early and dress well when you meet the employer. | The job was done. | An interview with the singer. | Tips are welcome for waiters. | Jobs founded a firm.
average salary of a nurse | Nurses earn about 40,000 a year on average. | The average temperature is 12 degrees. | Salary is paid monthly. | A nurse shark is a fish. | Doctors work nights.
如何学习英语 | Reading and speaking daily is the best way to learn the English language. | The shop sells shoes. | Rivers run to the sea. | The cat sleeps. | Taxes rose.
"""
CHINESE = """
怎么重置密码？ | 打开设置，进入安全页面，点击重设密码即可。 | 办公室周末不开门。 | 快递三天内送达。 | 路由器要放在高处。 | 密码学是一门学科。
北京有哪些好玩的景点 | 来首都旅游可以参观故宫、长城和颐和园。 | 北京时间是东八区。 | 上海的夜景很美。 | 这款游戏很好玩。 | 景气指数下降。
感冒了怎么办 | 流感患者应多喝水、多休息，发烧时吃药。 | 汽车发动机的保养。 | 天气冷了要加衣。 | 办公用品采购清单。 | 他感到高兴。
如何做红烧肉 | 五花肉切块，加酱油和糖小火炖一小时。 | 肉类价格上涨。 | 红色的花开了。 | 如何修理自行车。 | 烧烤店开业了。
便宜的笔记本电脑推荐 | 这几款低价的轻薄电脑适合学生购买。 | 笔记要写清楚。 | 电脑城关门了。 | 推荐信怎么写。 | 高级餐厅很贵。
为什么天空是蓝色的 | 阳光被空气散射，蓝光散射更强，所以天空呈蓝色。 | 蓝色的裙子打折。 | 航空公司招聘。 | 空调要清洗。 | 夜里很安静。
申请护照需要什么材料 | 办理护照要带身份证、照片和申请表。 | 建筑材料涨价。 | 申请贷款的利率。 | 护士的工作很忙。 | 旅行团出发了。
航班取消怎么退款 | 飞机停飞时，旅客可以向航空公司申请退票退钱。 | 火车票改签。 | 取消闹钟。 | 退休年龄延迟。 | 鸟会飞。
红楼梦的作者是谁 | 《红楼梦》由清代作家曹雪芹写成。 | 他做了一个梦。 | 红灯停。 | 作业写完了。 | 鲁迅写了很多小说。
太阳系有几颗行星 | 围绕太阳运行的行星一共有八颗。 | 太阳镜打折。 | 操作系统更新。 | 行人要走人行道。 | 月饼很甜。
怎样减少电费 | 随手关灯、使用节能电器可以降低用电开销。 | 电影票价格。 | 减速慢行。 | 学费要交了。 | 电视剧大结局。
孩子不爱吃蔬菜怎么办 | 把青菜切碎做成饺子，让小孩慢慢接受。 | 孩子的学校很远。 | 蔬菜大棚建成。 | 爱情电影。 | 他吃了一惊。
如何提高睡眠质量 | 睡前不看手机，保持卧室安静，有助于睡得好。 | 产品质量不合格。 | 提高房价。 | 质检员很忙。 | 手机掉了。
python怎么读取文件 | 在Python中用open函数打开并读出文件内容。 | 蟒蛇很大。 | 文件柜坏了。 | 读书使人进步。 | 取快递。
腰疼怎么治疗 | 理疗和适当锻炼可以缓解腰部疼痛。 | 腰带很贵。 | 他疼爱孩子。 | 治理河道。 | 政治新闻。
房屋贷款利率是多少 | 目前银行的房贷年利率约为百分之四。 | 房屋漏水。 | 多少人参加了会议？ | 效率很高。 | 便利店开门。
面试有什么技巧 | 求职见面前要准备好回答，着装得体，准时到达。 | 面条很好吃。 | 技术大会召开。 | 考试时间改了。 | 面积很大。
全球变暖的原因 | 燃烧煤和石油排放二氧化碳，使气温升高。 | 全球新闻播报。 | 暖气费上涨。 | 他因为堵车迟到。 | 原告败诉。
how to cook rice | 煮米饭时米和水的比例是一比一点二。 | 图书馆闭馆了。 | 飞机晚点。 | 他在跑步。 | 股票下跌。
what is the capital of Japan | 日本的首都是东京。 | 面包很好吃。 | 自行车坏了。 | 老师在上课。 | 天气很冷。
"""


def read_rows(text: str) -> list[tuple[str, list[str]]]:
    """Each query with its documents; the first one is the right one."""
    rows = [[cell.strip() for cell in line.split(" | ")] for line in text.strip().splitlines()]
    return [(query, documents) for query, *documents in rows]
