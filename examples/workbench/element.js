/** Makes an element of the page. */
export const element = (name, properties) => Object.assign(document.createElement(name), properties);
