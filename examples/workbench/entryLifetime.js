import { argumentOf } from "./field.js";
import { createLifetime } from "./lifetime.js";
import { showError } from "./messages.js";

/** The form in which an entry gets another lifetime. `prolong` is called with it, and what it rejects with is shown. */
export function createEntryLifetime(prolong) {
  const form = document.querySelector("#entry-extend");
  const lifetime = createLifetime(form, { deadline: true });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    lifetime.setProblem("");
    try {
      await prolong(lifetime);
    } catch (error) {
      if (argumentOf(error) === "ttl") lifetime.setProblem(error.message);
      else showError(error);
    }
  });

  return {
    /** Chooses what prolongs the life of an entry. */
    show({ expiresAt }) {
      lifetime.preset(expiresAt - Date.now());
      lifetime.compare(expiresAt);
    },
    tick: ({ expiresAt }) => lifetime.compare(expiresAt),
    focus: lifetime.focus,
  };
}
