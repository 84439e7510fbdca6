/** A network with a switch, which all tabs of a device share: what the remote store sends its requests by. */
export function createNetwork(device, changed) {
  const key = `${device || "notes"} is offline`;
  let cable = new AbortController();

  function apply() {
    if (network.isCut) cable.abort(new TypeError("The network is switched off"));
    else if (cable.signal.aborted) cable = new AbortController();
    changed();
  }

  const network = {
    get isCut() {
      return localStorage.getItem(key) !== null;
    },
    cut(isCut) {
      if (isCut) localStorage.setItem(key, "yes");
      else localStorage.removeItem(key);
      apply();
    },
    fetch(url, { signal, ...init } = {}) {
      // What is on its way is cut off as well, the stream of changes above all.
      return fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, cable.signal]) : cable.signal });
    },
  };
  addEventListener("storage", (event) => event.key === key && apply());
  if (network.isCut) cable.abort(new TypeError("The network is switched off"));
  return network;
}
