"""How the page looks, by day and by night. States differ by pattern as well as by colour."""

STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1c2430; --soft: #5b6675; --line: #dfe3e8;
  --link: #0b57a4; --code: #eef1f5; --fresh: #7cc3a8; --stale: #f0a202; --stale-ink: #6d4700; --missing: #fff;
  --missing-ink: #77818f; --failed: #c2311f; --failed-ink: #fff; --left-ink: #1d5b45; }
@media (prefers-color-scheme: dark) { :root { --page: #12161c; --card: #1a2029; --ink: #e4e9f0; --soft: #9aa6b5;
  --line: #2d3642; --link: #7db7f5; --code: #252d38; --fresh: #2f7d63; --stale: #f0a202; --stale-ink: #5a3a00;
  --missing: #1a2029; --missing-ink: #9aa6b5; --failed: #f0604d; --failed-ink: #1a0a08;
  --left-ink: #c9ecdd; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 8px; } h3 { font-size: 15px; margin: 0; }
p { margin: 4px 0 8px; } a { color: var(--link); } .soft { color: var(--soft); } bdi { unicode-bidi: isolate; }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 16px 0 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 8px 16px; min-width: 120px; }
.tiles b { display: block; font-size: 22px; line-height: 1.3; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px;
  margin: 10px 0; }
article.cause { border-left: 5px solid var(--stale); } article.cause.failed { border-left-color: var(--failed); }
article.cause.missing { border-left-color: var(--missing-ink); }
article:target { outline: 3px solid var(--link); }
.mend { background: var(--code); border-radius: 6px; padding: 6px 10px; margin: 8px 0 10px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; color: var(--soft); } td:not(:last-child) { white-space: nowrap; }
th, td { padding: 3px 12px 3px 0; vertical-align: top; }
tr + tr td { border-top: 1px solid var(--line); }
.head { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; }
.head .owner { margin-left: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 4px; padding: 0; list-style: none; }
.legend svg { vertical-align: -1px; margin-right: 6px; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
svg { display: block; } .legend svg, .tiles svg { display: inline-block; }
.fresh { fill: var(--fresh); } .stale { fill: url(#stale); } .missing { fill: url(#missing); stroke: var(--missing-ink);
  stroke-width: 1; } .failed { fill: url(#failed); } .accepted { fill: url(#accepted); } .kept { fill: url(#kept); }
.held { fill: url(#held); }
a:hover path, a:focus path { stroke: var(--ink); stroke-width: 2; }
.ground-stale { fill: var(--stale); } .ink-stale { stroke: var(--stale-ink); }
.ground-missing { fill: var(--missing); } .ink-missing { fill: var(--missing-ink); }
.ground-left { fill: var(--fresh); } .ink-left { stroke: var(--left-ink); fill: none; }
.ground-failed { fill: var(--failed); } .ink-failed { stroke: var(--failed-ink); }
"""

PATTERNS = """<svg width="0" height="0" aria-hidden="true"><defs>
<pattern id="stale" patternUnits="userSpaceOnUse" width="4" height="4" patternTransform="rotate(45)">
<path class="ground-stale" d="M0 0h4v4h-4z"/><path class="ink-stale" stroke-width="2.4" d="M0 0v4"/></pattern>
<pattern id="missing" patternUnits="userSpaceOnUse" width="4" height="4">
<path class="ground-missing" d="M0 0h4v4h-4z"/></pattern>
<pattern id="accepted" patternUnits="userSpaceOnUse" width="16" height="16">
<path class="ground-left" d="M0 0h16v16h-16z"/><path class="ink-left" stroke-width="2.2" d="M3 8l3 3l6-7"/></pattern>
<pattern id="kept" patternUnits="userSpaceOnUse" width="16" height="16">
<path class="ground-left" d="M0 0h16v16h-16z"/><path class="ink-left" stroke-width="2.2" d="M4 4h6v6h-6z"/></pattern>
<pattern id="held" patternUnits="userSpaceOnUse" width="16" height="16">
<path class="ground-stale" d="M0 0h16v16h-16z"/>
<path class="ink-stale" fill="none" stroke-width="2.2" d="M10 3l-6 4l6 4z"/></pattern>
<pattern id="failed" patternUnits="userSpaceOnUse" width="16" height="16">
<path class="ground-failed" d="M0 0h16v16h-16z"/>
<path class="ink-failed" stroke-width="2.2" d="M3.5 3.5l7 7M10.5 3.5l-7 7"/></pattern>
</defs></svg>"""
