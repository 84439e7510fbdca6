const units = ["B", "kB", "MB", "GB", "TB"];

/** Shows a number of bytes in the largest unit that leaves a number of at least 1. */
export function formatSize(bytes) {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const number = bytes / 1000 ** power;
  return `${power && number < 100 ? number.toFixed(1) : Math.round(number)} ${units[power]}`;
}

/** Shows how long something still lives, by its two largest units, so that the width hardly ever changes. */
export function formatLeft(ms) {
  if (ms === Infinity) return "never";
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const pad = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return `${seconds} s`;
  if (hours < 1) return `${minutes} min ${pad(seconds % 60)} s`;
  if (hours < 24) return `${hours} h ${pad(minutes % 60)} min`;
  return `${Math.floor(hours / 24).toLocaleString("en")} d ${pad(hours % 24)} h`;
}

/** Shows how pressing a deadline is, for the style sheet. */
export function urgency(ms) {
  if (ms === Infinity) return "never";
  if (ms <= 10_000) return "now";
  return ms <= 60_000 ? "soon" : "later";
}

/** Shows a key as it is where one can see all of it, and otherwise as a JSON string. */
export function showKey(key) {
  return /^\s|\s$|[\p{Control}\p{Format}\u2028\u2029]/u.test(key) ? JSON.stringify(key) : key;
}

export function showDate(expiresAt) {
  return expiresAt === Infinity ? "Never expires" : `Expires ${new Date(expiresAt).toLocaleString()}`;
}

/** Shows a deadline by its time, and by its day unless that is today. */
export function formatDeadline(expiresAt, now) {
  if (expiresAt === Infinity) return "Never expires";
  const [date, today] = [new Date(expiresAt), new Date(now)];
  // Beyond what a date can say.
  if (Number.isNaN(date.getTime())) return "Expires in more than 200,000 years";
  const time = date.toLocaleTimeString("en-GB");
  if (date.toDateString() === today.toDateString()) return `Expires today at ${time}`;
  return `Expires on ${date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" })} at ${time}`;
}
