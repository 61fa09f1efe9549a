"""Flowcharts of Mermaid: the text exactly, and labels that can't end their quotes or start something."""

import re

from workflow_design.diagram import diagram, mermaid
from workflow_design.diagram.mermaid import escaped
from workflow_design.kernel.tests.each import each
from workflow_design.tests.test_diagram import EXAMPLES, HOSTILE, TASKS, problem, read, small


def test_the_whole_text():
    links = [
        {"from": "a", "to": "b", "condition": {">=": [{"var": "amount"}, 1000]}},
        {"from": "a", "to": "c", "is_default": True},
        {"from": "b", "to": "c", "on_event": "timeout"},
    ]
    tasks = [{**TASKS[0], "assignee_roles": ["buyer"]}, *TASKS[1:]]
    marked = [problem("error", "/tasks/1"), problem("warning", "/tasks/2")]
    assert mermaid(diagram(small(links, tasks), marked)).splitlines() == [
        "flowchart TD",
        '    n0(("Start"))',
        '    n1("A<br/><small>buyer</small>")',
        '    n1s{"×"}',
        "    n1 --> n1s",
        '    n2("B<br/><small>every task worker</small>")',
        '    n3("C<br/><small>every task worker</small>")',
        '    n3j{"×"}',
        "    n3j --> n3",
        '    n4((("End")))',
        '    n5((("End")))',
        '    n1s -->|"amount ≥ 1000"| n2',
        '    n1s -->|"default"| n3j',
        '    n2 -.->|"timeout"| n3j',
        "    n0 --> n1",
        "    n2 --> n4",
        "    n3 --> n5",
        "    classDef error fill:#fff1f0,stroke:#c01d13,stroke-width:2px",
        "    class n2 error",
        "    classDef warning fill:#fff8e6,stroke:#a15c00,stroke-width:2px",
        "    class n3 warning",
    ]


NODE = r'n\d+[js]?(\(".+"\)|\(\("Start"\)\)|\(\(\("End"\)\)\)|\{"[×○+]"\})'
EDGE = r'n\d+[js]? (-->|-\.->)(\|"[^"|]+"\|)? n\d+[js]?'


@each("path", EXAMPLES)
def test_every_line_of_an_example_is_a_node_or_an_edge(path):
    first, *lines = mermaid(diagram(read(path))).splitlines()
    assert first == "flowchart TD"
    for line in lines:
        assert re.fullmatch(f"    ({NODE}|{EDGE})", line), line


@each("title", [*HOSTILE, 'end"] --> x; click n0 href "javascript:1"', "`**a**` #35; %%{init}%%"])
def test_hostile_words_stay_in_their_label(title):
    found = small([{"from": "a", "to": "b"}], [{**TASKS[0], "key": "end"}, TASKS[1]])
    found["tasks"][0]["title"] = title
    found["transitions"][0]["from"] = "end"
    plain = small([{"from": "a", "to": "b"}], [{**TASKS[0], "title": "x"}, TASKS[1]])
    ours, theirs = (mermaid(diagram(one)).splitlines() for one in (found, plain))
    label = re.fullmatch(r'    n1\("(.*)<br/><small>every task worker</small>"\)', ours.pop(2))
    theirs.pop(2)
    assert ours == theirs
    assert not re.search(r'["<>`\\*\[\](){}|$]|&|#(?!\d+;)|(?<!\d);', label[1])


def test_what_mermaid_would_read_as_a_line_break_or_a_formula_is_kept_apart():
    assert escaped(r"a\n") == "a#92;\u2060n"
    assert escaped("$$x$$") == "#36;\u2060#36;\u2060x#36;\u2060#36;\u2060"
    assert escaped('"#') == "#34;#35;"
