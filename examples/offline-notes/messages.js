const message = document.querySelector("#message");
const button = document.querySelector("#act");

/** Says what has happened, and offers what can be done about it. */
export function say(text, label, act) {
  message.hidden = false;
  message.querySelector("span").textContent = text;
  button.hidden = !act;
  button.textContent = label;
  button.onclick = () => {
    hush();
    void attempt(act);
  };
}

/** Says no more. */
export function hush() {
  message.hidden = true;
}

/** Does something, and says why if it fails. */
export async function attempt(work) {
  try {
    await work();
  } catch (error) {
    say(error.message);
  }
}

document.querySelector("#dismiss").addEventListener("click", hush);
// Whoever writes has seen it.
addEventListener("input", hush);
