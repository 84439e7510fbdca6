/** Loads a classic script into this page. */
export function loadScript(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src });
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => reject(new Error(`Cannot load ${src}`)));
    document.head.append(script);
  });
}
