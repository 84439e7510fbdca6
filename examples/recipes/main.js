// One observed map, shown by React, Vue, Svelte, Solid and the plain DOM, in as many tabs as are open.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { indexeddb, json } from "shelflife";
import { observe } from "shelflife/extras";
import html from "solid-js/html";
import { render } from "solid-js/web";
import { mount } from "svelte";
import { createApp, h } from "vue";
import Names from "./Names.svelte";
import { useObserved } from "./react.js";
import { fromObserved } from "./solid.js";
import { useObserved as useRef } from "./vue.js";

const store = json(indexeddb({ database: "people" }));
const people = observe(store, { prefix: "person/" });
const show = (map) => [...map.values()].join(", ");

const root = () => document.body.appendChild(document.createElement("div"));

function ReactNames() {
  return createElement("p", { id: "react" }, show(useObserved(people)));
}
const react = createRoot(root());
react.render(createElement(ReactNames));

const vue = createApp({
  setup() {
    const snapshot = useRef(people);
    return () => h("p", { id: "vue" }, show(snapshot.value));
  },
});
vue.mount(root());

mount(Names, { target: root(), props: { people, show } });

const leaveSolid = render(() => {
  const snapshot = fromObserved(people);
  return html`<p id="solid">${() => show(snapshot())}</p>`;
}, root());

const plain = root();
plain.id = "plain";
const leavePlain = people.subscribe((map) => (plain.textContent = show(map)));

// For the test that runs this.
globalThis.recipes = {
  store,
  people,
  leave() {
    react.unmount();
    vue.unmount();
    leaveSolid();
    leavePlain();
  },
};
