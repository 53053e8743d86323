/** The look of a report: the studio's colours, for a screen in either theme and for paper. */
import { Markup } from "./html.ts";

export const REPORT_STYLE = new Markup(`
:root{color-scheme:light dark;--paper:light-dark(#f7f6f2,#14171a);--card:light-dark(#fff,#1b1f23);--sunken:light-dark(#f1efe9,#15181b);
--ink:light-dark(#1e2428,#e6e4de);--soft:light-dark(#525b61,#aab0b3);--faint:light-dark(#5c656b,#949ca0);--rule:light-dark(#e4e1d9,#2b3136);
--accent:light-dark(#136468,#5fc0bf);--right:light-dark(#1a6b3c,#6fcf97);--wrong:light-dark(#b23a1e,#f09a80);--warn:light-dark(#8a5a00,#e6b450);
--mono:ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace;
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;background:var(--paper);color:var(--ink);
font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
*{box-sizing:border-box}body{margin:0}
main{max-width:1180px;margin:0 auto;padding:clamp(1.2rem,4vw,3rem) clamp(.9rem,3vw,2rem)}
h1{font-size:clamp(1.7rem,1.2rem + 1.8vw,2.4rem);line-height:1.18;letter-spacing:-.022em;font-weight:640;margin:0;overflow-wrap:anywhere}
h2{font-size:1.22rem;letter-spacing:-.01em;font-weight:640;margin:2.4rem 0 .6rem}
h3{font-size:1rem;font-weight:620;margin:1.2rem 0 .4rem}h4{font-size:.9rem;color:var(--soft);margin:1rem 0 .4rem}
p{margin:.3rem 0}small{font-size:.85em;color:var(--faint)}.faint{color:var(--faint)}.lede,.note{color:var(--soft);overflow-wrap:anywhere}.note{font-size:.9rem}
ul,ol{margin:.4rem 0;padding:0;list-style:none}
summary{cursor:pointer;color:var(--soft);padding:.5rem 0}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.label{display:inline-flex;align-items:center;gap:.4rem;overflow-wrap:anywhere}.label svg{flex:none}
svg path{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}svg circle{fill:currentColor}
svg .raw{stroke-width:1;opacity:.28}svg .reference{stroke:var(--faint);stroke-width:1.5;stroke-dasharray:3 4}
svg .axes path{stroke:var(--rule);stroke-width:1}svg text{fill:var(--faint);font-size:11.5px}
.run-0{color:light-dark(#136468,#5fc0bf)}.run-1{color:light-dark(#b26a00,#e2a94c)}.run-2{color:light-dark(#8a4fa3,#c99be0)}
.run-3{color:light-dark(#3c62b8,#8fb0f5)}.run-4{color:light-dark(#b23a1e,#f09a80)}.run-5{color:light-dark(#4d7c0f,#a3cf62)}
.run-6{color:light-dark(#b0307a,#f089c0)}.run-7{color:light-dark(#5b6570,#a9b1b6)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:1rem}
figure,article,.wide{margin:0;background:var(--card);border:1px solid var(--rule);border-radius:12px}
figure{padding:.9rem 1rem;display:flex;flex-direction:column;break-inside:avoid}
figcaption{font-size:.84rem;line-height:1.4;color:var(--soft);margin-bottom:.4rem}figcaption b{display:block;font-size:.95rem;color:var(--ink);overflow-wrap:anywhere}
figure>svg{width:100%;height:auto;margin-top:auto}figure li{display:flex;justify-content:space-between;gap:1rem;font-size:.84rem}
.wide{overflow-x:auto;padding:.4rem .9rem}.wide+.wide{margin-top:1rem}
table{border-collapse:collapse;font-size:.9rem;width:100%}th,td{text-align:left;padding:.45rem .9rem .45rem 0;vertical-align:top}
thead th{font-weight:500;color:var(--soft);font-size:.84rem}tbody tr>*{border-top:1px solid var(--rule)}tbody th{font-weight:500}
.figures td b,.figures small{white-space:nowrap}
.settings td{font-family:var(--mono);font-size:.84rem;overflow-wrap:anywhere}
.ladders{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,33rem),1fr));gap:1rem}.ladders .wide+.wide{margin:0}
.ladder{border-collapse:separate;border-spacing:3px}.ladder caption{text-align:left;font-weight:600;padding:.3rem 0}.ladder tbody tr>*{border:0}
.ladder .rung{background:color-mix(in srgb,var(--accent) calc(var(--heat)*.42),var(--card));border:1px solid var(--rule);border-radius:6px;
padding:.3rem .5rem;print-color-adjust:exact;-webkit-print-color-adjust:exact;min-width:5.4rem}
.rung b,.rung span{display:block}.rung b{line-height:1.25}.rung span{font-size:.74rem;line-height:1.35;white-space:nowrap}
.ladder .none{background:var(--sunken);border-radius:6px}.ladder .all{font-weight:600;padding-left:.4rem}
.lineage{border-left:2px solid var(--rule);padding-left:1rem}.lineage li{padding:.2rem 0}
.events li{padding:.5rem 0;font-size:.92rem}.events li+li{border-top:1px solid var(--rule)}.warning>b,.flaws{color:var(--warn)}.error>b{color:var(--wrong)}
code{font-family:var(--mono);font-size:.84em}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:.8rem}
article{padding:.8rem .9rem;break-inside:avoid;min-width:0;overflow-wrap:anywhere;font-size:.92rem}article header b{margin-right:.4rem}
.right header b{color:var(--right)}.wrong header b{color:var(--wrong)}
pre{font:.8rem/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere;background:var(--sunken);border-radius:8px;padding:.6rem .7rem;margin:.5rem 0;max-height:18rem;overflow:auto}
mark{background:none;color:var(--warn);text-decoration:underline dotted}mark small{color:inherit}
.answer{font-family:var(--mono)}footer{color:var(--faint);font-size:.85rem;margin-top:3rem}
@page{margin:14mm}
@media print{:root{color-scheme:light;--paper:#fff;font-size:12px}main{max-width:none;padding:0}pre{max-height:none;overflow:visible}
details::details-content{content-visibility:visible;block-size:auto}.wide{overflow:visible}tr{break-inside:avoid}h2,h3,h4{break-after:avoid}}
`);
