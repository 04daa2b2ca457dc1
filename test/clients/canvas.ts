// A learning platform in the manner of Canvas: everything in bulk, or school by school, with several tokens at once.
import { type Entity, linksAt, recordsOf, totalOf } from './read.ts'
import { bearer, type Credentials, fetchToken } from './tokens.ts'
import type { Wire } from './wire.ts'

export interface Canvas {
  /** A whole list, by as many requests under way as there are threads. */
  all(list: string, key?: string): Promise<readonly Entity[]>
}

const PAGE = 60

/** Each thread fetches a token of its own, and all of them stay good. */
export async function startCanvas(
  wire: Wire,
  options: { readonly threads?: number; readonly credentials?: Credentials } = {},
): Promise<Canvas> {
  const { threads = 5, ...asked } = options
  const tokens = await Promise.all(Array.from({ length: threads }, () => fetchToken(wire, asked)))
  const root = `${wire.publicUrl}/ims/oneroster/v1p1`

  return {
    async all(list, key = list) {
      const page = (number: number) => {
        const token = tokens[number % threads] ?? ''
        const address = `${root}/${list}?limit=${PAGE}&offset=${number * PAGE}`
        return wire.send(address, { headers: { ...bearer(token), 'accept-encoding': 'gzip, deflate' } })
      }
      const first = await page(0)
      const others = Array.from({ length: Math.ceil(totalOf(first) / PAGE) - 1 }, (_, number) => page(number + 1))
      return [first, ...(await Promise.all(others))].flatMap((answer) => recordsOf(answer, key))
    },
  }
}

export interface Fault {
  readonly record: string
  readonly says: string
}

/** What such a platform cannot live with: links to nothing, enrollments without dates, two of one person at a time. */
export function faultsOfRoster(roster: Readonly<Record<string, readonly Entity[]>>): readonly Fault[] {
  const ids = (list: string) => new Set((roster[list] ?? []).map(({ sourcedId }) => sourcedId))
  const known: Readonly<Record<string, ReadonlySet<string>>> = {
    user: ids('users'),
    class: ids('classes'),
    course: ids('courses'),
    org: ids('orgs'),
    academicSession: ids('academicSessions'),
  }
  const dangling = Object.entries(roster).flatMap(([list, records]) =>
    records.flatMap((record) =>
      ['user', 'class', 'school', 'org', 'orgs', 'course', 'terms', 'parent', 'children', 'schoolYear', 'agents']
        .flatMap((field) => (typeof record[field] === 'object' ? linksAt(record, field) : []))
        .filter(({ type, sourcedId }) => known[type]?.has(sourcedId) !== true)
        .map(({ sourcedId }) => ({ record: `${list}/${record.sourcedId}`, says: `leads to ${sourcedId}` })),
    ),
  )
  const undated = (roster.enrollments ?? [])
    .filter(({ beginDate, endDate }) => typeof beginDate !== 'string' || !(String(endDate) > beginDate))
    .map(({ sourcedId, beginDate, endDate }) => ({ record: sourcedId, says: `runs from ${beginDate} to ${endDate}` }))
  const places = Object.groupBy(roster.enrollments ?? [], (record) =>
    [record.role, ...['user', 'class'].map((field) => linksAt(record, field)[0]?.sourcedId)].join(' '),
  )
  const twice = Object.entries(places)
    .filter(([, records = []]) => {
      // One that ends before the other begins is a return.
      const stays = records.map(({ beginDate, endDate }) => [String(beginDate), String(endDate)]).sort()
      return stays.some(([, end = ''], place) => end > (stays[place + 1]?.[0] ?? end))
    })
    .map(([place]) => ({ record: place, says: 'is enrolled twice at a time' }))
  return [...dangling, ...undated, ...twice]
}
