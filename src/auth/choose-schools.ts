// Checks the schools to which a consumer is to be narrowed against those of the current snapshot.
import { type KnownSchool, knownSchools } from '../store/schools.ts'
import type { Sql } from '../store/sql.ts'

export type ChosenSchools =
  | { readonly ok: true; readonly schools: readonly string[]; readonly notes: readonly string[] }
  | { readonly ok: false; readonly messages: readonly string[] }

const SHOWN_SCHOOLS = 20

/**
 * Takes PowerSchool school numbers and sourcedIds of schools, each once, as they were written. Refuses an empty list and,
 * once there is a snapshot, every name that is no school of it.
 */
export function chooseSchools(written: readonly string[], sql: Sql): ChosenSchools {
  const schools = [...new Set(written.map((school) => school.trim()).filter((school) => school !== ''))]
  if (schools.length === 0) {
    return {
      ok: false,
      messages: ['The list of schools is empty. Name at least one, or leave it out for all schools.'],
    }
  }
  const known = knownSchools(sql)
  if (known === undefined) return { ok: true, schools, notes: [UNCHECKED] }
  const names = new Set(known.flatMap(({ sourcedId, identifier }) => [sourcedId, identifier]))
  const unknown = schools.filter((school) => !names.has(school))
  if (unknown.length === 0) return { ok: true, schools, notes: [] }
  const listed = unknown.map((school) => `\`${school.slice(0, 100)}\``).join(', ')
  return { ok: false, messages: [`The current snapshot has no school ${listed}. ${describeKnown(known)}`] }
}

const UNCHECKED =
  'There is no snapshot yet, so the schools could not be checked: a number that no school has will open nothing.'

function describeKnown(known: readonly KnownSchool[]): string {
  if (known.length === 0) return 'It has no schools at all.'
  const numbers = known.slice(0, SHOWN_SCHOOLS).map(({ sourcedId, identifier }) => identifier ?? sourcedId)
  const more = known.length - numbers.length
  return `Its schools are ${numbers.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
}
