import type { Page } from "./browser.ts";

type Calls = Record<string, (...args: any[]) => unknown>;

/** Calls a function of a page's `tab` by its name. */
export type Call<Tab extends Calls> = <Name extends keyof Tab & string>(
  name: Name,
  ...args: Parameters<Tab[Name]>
) => Promise<Awaited<ReturnType<Tab[Name]>>>;

/** The functions that a page's script left for the tests in `tab`. */
export function callsOf<Tab extends Calls>(page: Pick<Page, "evaluate">): Call<Tab> {
  return (name, ...args) =>
    page.evaluate(
      async (name, args) => {
        const scope = globalThis as unknown as { tab?: Record<string, (...args: unknown[]) => unknown> };
        while (!scope.tab) await new Promise((resolve) => setTimeout(resolve, 10));
        return (await scope.tab[name]!(...args)) as never;
      },
      name,
      args as unknown[],
    );
}
