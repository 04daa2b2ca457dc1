// The date in the district's time zone.

/** `YYYY-MM-DD` at the instant `now` (ms since 1970) in an IANA zone; an unknown or absent zone counts as UTC. */
export function todayIn(timeZone: string | undefined, now: number): string {
  try {
    return dateIn(timeZone ?? 'UTC', now)
  } catch (error) {
    if (error instanceof RangeError) return dateIn('UTC', now)
    throw error
  }
}

function dateIn(timeZone: string, now: number): string {
  // Sweden writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now)
}

/** Whether the runtime knows the zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    dateIn(timeZone, 0)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
