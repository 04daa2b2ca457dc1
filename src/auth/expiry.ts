// Reads the day or instant at which a consumer is to expire.

const DAY = /^\d{4}-\d\d-\d\d$/
const INSTANT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/
const DAY_MS = 86_400_000

/** `2027-06-30` is good through that day (UTC); an ISO 8601 instant with its zone ends at it. Undefined: neither. */
export function parseExpiry(text: string): number | undefined {
  if (DAY.test(text)) return isDay(text) ? Date.parse(text) + DAY_MS : undefined
  const day = INSTANT.exec(text)?.[1]
  const ms = Date.parse(text)
  return day !== undefined && isDay(day) && !Number.isNaN(ms) ? ms : undefined
}

/** JavaScript's own reader takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}
