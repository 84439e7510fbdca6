// How a page of the reference reads: what it is in a sentence, then how it is called, then an example.
import { makeRecursiveVisitor, ReflectionKind } from "typedoc";
import { MarkdownTheme, MarkdownThemeContext } from "typedoc-plugin-markdown";

const block = (code) => `\`\`\`ts\n${code}\n\`\`\``;
const inBox = (name, markdown) => `<div class="${name}">\n\n${markdown}\n\n</div>`;
const inCell = (markdown) => markdown.replace(/(?<!\\)\|/g, "\\|").replace(/\s*\n\s*/g, " ");
const join = (...parts) => parts.filter(Boolean).join("\n\n");

const generic = ({ name, type, default: preset }) =>
  name + (type ? ` extends ${type}` : "") + (preset ? ` = ${preset}` : "");

/** What a signature says in code, as one line of it or as several. */
function codeOf(model) {
  const isNew = model.parent?.kindOf(ReflectionKind.Constructor);
  const isFunction = model.parent?.kindOf(ReflectionKind.Function);
  const word = isNew ? "new " : isFunction ? "function " : "";
  const name = model.name === "__type" ? "" : word + model.name;
  const generics = model.typeParameters?.length ? `<${model.typeParameters.map(generic).join(", ")}>` : "";
  const parameters = (model.parameters ?? []).map((parameter) => {
    const { isRest, isOptional } = parameter.flags;
    const isOpen = isOptional || parameter.defaultValue !== undefined;
    const shown = parameter.name === "__namedParameters" ? "options" : parameter.name;
    return `${isRest ? "..." : ""}${shown}${isOpen ? "?" : ""}: ${parameter.type}`;
  });
  const line = `${name}${generics}(${parameters.join(", ")}): ${model.type}`;
  return line.length < 76 ? line : `${name}${generics}(\n  ${parameters.join(",\n  ")},\n): ${model.type}`;
}

/** The types that a signature names and that a page describes. */
function typesOf(model) {
  const found = new Set();
  const visitor = makeRecursiveVisitor({
    reference(type) {
      if (type.reflection) found.add(type.reflection);
    },
  });
  const parameters = [...(model.typeParameters ?? []), ...(model.parameters ?? [])];
  for (const { type, default: preset } of parameters) for (const each of [type, preset]) each?.visit(visitor);
  model.type?.visit(visitor);
  return [...found];
}

class Context extends MarkdownThemeContext {
  constructor(...given) {
    super(...given);
    this.partials = {
      ...this.partials,
      signature: (model, options) => this.signature(model, options),
      comment: (comment, options) => this.comment(comment, options),
      hierarchy: (model) => this.parents(model),
      propertiesTable: (models) => this.properties(models),
      typeDeclarationTable: (models) => this.properties(models),
    };
  }

  /** A table that a phone shows, too: what a property is called and may be, and what it is for. Examples come after it. */
  properties(models) {
    const found = this.helpers.getFlattenedDeclarations(models);
    const commentOf = (model) => model.comment ?? model.signatures?.[0]?.comment;
    const rows = found.map((model) => {
      const anchor = this.router.hasUrl(model) ? `<a id="${this.router.getAnchor(model)}"></a>` : "";
      const type = model.signatures
        ? this.partials.functionType(model.signatures)
        : this.partials.someType(this.helpers.getDeclarationType(model));
      const comment = commentOf(model);
      const preset = comment?.getTag("@defaultValue");
      const about = comment ? this.helpers.getCommentParts(comment.summary) : "";
      const ending = preset
        ? ` <span class="preset">Default: ${this.helpers.getCommentParts(preset.content)}</span>`
        : "";
      const name = `${anchor}\`${model.name}${model.flags.isOptional ? "?" : ""}\``;
      return `| ${name} <span class="type">${inCell(type)}</span> | ${inCell(about + ending)} |`;
    });
    const table = ["| Property | |", "| --- | --- |", ...rows].join("\n");
    return join(
      inBox("properties", table),
      ...found.map((model) => commentOf(model) && this.examples(commentOf(model))),
    );
  }

  /** What an interface has from others. */
  parents(model) {
    if (model.isTarget) return "";
    return `Has all of ${model.types.map((type) => this.partials.someType(type)).join(" and ")}.`;
  }

  signature(model, options) {
    const comment = options.multipleSignatures ? model.comment : (model.comment ?? model.parent?.comment);
    return join(
      comment && this.helpers.getCommentParts(comment.summary),
      !options.hideTitle && block(codeOf(model)),
      this.links(typesOf(model).filter((type) => type !== model.parent?.parent)),
      comment && this.examples(comment),
    );
  }

  /** Leads to the types that a block of code names, since a link cannot be in it. */
  links(types) {
    const found = types.filter((type) => this.router.hasUrl(type) && !type.isTypeParameter());
    if (!found.length) return "";
    return inBox("types", found.map((type) => `[${type.name}](${this.urlTo(type)})`).join(" "));
  }

  examples(comment) {
    const examples = comment.getTags("@example");
    return join(
      ...examples.flatMap(({ name, content }) => [name && `**${name}**`, this.helpers.getCommentParts(content)]),
    );
  }

  comment(comment, { showSummary = true, showTags = true, isTableColumn = false } = {}) {
    return join(
      showSummary && this.helpers.getCommentParts(comment.summary),
      showTags && !isTableColumn && this.examples(comment),
    );
  }
}

export class Theme extends MarkdownTheme {
  /** The headings that say nothing but what the next line shows are left out; what they had below them comes one level up. */
  render(page) {
    return (
      super
        .render(page)
        .replace(/^#{3,} (Properties|Methods|Constructors|Constructor|Type Declaration|Union Members)\n+/gm, "")
        .replace(/^#{3,} Overrides\n+`.*`\n+/gm, "")
        // A heading has a line of its own.
        .replace(/^\*\*\*\n+/gm, "")
        .replace(/^####(#*) /gm, "###$1 ")
    );
  }

  getRenderContext(page) {
    return new Context(this, page, this.application.options);
  }
}
