// esbuild app.ts --bundle --minify --format=esm --outfile=app.js
import { json } from "shelflife";
// The backend alone: the bundle holds no other.
import { indexeddb } from "shelflife/backends/indexeddb";

interface Rate {
  euro: number;
  at: string;
}

const minute = 60_000;
const rates = json<Rate>(indexeddb({ database: "rates" }));

async function rate(): Promise<Rate> {
  const known = await rates.find("euro");
  if (known) return known;
  const response = await fetch("rate.json");
  const fresh = (await response.json()) as Rate;
  await rates.set("euro", fresh, { ttl: minute });
  return fresh;
}

document.querySelector("button")!.addEventListener("click", async () => {
  const { euro, at } = await rate();
  document.querySelector("p")!.textContent = `${euro}, as of ${at}`;
});
