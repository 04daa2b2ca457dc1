// What a body that changes a profile makes of what is stored of it.

/** Whose parts belong together, and are replaced as one. */
const WHOLES: ReadonlySet<string> = new Set(['mapping', 'identitySynchronizationConfiguration'])

/** RFC 7396, but for wholes. */
export function mergeBody(before: object, change: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = new Map<string, unknown>(Object.entries(before))
  for (const [name, value] of Object.entries(change)) {
    const present = merged.get(name)
    if (value === null) merged.delete(name)
    else if (isObject(value) && !WHOLES.has(name)) merged.set(name, mergeBody(isObject(present) ? present : {}, value))
    else merged.set(name, value)
  }
  return Object.fromEntries(merged)
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
