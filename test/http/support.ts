// A synced bridge that all tests of a file share, and how they read its lists.
import type { Entity } from '../../fixtures/expected.ts'
import { openTestBridge, type TestBridge, type TestBridgeOptions } from '../support/bridge.ts'
import { onFileEnd } from '../support/ending.ts'
import { openTestStore } from '../support/runtime.ts'

/** As `openTestBridge`, but it lives until the file's last test. */
export async function openSharedBridge(options: TestBridgeOptions): Promise<TestBridge> {
  const sql = openTestStore()
  onFileEnd(() => sql.close())
  return openTestBridge({ sql, ...options })
}

export async function openSyncedBridge(options: TestBridgeOptions): Promise<TestBridge> {
  const bridge = await openSharedBridge(options)
  const { status } = await bridge.syncNow()
  if (status !== 'success') throw new Error(`the sync ended as ${status}`)
  return bridge
}

export interface List {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
  /** The body's keys. */
  readonly keys: readonly string[]
  /** What stands under its first key. */
  readonly records: readonly Entity[]
  readonly ids: readonly string[]
  /** X-Total-Count. */
  readonly total: number
}

type Getter = Pick<TestBridge, 'get'>

/** One answer of a list; `query` is encoded as a form encodes it. */
export async function readList(bridge: Getter, path: string, query: Readonly<Record<string, string>> = {}) {
  const written = new URLSearchParams(query).toString()
  return asList(await bridge.get(written === '' ? path : `${path}?${written}`))
}

export async function asList(answer: Response): Promise<List> {
  // The tests that use it check the shape.
  const body = (await answer.json()) as Record<string, unknown>
  const keys = Object.keys(body)
  const first = body[keys[0] ?? '']
  const records = Array.isArray(first) ? (first as Entity[]) : []
  return {
    status: answer.status,
    headers: answer.headers,
    body,
    keys,
    records,
    ids: records.map(({ sourcedId }) => sourcedId),
    total: Number(answer.headers.get('x-total-count')),
  }
}

/** Every record of a list that fits one page, as it is served. */
export async function readWhole(bridge: Getter, path: string, query: Readonly<Record<string, string>> = {}) {
  const list = await readList(bridge, path, { limit: '10000', ...query })
  if (list.status !== 200 || list.total !== list.records.length) {
    throw new Error(`${path} answered ${list.status} with ${list.records.length} of ${list.total}`)
  }
  return list.records
}

/** A request of any form, at any address below the origin, without the token unless `headers` holds one. */
export function request(bridge: TestBridge, path: string, init: RequestInit = {}): Promise<Response> {
  // A whole URL, because the app would tidy up a bare path.
  return Promise.resolve(bridge.app.request(new Request(`https://bridge.example.org${path}`, init)))
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}

export interface StatusInfoSet {
  readonly statusInfoSet: readonly Readonly<Record<string, string>>[]
}

/** The status payload of an answer, which must be a failure's whole body. */
export async function statusOf(answer: Response): Promise<Readonly<Record<string, string>>> {
  const body = (await answer.json()) as StatusInfoSet
  const [info, ...others] = body.statusInfoSet ?? []
  if (info === undefined || others.length > 0 || Object.keys(body).length !== 1) {
    throw new Error(`not a status payload: ${JSON.stringify(body)}`)
  }
  return info
}

/** The text at a field, or the sourcedId of its link. */
export function textAt(record: Entity, field: string): string | undefined {
  return textsAt(record, field)[0]
}

/** The texts of a field or a list; of links their sourcedIds, of groups the member. */
export function textsAt(record: Entity, field: string, member = 'sourcedId'): readonly string[] {
  return [record[field]].flat().flatMap((item) => {
    const value = typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[member] : item
    return typeof value === 'string' ? [value] : []
  })
}
