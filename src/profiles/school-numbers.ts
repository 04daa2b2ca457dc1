// Whether PowerSchool has the schools that a profile names.
import { BridgeError } from '../errors.ts'
import type { PowerSchoolClient } from '../powerschool/client.ts'
import { rowsOf } from '../powerschool/rows.ts'

const PATH = '/ws/v1/district/school'
const SHOWN = 20
/** Far more than a district has. */
const MOST_PAGES = 200

/**
 * What to tell a person of numbers that no school has; undefined when all are there, or when the plugin may not read the list
 * by `/ws/v1` (the first sync finds it then). Other failures are thrown.
 */
export async function unknownSchools(
  client: PowerSchoolClient,
  wanted: readonly number[] | undefined,
): Promise<{ readonly message: string; readonly remedy: string } | undefined> {
  if (wanted === undefined) return undefined
  const known = await readNumbers(client)
  const unknown = wanted.filter((number) => known?.has(number) === false)
  if (known === undefined || unknown.length === 0) return undefined
  const shown = [...known].sort((a, b) => a - b).slice(0, SHOWN)
  const more = known.size - shown.length
  return {
    message: `PowerSchool has no school of the number ${unknown.join(', ')}.`,
    remedy: `Correct dataProvider.schoolsIds. The schools have the numbers ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
  }
}

async function readNumbers(client: PowerSchoolClient): Promise<ReadonlySet<number> | undefined> {
  const numbers = new Set<number>()
  try {
    // A page that brings nothing new is the last, whatever its size: some servers repeat it.
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const query = { page: String(page) }
      const rows = await client.get(PATH, { query, read: (body) => rowsOf(body, 'schools.school', PATH) })
      const before = numbers.size
      for (const { school_number } of rows) numbers.add(Number(school_number))
      if (numbers.size === before) break
    }
    return numbers
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'powerschool-rights') return undefined
    throw error
  }
}
