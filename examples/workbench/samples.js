const minute = 60_000;
const lifetimes = [undefined, 60 * minute, 24 * 60 * minute, 10 * minute, 7 * 24 * 60 * minute];
const people = ["Ada", "Barbara", "Chen", "Dorothy", "Edsger", "Frances", "Grace"];
const encode = (text) => new TextEncoder().encode(text);

const makers = [
  (number) =>
    encode(JSON.stringify({ user: people[number % people.length], visits: number, isAdmin: number % 9 === 0 })),
  (number) => encode(`Note ${number}: ${people[(number * 3) % people.length]} called about the shelf.`),
  (number) => {
    const hue = (number * 47) % 360;
    return encode(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="hsl(${hue} 60% 45%)"/>` +
        `<circle cx="4" cy="4" r="${1 + (number % 3)}" fill="hsl(${hue + 60} 80% 80%)"/></svg>`,
    );
  },
  (number) => crypto.getRandomValues(new Uint8Array(16 + ((number * 7) % 96))),
];

/** Makes one of the samples: its value and options, of each kind and with lifetimes from ten minutes to for ever. */
export function sample(batch, index) {
  const number = (batch - 1) * 1000 + index + 1;
  return [makers[index % makers.length](number), { ttl: lifetimes[index % lifetimes.length] }];
}
