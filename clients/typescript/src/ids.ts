/** Names for what a client creates. They need to be its own, not secret: no cryptography is asked. */

/** A UUID of version 7: the time, then chance. */
export function newId(at: number = Date.now(), random: () => number = Math.random): string {
  const time = Math.floor(at).toString(16).padStart(12, "0").slice(-12);
  const digits = Array.from({ length: 18 }, () => Math.floor(random() * 16).toString(16)).join("");
  const variant = "89ab".charAt(Math.floor(random() * 4));
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${digits.slice(0, 3)}`,
    `${variant}${digits.slice(3, 6)}`,
    digits.slice(6),
  ].join("-");
}
