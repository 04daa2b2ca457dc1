// A short name for a long text: no secret, and no proof against forgery.

/** Two 32-bit FNV-1a sums with different starts, in base 36: no secret, only short. */
export function shortDigest(text: string): string {
  let left = 0x811c9dc5
  let right = 0x01000193
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    left = Math.imul(left ^ unit, 0x01000193)
    right = Math.imul(right ^ unit, 0x85ebca6b)
  }
  return `${(left >>> 0).toString(36)}${(right >>> 0).toString(36)}`
}
