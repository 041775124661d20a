/** Addresses out of their parts. Mini-programs have no URLSearchParams. */

type Parts = Readonly<Record<string, unknown>> | undefined;

/** Fill a path's `{names}`, and add the query; what is null or undefined is left out of it. */
export function addressOf(template: string, path: Parts, query: Parts): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = path?.[name];
    if (value === undefined || value === null || value === "") throw new TypeError(`${template}: no ${name}`);
    return encodeURIComponent(String(value));
  });
  const pairs = Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? filled : `${filled}?${pairs.join("&")}`;
}
