/**
 * Names from query parameters: `a,b` or repeated parameters, both in the given order. A name with a comma or a quote is
 * written in double quotes, as in CSV. Nothing given means null.
 */
export function splitNames(parameters: readonly string[] | undefined): readonly string[] | null {
  const names = (parameters ?? []).flatMap(splitOne).filter((name) => name !== '');
  return names.length === 0 ? null : names;
}

function splitOne(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [];
  return parts.map((part) => {
    const name = part.trim();
    const quoted = /^"((?:[^"]|"")*)"$/.exec(name)?.[1];
    return quoted === undefined ? name : quoted.replaceAll('""', '"');
  });
}
