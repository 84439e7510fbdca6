const count = (number) => (number === 1 ? "1 note" : `${number} notes`);

/** Says in words how the notes stand with the server, and how that is to look. */
export function describe({ blocked, online, pending }, isCut) {
  const waits = pending === 1 ? "waits" : "wait";
  if (blocked === "other-account") return ["warn", "These notes belong to another account"];
  if (blocked) return ["warn", pending ? `Sign in again: ${count(pending)} ${waits}` : "Sign in again"];
  if (!online && pending) return ["away", `${count(pending)} ${waits} for the network`];
  if (!online)
    return ["away", isCut ? "Offline: you can go on writing" : "The server cannot be reached: you can go on writing"];
  if (pending) return ["busy", `Saving ${count(pending)}…`];
  return ["good", "All changes saved on the server"];
}

/** Names a note. */
export const nameOf = (note) => note?.title.trim() || note?.text.trim().split("\n")[0].slice(0, 60) || "Untitled";

/** Says when something was: the time of today, or the day. */
export function showTime(at) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" })
    : date.toLocaleDateString([], { day: "numeric", month: "short" });
}
