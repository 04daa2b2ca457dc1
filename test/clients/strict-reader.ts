// A strict typed reader in the manner of Longsight's: closed vocabularies, no empty values, and paging by parsed headers.
import { addressesOf, type Entity, type Json, type Link, linksIn, recordsOf, totalOf } from './read.ts'
import { bearer } from './tokens.ts'
import type { Wire, WireAnswer } from './wire.ts'

/** Base types only: `student` for a user or `school` for an org is refused. */
const LINK_TYPES: Readonly<Record<string, string>> = {
  academicSession: 'academicSessions',
  class: 'classes',
  course: 'courses',
  org: 'orgs',
  user: 'users',
}

const VOCABULARIES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  academicSessions: { type: ['gradingPeriod', 'semester', 'schoolYear', 'term'] },
  orgs: { type: ['department', 'school', 'district', 'local', 'state', 'national'] },
  classes: { classType: ['homeroom', 'scheduled'] },
  users: {
    role: ['administrator', 'aide', 'guardian', 'parent', 'proctor', 'relative', 'student', 'teacher'],
    enabledUser: ['true', 'false'],
  },
  enrollments: { role: ['administrator', 'proctor', 'student', 'teacher'], primary: ['true', 'false'] },
  demographics: { sex: ['male', 'female'] },
}

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  academicSessions: ['title', 'startDate', 'endDate', 'type', 'schoolYear'],
  orgs: ['name', 'type'],
  courses: ['title', 'courseCode', 'org'],
  classes: ['title', 'course', 'school', 'terms'],
  users: ['username', 'enabledUser', 'givenName', 'familyName', 'role', 'orgs'],
  enrollments: ['user', 'class', 'school', 'role'],
  demographics: [],
}

export interface Page {
  readonly items: readonly Entity[]
  readonly totalCount: number
  readonly next: string | undefined
}

/** Reads a page and refuses whatever a closed model has no place for. */
export function parsePage(answer: WireAnswer, collection: string, root: string): Page {
  const items = recordsOf(answer, collection)
  const faults = items.flatMap((item) => faultsOf(item, collection, root).map((fault) => `${item.sourcedId}: ${fault}`))
  if (faults.length > 0) throw new Error(`${collection}: ${faults.slice(0, 5).join('; ')}`)
  const addresses = addressesOf(answer)
  for (const [rel, address] of addresses) {
    if (!address.startsWith(`${root}/`)) throw new Error(`${rel} leads to ${address}, not below ${root}`)
  }
  return { items, totalCount: totalOf(answer), next: addresses.get('next') }
}

function faultsOf(item: Entity, collection: string, root: string): string[] {
  const vocabulary = Object.entries(VOCABULARIES[collection] ?? {})
  return [
    ...['sourcedId', 'status', 'dateLastModified', ...(NEEDED[collection] ?? [])]
      .filter((field) => item[field] === undefined)
      .map((field) => `no ${field}`),
    ...vocabulary
      .filter(([field, tokens]) => item[field] !== undefined && !tokens.includes(String(item[field])))
      .map(([field]) => `${field} is ${item[field]}`),
    ...emptyIn(item),
    ...linksIn(item)
      .filter((link) => !isExact(link, root))
      .map((link) => `a link is ${JSON.stringify(link)}`),
  ]
}

/** Absolute, to the record itself, below the same service. */
function isExact({ href, sourcedId, type }: Link, root: string): boolean {
  return href === `${root}/${LINK_TYPES[type]}/${encodeURIComponent(sourcedId)}`
}

/** Members that should have been left out: null, empty text, empty text in a list, and native booleans. */
function emptyIn(value: Json, path = ''): string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const place = `${path}${name}`
    if (member === null || member === '' || typeof member === 'boolean')
      return [`${place} is ${JSON.stringify(member)}`]
    return typeof member === 'object' ? emptyIn(member as Json, `${place}.`) : []
  })
}

/** Walks a list by `next` as long as there is one; the pages must add up to the total. */
export async function readByLinks(
  wire: Wire,
  { token, root, path }: { readonly token: string; readonly root: string; readonly path: string },
): Promise<readonly Entity[]> {
  const [collection = ''] = path.split('?')
  const items: Entity[] = []
  for (let next: string | undefined = `${root}/${path}`; next !== undefined; ) {
    const page = parsePage(await wire.send(next, { headers: bearer(token) }), collection, root)
    items.push(...page.items)
    if (page.next === undefined && items.length !== page.totalCount) {
      throw new Error(`${path} ends after ${items.length} of ${page.totalCount}`)
    }
    next = page.next
  }
  return items
}
