// Real places at which a list can be read: nested paths below parents that are there.
import type { TestBridge } from '../support/bridge.ts'
import { type Ask, ask } from './ask.ts'
import { isNested, OPERATIONS, type Operation } from './operations.ts'

/** Which top-level path tells the ids that a parameter of a nested path may take. */
const PARENTS: Readonly<Record<string, string>> = {
  schoolSourcedId: 'schools',
  classSourcedId: 'classes',
  termSourcedId: 'terms',
  courseSourcedId: 'courses',
  studentSourcedId: 'students',
  teacherSourcedId: 'teachers',
  userSourcedId: 'users',
  academicSessionSourcedId: 'academicSessions',
}

/** Where a list can be read: at its path, or below some real parents. */
export async function placesOf(bridge: TestBridge, operation: Operation): Promise<readonly Ask[]> {
  const parents = isNested(operation) ? await parentsOf(bridge, operation) : []
  return parents.length === 0 ? [{}] : parents.map((parameters) => ({ parameters }))
}

/** Some real parents for a nested path, a class with its own school; none where the parent is of the gradebook. */
export async function parentsOf(bridge: TestBridge, { path }: Operation): Promise<Record<string, string>[]> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  if (names.some((name) => PARENTS[name] === undefined)) return []
  const found = await Promise.all(names.map((name) => idsAt(bridge, PARENTS[name] ?? '')))
  const classes = await idsAt(bridge, 'classes')
  return [0, 1, 2, 3].map((index) =>
    Object.fromEntries(
      names.map((name, at) => {
        const ids = found[at] ?? []
        const id = ids[(index * 7) % ids.length] ?? { sourcedId: 'none' }
        const isOfClass = name === 'schoolSourcedId' && names.includes('classSourcedId')
        const ofClass = isOfClass ? classes[(index * 7) % classes.length]?.school : undefined
        return [name, ofClass ?? id.sourcedId]
      }),
    ),
  )
}

interface Named {
  readonly sourcedId: string
  readonly school?: string
}

const named = new WeakMap<TestBridge, Map<string, Promise<readonly Named[]>>>()

function idsAt(bridge: TestBridge, path: string): Promise<readonly Named[]> {
  const known = named.get(bridge) ?? new Map<string, Promise<readonly Named[]>>()
  named.set(bridge, known)
  const ids = known.get(path) ?? readIds(bridge, path)
  known.set(path, ids)
  return ids
}

async function readIds(bridge: TestBridge, path: string): Promise<readonly Named[]> {
  const list = OPERATIONS.find((one) => one.version === 'v1p1' && one.method === 'GET' && one.path === path)
  if (list === undefined) throw new Error(`${path} has no list`)
  const { rows } = await ask(bridge, list, { query: 'limit=10000' })
  return rows.map(({ sourcedId, school }) => ({
    sourcedId,
    ...(typeof school === 'object' && school !== null && 'sourcedId' in school
      ? { school: String(school.sourcedId) }
      : {}),
  }))
}
