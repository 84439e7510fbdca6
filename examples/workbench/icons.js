const namespace = "http://www.w3.org/2000/svg";
const paths = {
  extend: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.6V8l2.4 1.6",
  delete: "M2.5 4.2h11M6.2 4V2.4h3.6V4M4 4.4l.7 9.2h6.6l.7-9.2M6.7 7v4M9.3 7v4",
  more: "M3.4 8h.02M8 8h.02M12.6 8h.02",
};

/** Draws one of the icons, which stands beside a name and has none itself. */
export function icon(name) {
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon", `icon-${name}`);
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}
