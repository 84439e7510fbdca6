const key = "workbench is cut off";
const reason = new TypeError("The network is cut");
let cable = new AbortController();
const listeners = new Set();

/** A network with a switch, which all tabs share. What is on its way is cut off as well. */
export const network = {
  get isCut() {
    return localStorage.getItem(key) !== null;
  },
  cut(isCut) {
    if (isCut) localStorage.setItem(key, "yes");
    else localStorage.removeItem(key);
    apply();
  },
  changed: (listener) => listeners.add(listener),
  fetch(url, { signal, ...init } = {}) {
    return fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, cable.signal]) : cable.signal });
  },
};

function apply() {
  if (network.isCut) cable.abort(reason);
  else if (cable.signal.aborted) cable = new AbortController();
  for (const listener of listeners) listener();
}

addEventListener("storage", (event) => event.key === key && apply());
if (network.isCut) cable.abort(reason);
