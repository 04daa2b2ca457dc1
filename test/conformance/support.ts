// A bridge whose district has everything, and how the tests ask it for an operation and judge the answer.
import { expect } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { deleteRow, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { bearer, openSharedBridge, request } from '../http/support.ts'
import { ADMIN_TOKEN, PUBLIC_URL, type TestBridge } from '../support/bridge.ts'
import { type Entity, PLURALS } from './entities.ts'
import { baseOf, isNested, OPERATIONS, type Operation } from './operations.ts'
import { createRichMapping } from './rich-mapping.ts'
import { validateAnswer } from './validate.ts'

export const NOBODY = 'nobody-has-this-id'

export const READS = OPERATIONS.filter(({ method }) => method === 'GET')
export const LISTS = READS.filter(({ answers }) => answers === 'list')
export const SINGLES = READS.filter(({ answers }) => answers === 'single')
export const NESTED = LISTS.filter(isNested)
/** Lists that answer 200: all but those of 1.2 below what the gradebook does not hold yet. */
export const READABLE = LISTS.filter(({ version, path }) => version === 'v1p1' || !path.includes('{lineItemSourcedId}'))
export const WRITES = OPERATIONS.filter(({ method }) => method !== 'GET')

export type Row = Readonly<Record<string, unknown>> & { readonly sourcedId: string }

export interface Judged {
  /** Method and path. */
  readonly request: string
  readonly status: number
  readonly headers: Headers
  /** The parsed body; undefined when it is empty or no JSON, which `faults` tells. */
  readonly body: unknown
  readonly rows: readonly Row[]
  /** Of the answer, each with the request before it. */
  readonly faults: readonly string[]
}

export interface Ask {
  readonly query?: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly method?: string
  /** A token of all the consumer's scopes unless told; null for none. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly nativeBooleans?: boolean
  /** The public address, when it is not the tests' usual one. */
  readonly publicUrl?: string
}

/** A synced district of which something has left since, so that there are tombstones. */
export async function openRichBridge(settings: Readonly<Record<string, string>> = {}): Promise<TestBridge> {
  const district = createDistrict({ students: 60, seed: 5, today: '2026-11-18', perStudentEnrollments: 4 })
  const bridge = await openSharedBridge({ district, mapping: createRichMapping(), settings })
  await syncWell(bridge)
  const gone = district.db.prepare('select dcid from students where enroll_status = 0 order by dcid limit 2').all()
  for (const { dcid } of gone) transferStudent(district, Number(dcid), null)
  const taken = 'select max(n.dcid) as dcid from sections n join cc on cc.sectionid = n.id where cc.dateleft > ?'
  const section = district.db.prepare(taken).get(district.today)
  deleteRow(district, 'sections', Number(section?.dcid))
  bridge.clock.now += 3_600_000
  await syncWell(bridge)
  bridge.clock.now += 60_000
  return bridge
}

async function syncWell(bridge: TestBridge): Promise<void> {
  const { status } = await bridge.syncNow()
  if (status !== 'success') throw new Error(`the sync ended as ${status}`)
}

/** Asks an operation; its path's parameters are all somebody's that nobody is unless told. */
export async function ask(bridge: TestBridge, operation: Operation, how: Ask = {}): Promise<Judged> {
  const { query = '', parameters = {}, method = operation.method, headers = {} } = how
  const below = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? NOBODY),
  )
  const path = `${baseOf(operation)}/${below}${query === '' ? '' : `?${query}`}`
  const token = how.token === undefined ? await tokenOf(bridge) : how.token
  const sent = { ...(token === null ? {} : bearer(token)), ...headers }
  const writes = method === 'PUT' || method === 'POST'
  const answer = await request(bridge, path, {
    method,
    headers: writes ? { 'content-type': 'application/json', ...sent } : sent,
    ...(writes ? { body: JSON.stringify({ [operation.entity]: { title: 'x' } }) } : {}),
  })
  const body = await textOf(answer)
  const { status } = answer
  const faults = validateAnswer(
    operation,
    { status, headers: answer.headers, body },
    { method, publicUrl: how.publicUrl ?? PUBLIC_URL, path, nativeBooleans: how.nativeBooleans ?? false },
  )
  const parsed = parse(body)
  return {
    request: `${method} ${path}`,
    status,
    headers: answer.headers,
    body: parsed,
    rows: rowsOf(parsed, operation.key),
    faults: faults.map((fault) => `${method} ${path} → ${status}: ${fault}`),
  }
}

async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get('content-encoding') !== 'gzip' || answer.body === null) return answer.text()
  return new Response(answer.body.pipeThrough(new DecompressionStream('gzip'))).text()
}

/** Asks for each of these, expects answers that conform, with the status that is due, and gives them back. */
export async function expectAnswers(
  bridge: TestBridge,
  operation: Operation,
  ...asks: readonly (Ask & { readonly due: number })[]
): Promise<readonly Judged[]> {
  const answers: Judged[] = []
  const faults: string[] = []
  for (const { due, ...how } of asks) {
    const judged = await ask(bridge, operation, how)
    answers.push(judged)
    faults.push(...judged.faults)
    if (judged.status !== due) faults.push(`${judged.request} → ${judged.status}, where ${due} is due`)
  }
  expectConform(faults)
  return answers
}

/** Fails with the first of the faults in its message. */
export function expectConform(faults: readonly string[]): void {
  expect(faults, faults.slice(0, 8).join('\n')).toEqual([])
}

const tokens = new WeakMap<TestBridge, Map<string, Promise<string>>>()

/** One token for each choice of scopes; of all that the consumer holds unless told. */
export function tokenOf(bridge: TestBridge, scope?: string): Promise<string> {
  const known = tokens.get(bridge) ?? new Map<string, Promise<string>>()
  tokens.set(bridge, known)
  const token = known.get(scope ?? '') ?? bridge.token(scope)
  known.set(scope ?? '', token)
  return token
}

/** The error's code in either version. */
export function minorOf(body: unknown): unknown {
  // Tests lay it beside a text; whatever else it is, it is not that text.
  const { statusInfoSet, imsx_CodeMinor } = (body ?? {}) as {
    readonly statusInfoSet?: readonly { readonly imsx_codeMinor?: unknown }[]
    readonly imsx_CodeMinor?: {
      readonly imsx_codeMinorField?: readonly { readonly imsx_codeMinorFieldValue?: unknown }[]
    }
  }
  return statusInfoSet?.[0]?.imsx_codeMinor ?? imsx_CodeMinor?.imsx_codeMinorField?.[0]?.imsx_codeMinorFieldValue
}

/** Which top-level path tells the ids that a parameter of a nested path may take. */
const PARENTS: Readonly<Record<string, { readonly path: string; readonly entity: Entity }>> = {
  schoolSourcedId: { path: 'schools', entity: 'org' },
  classSourcedId: { path: 'classes', entity: 'class' },
  termSourcedId: { path: 'terms', entity: 'academicSession' },
  courseSourcedId: { path: 'courses', entity: 'course' },
  studentSourcedId: { path: 'students', entity: 'user' },
  teacherSourcedId: { path: 'teachers', entity: 'user' },
  userSourcedId: { path: 'users', entity: 'user' },
  academicSessionSourcedId: { path: 'academicSessions', entity: 'academicSession' },
}

/** Gradebook and resources are empty until they get their sources. */
export function hasRecords({ service }: Operation): boolean {
  return service === 'rostering'
}

/** Where a list can be read: at its path, or below some real parents. */
export async function placesOf(bridge: TestBridge, operation: Operation): Promise<readonly Ask[]> {
  const parents = isNested(operation) ? await parentsOf(bridge, operation) : []
  return parents.length === 0 ? [{}] : parents.map((parameters) => ({ parameters }))
}

/** Adds a consumer by the admin API and answers a token of all its scopes. */
export async function addConsumer(bridge: TestBridge, wanted: Readonly<Record<string, unknown>>): Promise<string> {
  const added = await request(bridge, '/admin/consumers', {
    method: 'POST',
    headers: { ...bearer(ADMIN_TOKEN), 'content-type': 'application/json' },
    body: JSON.stringify(wanted),
  })
  const told = await added.text()
  if (added.status !== 201) throw new Error(`POST /admin/consumers answered ${added.status}: ${told}`)
  const { id, secret } = JSON.parse(told) as { readonly id: string; readonly secret: string }
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret })
  const answer = await request(bridge, '/oauth/token', { method: 'POST', body })
  // The token endpoint's own tests check its answers.
  return ((await answer.json()) as { readonly access_token: string }).access_token
}

/** Some real parents for a nested path, a class with its own school; none where the parent is of the gradebook. */
export async function parentsOf(bridge: TestBridge, { path }: Operation): Promise<Record<string, string>[]> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  if (names.some((name) => PARENTS[name] === undefined)) return []
  const found = await Promise.all(names.map((name) => idsAt(bridge, PARENTS[name]?.path ?? '')))
  const classes = await idsAt(bridge, 'classes')
  return [0, 1, 2, 3].map((index) =>
    Object.fromEntries(
      names.map((name, at) => {
        const ids = found[at] ?? []
        const id = ids[(index * 7) % ids.length] ?? { sourcedId: NOBODY }
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
  const answer = await bridge.get(`/${path}?limit=10000`)
  const body = parse(await answer.text())
  const key = Object.values(PARENTS).find((parent) => parent.path === path)?.entity ?? 'org'
  return rowsOf(body, PLURALS[key]).map((row) => {
    const school = row.school as Named | undefined
    return { sourcedId: row.sourcedId, ...(school === undefined ? {} : { school: school.sourcedId }) }
  })
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function rowsOf(body: unknown, key: string): readonly Row[] {
  const value = (body as Readonly<Record<string, unknown>> | undefined)?.[key]
  // What is no row fails its schema, and is told in the faults.
  return [value ?? []].flat() as Row[]
}
