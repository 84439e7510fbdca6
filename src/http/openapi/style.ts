/** How the page looks, in the light and in the dark, on a phone and on paper. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --paper: #fff; --shade: #f5f7f9; --link: #0a58ca;
  --GET: #0a58ca; --HEAD: #57606a; --PUT: #8a5200; --POST: #1a7f37; --DELETE: #b42318 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4af; --line: #343b43; --paper: #14171a; --shade: #1d2125; --link: #7ab7ff;
  --GET: #7ab7ff; --HEAD: #9aa4af; --PUT: #e3b15c; --POST: #6cc787; --DELETE: #ff9a8f } }
* { box-sizing: border-box }
html { scroll-padding-top: 1.5rem }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
a { color: var(--link); text-underline-offset: .2em }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px }
.skip { position: absolute; left: -99em } .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem }
.page { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem }
nav { padding: .5rem 0 0; grid-area: nav }
header { grid-area: header } main { grid-area: main }
nav li.other { margin-top: .6rem } nav li.other + li { margin-top: 0 }
nav ul { list-style: none; margin: 0; padding: 0; columns: 9rem; column-gap: 1.5rem }
nav li { break-inside: avoid }
nav a { display: block; white-space: nowrap; padding: .2rem 0; text-decoration: none; color: inherit }
nav a:hover code { text-decoration: underline }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 2rem 0 .25rem }
.request { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline } .request .method { min-width: 0 }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 .25rem }
h3 { font-size: .95rem; margin: 1.4rem 0 .4rem }
p { margin: .5rem 0; max-width: 44rem }
.soft { color: var(--soft) }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.75rem }
section:target h2 { text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: .3em }
code, pre, .method { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .88em }
pre code { font-size: 1em }
pre { background: var(--shade); border: 1px solid var(--line); border-radius: 6px; padding: .7rem .9rem; margin: .6rem 0; white-space: pre-wrap }
.method { font-weight: 700; display: inline-block; min-width: 4.2em }
.GET { color: var(--GET) } .HEAD { color: var(--HEAD) } .PUT { color: var(--PUT) } .POST { color: var(--POST) } .DELETE { color: var(--DELETE) }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-size: .8rem; font-weight: 600; color: var(--soft); padding: 0 .9rem .25rem 0 }
td { vertical-align: top; padding: .4rem .9rem .4rem 0; border-top: 1px solid var(--line) }
td:first-child { width: 15rem } td:last-child { padding-right: 0 }
td code { white-space: nowrap }
dl { margin: 0 } dt { margin-top: .9rem; font-weight: 600 } dd { margin: 0 } 
footer { border-top: 1px solid var(--line); margin: 2.5rem 0 0; padding: 1.25rem 0 3rem }
@media (min-width: 62rem) {
  .page { display: grid; gap: 0 3.5rem; grid-template: "nav header" auto "nav main" 1fr / 14rem minmax(0, 1fr) }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 2.4rem 0 }
  nav ul { columns: auto }
}
@media (max-width: 36rem) {
  thead { display: none } tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0 }
  td, td:first-child { display: block; width: auto; border: 0; padding: 0 } td code { white-space: normal }
}
@media print { nav { display: none } }
`;
