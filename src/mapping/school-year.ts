// Chooses the current school year from the year terms (roster semantics: School year).

export interface YearTerm {
  readonly start_year: number | null | undefined
  readonly portion: number | null | undefined
  /** Days, `YYYY-MM-DD`, the last one included. */
  readonly start_date: string | null | undefined
  readonly end_date: string | null | undefined
}

/** How soon a year must begin to be chosen before it does. */
const EARLY_DAYS = 45

interface Candidate {
  readonly year: number
  first: string
  last: string
}

/**
 * The start year that contains `today` (`YYYY-MM-DD`), the later one of two; else the next one if it starts within 45 days;
 * else the one that ended last; else the next one, however far. Undefined without year terms (portion 1).
 */
export function chooseStartYear(terms: Iterable<YearTerm>, today: string): number | undefined {
  const candidates = candidatesOf(terms)
  const around = candidates.filter(({ first, last }) => first <= today && today <= last)
  if (around.length > 0) return Math.max(...around.map(({ year }) => year))
  const next = candidates
    .filter(({ first }) => first > today)
    .sort((a, b) => order(a.first, b.first) || a.year - b.year)[0]
  const past = candidates.filter(({ last }) => last < today).sort((a, b) => order(b.last, a.last) || b.year - a.year)[0]
  if (next !== undefined && (past === undefined || next.first <= addDays(today, EARLY_DAYS))) return next.year
  return past?.year
}

function candidatesOf(terms: Iterable<YearTerm>): Candidate[] {
  const byYear = new Map<number, Candidate>()
  for (const { start_year: year, portion, start_date: first, end_date: last } of terms) {
    if (portion !== 1 || typeof year !== 'number' || !first || !last) continue
    const known = byYear.get(year)
    if (known === undefined) byYear.set(year, { year, first, last })
    else {
      if (first < known.first) known.first = first
      if (last > known.last) known.last = last
    }
  }
  return [...byYear.values()]
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}
